"""Recharges that are paid by bank transfer: withdrawing one, and waiting for one in vain."""

from datetime import date, datetime, timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, Q, QuerySet, Value
from django.utils import timezone

from billing.payments import selectors as payments_selectors
from billing.payments.models import Attempt
from billing.payments.providers.base import Answer, Outcome
from billing.payments.reasons import Reason
from billing.recharge import telling
from billing.recharge.models import Recharge
from billing.recharge.settlement import conclude
from portal.notices.codes import Stage
from portal.transactions import unit_of_work


class NotWithdrawable(Exception):
    """The recharge is not a bank transfer that is still waited for, or some of its money has come."""


def awaited() -> QuerySet[Attempt]:
    """The bank transfers that are waited for, the oldest first."""
    return Attempt.objects.unresolved().filter(provider="bank").order_by("pk")


@unit_of_work
def withdraw(*, recharge: Recharge, actor_id: int, now: datetime) -> Recharge:
    """Take a purchase back whose money has not come: another one can start. Raises `NotWithdrawable`.

    Should the money come all the same, staff find it beside this recharge and decide what becomes of it.
    """
    attempt = _untouched(recharge)
    if attempt is None:
        raise NotWithdrawable
    answer = Answer(Outcome.DECLINED, reason=Reason.WITHDRAWN)
    return conclude(recharge=recharge, attempt=attempt, answer=answer, now=now, actor_id=actor_id)


def to_expire(now: datetime) -> QuerySet[Recharge]:
    """The recharges whose bank transfer was waited for long enough; one that has come in part waits for a person."""
    late = awaited().filter(expires_on__lt=_today(now), received_cents=0).order_by().values("payment_id")
    return Recharge.objects.waiting().filter(payment_id__in=late).order_by("pk")


def stuck(now: datetime) -> QuerySet[Attempt]:
    """The bank transfers that came only in part, and whose rest has not followed for as many days as the policy says, or
    whose time is over."""
    days = payments_selectors.part_days_of_policy(now)
    waits = ExpressionWrapper(days * Value(timedelta(days=1)), DurationField())
    last = ExpressionWrapper(Value(now, DateTimeField()) - waits, DateTimeField())
    return awaited().filter(Q(expires_on__lt=_today(now)) | Q(received_at__lte=last), received_cents__gt=0)


@unit_of_work
def expire(*, recharge: Recharge, now: datetime) -> None:
    """Stop waiting for a bank transfer, unless something came in the meantime."""
    attempt = _untouched(recharge)
    if attempt is None or attempt.expires_on is None or attempt.expires_on >= _today(now):
        return
    answer = Answer(Outcome.DECLINED, reason=Reason.EXPIRED)
    expired = conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)
    telling.of_transfer(expired, attempt, Stage.EXPIRED, now)


def _untouched(recharge: Recharge) -> Attempt | None:
    """The try of a bank transfer of which nothing has come yet; the recharge's row is taken, as by whoever books a line."""
    Recharge.objects.select_for_update(of=("self",)).get(pk=recharge.pk)
    return awaited().filter(payment_id=recharge.payment_id, received_cents=0).first()


def _today(now: datetime) -> date:
    return now.astimezone(timezone.get_default_timezone()).date()
