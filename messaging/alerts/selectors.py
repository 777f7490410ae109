"""Questions about alerts and their notices."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, Q, QuerySet

from messaging.alerts.models import BalanceAlert, Notice
from portal import attempts
from portal.accounts.models import Account

SWEEP: Final = 200
"""How many notices one sweep takes on."""


def alerts(account: Account) -> QuerySet[BalanceAlert]:
    """The account's alerts, the highest threshold first, and those that look ahead last."""
    order = (F("threshold_units").desc(nulls_last=True), "-threshold_days", "pk")
    return BalanceAlert.objects.kept().filter(account=account).order_by(*order)


def notices(account: Account) -> QuerySet[Notice]:
    """The notices of the account's alerts, deleted alerts included, newest first."""
    return Notice.objects.filter(alert__account=account).select_related("alert", "message").order_by("-pk")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a runway alert at `days` is told: whether that is too short, and until when the credits last."""

    days: int | None
    is_short: bool | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """An alert that is to fire or to clear, and the units that its account can spend; of a runway alert the outlook."""

    alert_id: int
    available_units: int
    outlook: Outlook | None = None


def crossings(*, wallet_id: int | None = None, alert_id: int | None = None) -> list[Crossing]:
    """The alerts that are to fire (product 5.2) or to clear: of one wallet and those that draw on it, one alert, or all.

    What is to fire is found by the wallets that are low, what is to clear by the alerts that have fired: neither
    question looks at all wallets.
    """
    alerts = BalanceAlert.objects.live()
    if alert_id is not None:
        alerts = alerts.filter(pk=alert_id)
    threshold = F("threshold_units")
    found: list[tuple[int, int]] = []
    for path, spends_there in (("", Q(account__wallet__draws_on=None)), ("draws_on__", Q())):
        is_mine = spends_there if wallet_id is None else spends_there & Q(**{f"account__wallet__{path}pk": wallet_id})
        pot = f"account__wallet__{path}ledger_account__"
        low = Q(**{f"{pot}is_low": True, f"{pot}available__lte": threshold}, armed=True)
        recovered = Q(**{f"{pot}available__gt": threshold}, armed=False)
        for crossed in (low, recovered):
            found += alerts.filter(is_mine, crossed).order_by("pk").values_list("pk", f"{pot}available")
    return [Crossing(*row) for row in found]


def notices_due(now: datetime) -> list[int]:
    """The primary keys of the notices to be sent now, text messages first: they wait for no mail server."""
    return list(
        Notice.objects.filter(attempts.due(now))
        .order_by("-channel", "next_attempt_at", "pk")
        .values_list("pk", flat=True)[:SWEEP]
    )


def notices_unresolved() -> list[int]:
    """The primary keys of the notices whose text message has news that has not been acted upon."""
    return list(Notice.objects.unresolved().order_by("pk").values_list("pk", flat=True)[:SWEEP])


def undelivered(since: datetime) -> QuerySet[Notice]:
    """All accounts' notices since then that did not arrive in spite of every attempt, for the operator's desk."""
    return Notice.objects.failed().filter(created_at__gte=since).select_related("alert__account").order_by("-pk")


def oldest_waiting(now: datetime) -> datetime | None:
    """Since when the longest waiting notice has been due at `now`; None when none is."""
    return Notice.objects.filter(attempts.due(now)).values_list("next_attempt_at", flat=True).first()


def accounts_ahead(now: datetime) -> list[int]:
    """The primary keys of the accounts with a runway alert that is to be looked at now, the longest waiting first."""
    due = BalanceAlert.objects.live().ahead().filter(next_look_at__lte=now).order_by("next_look_at", "pk")
    return list(dict.fromkeys(due.values_list("account", flat=True)[:SWEEP]))
