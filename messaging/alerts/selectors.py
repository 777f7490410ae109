"""Questions about alerts and their notices."""

from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from messaging.alerts.models import BalanceAlert, Notice
from portal.accounts.models import Account

SWEEP: Final = 200
"""How many notices one sweep takes on."""


def alerts(account: Account) -> QuerySet[BalanceAlert]:
    """The account's alerts, the highest threshold first."""
    return BalanceAlert.objects.kept().filter(account=account).order_by("-threshold_units", "pk")


def notices(account: Account) -> QuerySet[Notice]:
    """The notices of the account's alerts, deleted alerts included, newest first."""
    return Notice.objects.filter(alert__account=account).select_related("alert", "message").order_by("-pk")


def alerts_due(wallet_id: int | None = None) -> list[int]:
    """The primary keys of the alerts that are to fire or to clear: of one wallet and those that draw on it, or of all."""
    due: list[int] = []
    for alerts in (BalanceAlert.objects.to_fire(), BalanceAlert.objects.to_clear()):
        mine = (
            alerts
            if wallet_id is None
            else alerts.filter(Q(account__wallet=wallet_id) | Q(account__wallet__draws_on=wallet_id))
        )
        due += mine.order_by("pk").values_list("pk", flat=True)
    return due


def notices_due(now: datetime) -> list[int]:
    """The primary keys of the notices to be sent now, text messages first: they wait for no mail server."""
    return list(
        Notice.objects.due(now).order_by("-channel", "next_attempt_at", "pk").values_list("pk", flat=True)[:SWEEP]
    )


def notices_unresolved() -> list[int]:
    """The primary keys of the notices whose text message has news that has not been acted upon."""
    return list(Notice.objects.unresolved().order_by("pk").values_list("pk", flat=True)[:SWEEP])


def undelivered(since: datetime) -> QuerySet[Notice]:
    """All accounts' notices since then that did not arrive in spite of every attempt, for the operator's desk."""
    return Notice.objects.failed().filter(created_at__gte=since).select_related("alert__account").order_by("-pk")


def oldest_waiting(now: datetime) -> datetime | None:
    """Since when the longest waiting notice has been due at `now`; None when none is."""
    return Notice.objects.due(now).values_list("next_attempt_at", flat=True).first()
