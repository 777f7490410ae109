"""What becomes of methods with time: mandates are checked and end, cards expire and are warned of before."""

import calendar
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from billing.payments.methods import note_mandate
from billing.payments.models import Mandate, PaymentMethod
from billing.payments.providers import provider
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

STAGES: Final = (30, 7, 1)
"""Days before a card expires at which its people are told, the longest first."""
MONTHS_UNUSED: Final = 36


def text() -> str:
    """What somebody agrees to who lets their bank account be debited, in the active language (SEPA Core mandate)."""
    return _(
        "By agreeing you authorise %(seller)s to send instructions to your bank to debit your account, and your bank "
        "to debit it as instructed. You may ask your bank for a refund within eight weeks of a debit. "
        "You are told of each debit by e-mail, and may revoke this mandate here at any time."
    ) % {"seller": settings.SELLER["name"]}


def pending() -> QuerySet[Mandate]:
    """The mandates that a bank is still checking."""
    return Mandate.objects.filter(state=Mandate.State.PENDING, method__removed_at=None).select_related("method")


def check(*, mandate: Mandate, now: datetime) -> bool:
    """Ask the provider how a mandate stands, outside any transaction, and note it; False when nobody answered."""
    state = provider(mandate.method.provider).mandate(mandate.method.token)
    if state is not None:
        note_mandate(mandate=mandate, state=state, actor_id=None, now=now)
    return state is not None


def named(*, provider: str, name: str) -> Mandate | None:
    """The mandate that the provider calls `name`: the last part of the token by which its account is debited."""
    mine = Mandate.objects.filter(method__provider=provider, method__token__endswith=f"/{name}")
    return mine.select_related("method").first() if name else None


def unused(now: datetime) -> QuerySet[Mandate]:
    """The mandates by which nothing was debited for 36 months: they have lapsed (SEPA Core Rulebook 4.1)."""
    year, month = divmod(now.year * 12 + now.month - 1 - MONTHS_UNUSED, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    limit = now.replace(year=year, month=month + 1, day=min(now.day, last_day))
    valid = Mandate.objects.filter(state=Mandate.State.VALID).select_related("method")
    return valid.alias(last=Coalesce("used_at", "accepted_at")).filter(last__lt=limit)


def expire(*, mandate: Mandate, now: datetime) -> None:
    """Note that a mandate has lapsed."""
    note_mandate(mandate=mandate, state=Mandate.State.EXPIRED, actor_id=None, now=now)


def cards_to_warn_of(now: datetime) -> list[tuple[PaymentMethod, int]]:
    """The cards that expire within a stage of which nobody was told yet, and that stage."""
    found, today = [], now.date()
    soon = PaymentMethod.objects.kept().filter(expires_on__range=(today, today + timedelta(days=STAGES[0])))
    for method in soon.select_related("account").order_by("expires_on", "pk"):
        left = (method.expires_on - today).days if method.expires_on else STAGES[0] + 1
        stage = min((days for days in STAGES if left <= days), default=None)
        if stage is not None and (method.warned_days is None or stage < method.warned_days):
            found.append((method, stage))
    return found


@unit_of_work
def warn(*, due: tuple[PaymentMethod, int], now: datetime) -> None:
    """Tell the people who pay that a card expires, once for each stage."""
    method, stage = due
    untold = PaymentMethod.objects.kept().filter(pk=method.pk).filter(Q(warned_days=None) | Q(warned_days__gt=stage))
    if untold.order_by().update(warned_days=stage) and method.expires_on:
        notices.announce(
            account=method.account,
            kind=Kind.CARD_EXPIRING,
            subject=f"payment_method:{method.public_id}",
            context={"label": method.label, "expires_on": method.expires_on.isoformat()},
            reference=f"payment_method:{method.public_id}:{stage}",
            now=now,
        )
