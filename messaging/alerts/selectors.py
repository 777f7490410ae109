"""Questions about alerts and their notices."""

from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import F, Min, QuerySet

from billing.credits.models import Wallet
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


class Crossing(NamedTuple):
    """An alert that fires or clears, and the units that its account can spend; of a runway alert its days and their end."""

    alert_id: int
    account_id: int
    available_units: int
    fires: bool
    days: int | None = None
    ends_at: datetime | None = None


# Whoever spends their own credits is found by the pot they own, without a look at their wallet; the few who draw on
# another's wallet begin at their own. With an OR between the two no index would be used.
_CROSSED: Final = """
    SELECT alert.id, alert.account_id, pot.available, {fires}
      FROM ledger_account pot
      JOIN alerts_balancealert alert ON alert.account_id = pot.owner_id
     WHERE {crossed} AND {live} AND NOT EXISTS (
               SELECT FROM credits_wallet drawer
                WHERE drawer.account_id = pot.owner_id AND drawer.draws_on_id IS NOT NULL)
       AND (%(wallet)s::bigint IS NULL
            OR pot.id = (SELECT ledger_account_id FROM credits_wallet WHERE id = %(wallet)s))
     UNION ALL
    SELECT alert.id, alert.account_id, pot.available, {fires}
      FROM credits_wallet drawer
      JOIN credits_wallet payer ON payer.id = drawer.draws_on_id
      JOIN ledger_account pot ON pot.id = payer.ledger_account_id
      JOIN alerts_balancealert alert ON alert.account_id = drawer.account_id
     WHERE {crossed} AND {live} AND drawer.draws_on_id IS NOT NULL
       AND (%(wallet)s::bigint IS NULL OR payer.id = %(wallet)s)
"""
_LIVE: Final = """
    pot.code = 'wallet' AND alert.removed_at IS NULL AND (alert.email_on OR alert.sms_on)
    AND (%(alert)s::bigint IS NULL OR alert.id = %(alert)s)
    AND NOT EXISTS (SELECT FROM accounts_account gone WHERE gone.id = alert.account_id AND gone.deactivated_at IS NOT NULL)
    AND NOT EXISTS (SELECT FROM accounts_account gone JOIN accounts_account below ON below.parent_id = gone.id
                     WHERE below.id = alert.account_id AND gone.deactivated_at IS NOT NULL)
"""
_FALLEN: Final = _CROSSED.format(
    fires="true", crossed="pot.is_low AND alert.armed AND alert.threshold_units >= pot.available", live=_LIVE
)
_RECOVERED: Final = _CROSSED.format(
    fires="false", crossed="pot.is_high AND NOT alert.armed AND alert.threshold_units < pot.available", live=_LIVE
)


def fallen(*, wallet_id: int | None = None, alert_id: int | None = None) -> list[Crossing]:
    """The armed alerts that are to fire (product 5.2): of one wallet and those that draw on it, one alert, or all.

    They are found by the wallets that are low, however many there are.
    """
    return _crossed(_FALLEN, wallet_id, alert_id)


def recovered(*, wallet_id: int | None = None, alert_id: int | None = None) -> list[Crossing]:
    """The fired alerts that are to clear, likewise; found by the wallets that are high."""
    return _crossed(_RECOVERED, wallet_id, alert_id)


def crossings(*, wallet_id: int | None = None, alert_id: int | None = None) -> list[Crossing]:
    """What is to fire and what is to clear, of one wallet and those that draw on it, one alert, or all.

    Of one wallet its marks are read first: most bells are of a wallet that passed none, and to plan the long questions
    costs ten times the answer.
    """
    is_low, is_high = (True, True) if wallet_id is None else _passed(wallet_id)
    return [
        *(fallen(wallet_id=wallet_id, alert_id=alert_id) if is_low else ()),
        *(recovered(wallet_id=wallet_id, alert_id=alert_id) if is_high else ()),
    ]


def _passed(wallet_id: int) -> tuple[bool | None, bool | None]:
    marks = Wallet.objects.filter(pk=wallet_id).values_list("ledger_account__is_low", "ledger_account__is_high")
    return marks.first() or (False, False)


def _crossed(query: str, wallet_id: int | None, alert_id: int | None) -> list[Crossing]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"wallet": wallet_id, "alert": alert_id})
        return [Crossing(*row) for row in cursor.fetchall()]


def notices_due(now: datetime) -> list[int]:
    """The primary keys of the notices to be sent now, text messages first: they wait for no mail server."""
    return list(
        Notice.objects.in_turn()
        .filter(attempts.due(now))
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
    due = Notice.objects.in_turn().filter(attempts.due(now))
    since: datetime | None = due.aggregate(since=Min("next_attempt_at"))["since"]
    return since


def accounts_ahead(now: datetime) -> list[int]:
    """The primary keys of the accounts with a runway alert that is to be looked at now, the longest waiting first."""
    due = BalanceAlert.objects.live().ahead().filter(next_look_at__lte=now).order_by("next_look_at", "pk")
    return list(dict.fromkeys(due.values_list("account", flat=True)[:SWEEP]))
