"""Questions about alerts and their notices."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import F, QuerySet

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
class Crossing:
    """An alert that fires or clears, and the units that its account can spend; of a runway alert its days and their end."""

    alert_id: int
    account_id: int
    available_units: int
    fires: bool
    days: int | None = None
    ends_at: datetime | None = None


# Those who spend their own credits and those who draw on another's: with an OR between them no index would be used.
_LIVE: Final = """
    WITH alert AS NOT MATERIALIZED (
        SELECT alert.* FROM alerts_balancealert alert JOIN accounts_account account ON account.id = alert.account_id
         WHERE alert.removed_at IS NULL AND (alert.email_on OR alert.sms_on) AND account.deactivated_at IS NULL
           AND (%(alert)s::bigint IS NULL OR alert.id = %(alert)s)
    ), payer AS NOT MATERIALIZED (
        SELECT wallet.id, wallet.draws_on_id, pot.owner_id, pot.available, pot.is_low
          FROM credits_wallet wallet JOIN ledger_account pot ON pot.id = wallet.ledger_account_id
         WHERE pot.code = 'wallet' AND (%(wallet)s::bigint IS NULL OR wallet.id = %(wallet)s)
    )
"""
_FALLEN: Final = """
    SELECT alert.id, alert.account_id, payer.available, true
      FROM payer
      JOIN alert ON alert.account_id = payer.owner_id AND payer.draws_on_id IS NULL
     WHERE payer.is_low AND alert.armed AND alert.threshold_units >= payer.available
     UNION ALL
    SELECT alert.id, alert.account_id, payer.available, true
      FROM payer
      JOIN credits_wallet spender ON spender.draws_on_id = payer.id
      JOIN alert ON alert.account_id = spender.account_id
     WHERE payer.is_low AND alert.armed AND alert.threshold_units >= payer.available
"""
_RECOVERED: Final = """
    SELECT alert.id, alert.account_id, payer.available, false
      FROM payer
      JOIN alert ON alert.account_id = payer.owner_id AND payer.draws_on_id IS NULL
     WHERE NOT alert.armed AND alert.threshold_units < payer.available
     UNION ALL
    SELECT alert.id, alert.account_id, payer.available, false
      FROM payer
      JOIN credits_wallet spender ON spender.draws_on_id = payer.id
      JOIN alert ON alert.account_id = spender.account_id
     WHERE NOT alert.armed AND alert.threshold_units < payer.available
"""


def fallen(*, wallet_id: int | None = None, alert_id: int | None = None) -> list[Crossing]:
    """The armed alerts that are to fire (product 5.2): of one wallet and those that draw on it, one alert, or all.

    They are found by the wallets that are low, however many there are.
    """
    return _crossed(_LIVE + _FALLEN, wallet_id, alert_id)


def recovered(*, wallet_id: int | None = None, alert_id: int | None = None) -> list[Crossing]:
    """The fired alerts that are to clear, likewise; found by the alerts that have fired."""
    return _crossed(_LIVE + _RECOVERED, wallet_id, alert_id)


def crossings(*, wallet_id: int | None = None, alert_id: int | None = None) -> list[Crossing]:
    """What is to fire and what is to clear, of one wallet and those that draw on it, one alert, or all."""
    return [
        *fallen(wallet_id=wallet_id, alert_id=alert_id),
        *recovered(wallet_id=wallet_id, alert_id=alert_id),
    ]


def _crossed(query: str, wallet_id: int | None, alert_id: int | None) -> list[Crossing]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"wallet": wallet_id, "alert": alert_id})
        return [Crossing(*row) for row in cursor.fetchall()]


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
