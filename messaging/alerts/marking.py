"""The marks that find wallets: low at the highest threshold that is armed, high above the lowest that has fired.

Both are of the alerts that can reach somebody. A wallet whose alerts have all fired is never low, and one whose alerts are
all armed never high, so that a wallet that stays as it is is no candidate of every sweep.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from django.db import connection
from django.db.models import Max, Min, Q

from billing.credits import services as credits
from billing.credits.models import Wallet
from messaging.alerts.models import BalanceAlert, OwedMarks
from portal.sweeps import each
from portal.transactions import unit_of_work

WATCHER: Final = "alerts"

AT_ONCE: Final = 100
"""How many wallets are locked together: their postings wait."""

_ASTRAY: Final = """
    WITH wanted AS (
        SELECT account_id, max(threshold_units) FILTER (WHERE armed) AS low,
               min(threshold_units) FILTER (WHERE NOT armed) AS high
          FROM alerts_balancealert
         WHERE removed_at IS NULL AND (email_on OR sms_on)
         GROUP BY account_id
    )
    SELECT wallet.account_id
      FROM credits_wallet wallet
      LEFT JOIN wanted ON wanted.account_id = wallet.account_id
      LEFT JOIN credits_watch watch ON watch.wallet_id = wallet.id AND watch.watcher = %s
     WHERE (wanted.low, wanted.high) IS DISTINCT FROM (watch.level_units, watch.above_units)
     ORDER BY wallet.id
"""


def mark(accounts: Collection[int]) -> None:
    """Set the marks of these accounts right."""
    known = sorted(set(accounts))
    for start in range(0, len(known), AT_ONCE):
        _mark(known[start : start + AT_ONCE])


def owe(accounts: Iterable[int]) -> OwedMarks:
    """Note, in the transaction that fires their alerts, whose marks are to follow."""
    owed = OwedMarks(accounts=sorted(set(accounts)))
    if owed.accounts:
        owed.save()
    return owed


def settle(owed: OwedMarks) -> None:
    """Set the marks that are owed. If somebody else has done so, that does no harm."""
    mark(owed.accounts)
    OwedMarks.objects.filter(pk=owed.pk).delete()


def settle_all() -> None:
    """Set the marks that somebody who died between an alarm and its marks still owes: no all-clear is found before."""
    each(OwedMarks.objects.order_by("pk"), settle)


def astray() -> list[int]:
    """The primary keys of the accounts whose mark is not what their alerts say: somebody died between the two."""
    with connection.cursor() as cursor:
        cursor.execute(_ASTRAY, [WATCHER])
        return [account_id for (account_id,) in cursor.fetchall()]


@unit_of_work
def _mark(accounts: list[int]) -> None:
    wallets = dict(Wallet.objects.filter(account__in=accounts).values_list("account", "pk"))

    def levels() -> Mapping[int, credits.Marks]:
        alerts = BalanceAlert.objects.on().filter(account__in=accounts).order_by().values_list("account")
        low, high = Max("threshold_units", filter=Q(armed=True)), Min("threshold_units", filter=Q(armed=False))
        marks = alerts.annotate(low=low, high=high).values_list("account", "low", "high")
        return {wallets[account_id]: credits.Marks(*levels) for account_id, *levels in marks if account_id in wallets}

    credits.watch_all(wallets=wallets.values(), watcher=WATCHER, levels=levels)
