"""The marks that find low wallets: of each account the highest threshold whose alert is armed and can reach somebody.

A wallet whose alerts have all fired has no mark, so that one that stays empty is no candidate of every sweep.
"""

from collections.abc import Collection, Mapping
from typing import Final

from django.db import connection
from django.db.models import Max

from billing.credits import services as credits
from billing.credits.models import Wallet
from messaging.alerts.models import BalanceAlert
from portal.transactions import unit_of_work

WATCHER: Final = "alerts"

AT_ONCE: Final = 100
"""How many wallets are locked together: their postings wait."""

_ASTRAY: Final = """
    WITH wanted AS (
        SELECT account_id, max(threshold_units) AS level
          FROM alerts_balancealert
         WHERE removed_at IS NULL AND (email_on OR sms_on) AND armed AND threshold_units IS NOT NULL
         GROUP BY account_id
    )
    SELECT wallet.account_id
      FROM credits_wallet wallet
      LEFT JOIN wanted ON wanted.account_id = wallet.account_id
      LEFT JOIN credits_watch watch ON watch.wallet_id = wallet.id AND watch.watcher = %s
     WHERE wanted.level IS DISTINCT FROM watch.level_units
     ORDER BY wallet.id
"""


def mark(accounts: Collection[int]) -> None:
    """Set the marks of these accounts right."""
    known = sorted(set(accounts))
    for start in range(0, len(known), AT_ONCE):
        _mark(known[start : start + AT_ONCE])


def astray() -> list[int]:
    """The primary keys of the accounts whose mark is not what their alerts say: somebody died between the two."""
    with connection.cursor() as cursor:
        cursor.execute(_ASTRAY, [WATCHER])
        return [account_id for (account_id,) in cursor.fetchall()]


@unit_of_work
def _mark(accounts: list[int]) -> None:
    wallets = dict(Wallet.objects.filter(account__in=accounts).values_list("account", "pk"))

    def levels() -> Mapping[int, int]:
        armed = BalanceAlert.objects.on().filter(armed=True, threshold_units__isnull=False)
        highest = armed.filter(account__in=accounts).order_by().values_list("account").annotate(Max("threshold_units"))
        return {wallets[account_id]: level for account_id, level in highest if account_id in wallets}

    credits.watch_all(wallets=wallets.values(), watcher=WATCHER, levels=levels)
