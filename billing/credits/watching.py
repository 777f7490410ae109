"""Who wants to hear when a wallet runs low, and the mark in the ledger that finds those wallets among all others."""

from django.db.models import Max, Q

from billing.credits.models import Wallet, Watch
from billing.ledger import services as ledger
from portal.transactions import unit_of_work


@unit_of_work
def watch(*, wallet: Wallet, watcher: str, level: int | None) -> None:
    """Let `watcher` hear when what `wallet` can spend is at `level` units or below; None: no more.

    Of each watcher a wallet knows one level, the highest it cares about. A wallet that draws on another is watched there.
    """
    wallet, pot = _locked(wallet)
    mine = Watch.objects.filter(wallet=wallet, watcher=watcher)
    if level is None:
        mine.delete()
    elif not mine.update(level_units=level):
        Watch.objects.create(wallet=wallet, watcher=watcher, level_units=level)
    mark(pot)


def mark(pot: Wallet) -> None:
    """Write the highest level at which anybody watches `pot`, whose row is locked, where the ledger keeps it."""
    heard = Q(wallet=pot, wallet__draws_on=None) | Q(wallet__draws_on=pot)
    level = Watch.objects.filter(heard).aggregate(highest=Max("level_units"))["highest"]
    ledger.mark_low(account_id=pot.ledger_account_id, level=level)


def _locked(wallet: Wallet) -> tuple[Wallet, Wallet]:
    """Lock and return the wallet and the one it spends from, so that of two watchers each sees what the other wrote."""
    payer_id = Wallet.objects.values_list("draws_on", flat=True).get(pk=wallet.pk) or wallet.pk
    rows = Wallet.objects.select_for_update(of=("self",), no_key=True).filter(pk__in={wallet.pk, payer_id})
    locked = {row.pk: row for row in rows.order_by("pk")}
    return locked[wallet.pk], locked[payer_id]
