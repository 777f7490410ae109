"""Who wants to hear when a wallet runs low, and the mark in the ledger that finds those wallets among all others."""

from collections.abc import Callable, Collection, Mapping

from django.db.models import Q
from django.db.models.functions import Coalesce

from billing.credits.models import Wallet, Watch
from billing.credits.signals import wallet_changed
from billing.ledger import selectors as ledger_selectors
from billing.ledger import services as ledger
from portal.bells import ring
from portal.transactions import unit_of_work


def watch(*, wallet: Wallet, watcher: str, level: int | None) -> None:
    """Let `watcher` hear when what `wallet` can spend is at `level` units or below; None: no more.

    Of each watcher a wallet knows one level, the highest it cares about. A wallet that draws on another is watched there.
    """
    levels = {} if level is None else {wallet.pk: level}
    watch_all(wallets=[wallet.pk], watcher=watcher, levels=lambda: levels)


@unit_of_work
def watch_all(*, wallets: Collection[int], watcher: str, levels: Callable[[], Mapping[int, int]]) -> None:
    """Watch many wallets, by primary key; those without a level `watcher` does not care about any more.

    `levels` is asked when the wallets are locked: of two who come at once the later sees what the earlier wrote.
    """
    pots = _locked(wallets)
    wanted = levels()
    Watch.objects.filter(watcher=watcher, wallet__in=set(wallets) - wanted.keys()).delete()
    Watch.objects.bulk_create(
        [Watch(wallet_id=pk, watcher=watcher, level_units=level) for pk, level in wanted.items()],
        update_conflicts=True,
        unique_fields=["wallet", "watcher"],
        update_fields=["level_units"],
    )
    mark(pots)


def mark(pots: Mapping[int, int]) -> None:
    """Write the highest level at which anybody watches each of `pots`, whose rows are locked, where the ledger keeps it.

    `pots` are the wallets that are spent from, by primary key, each with its ledger account.
    """
    spends_there = Q(pk__in=pots.keys(), draws_on=None) | Q(draws_on__in=pots.keys())
    spenders = dict(Wallet.objects.filter(spends_there).values_list("pk", Coalesce("draws_on", "pk")))
    levels: dict[int, int | None] = dict.fromkeys(pots.values())
    for wallet_id, level in Watch.objects.filter(wallet__in=spenders.keys()).values_list("wallet", "level_units"):
        pot = pots[spenders[wallet_id]]
        levels[pot] = max(level, levels[pot] or 0)
    ledger.mark_low(levels=levels)


def tell_if_low(wallet: Wallet) -> None:
    """Ring the bell of `wallet`, which has just been spent from, if somebody wants to hear of what is left.

    Most of hundreds of postings a second concern nobody, and each bell wakes two tasks. The account is read again: what
    was joined to the wallet's row is as old as the wait for its lock.
    """
    if ledger_selectors.is_low(wallet.ledger_account_id):
        ring(wallet_changed, wallet.pk)


def _locked(wallets: Collection[int]) -> dict[int, int]:
    """Lock the wallets and those they spend from; return the latter with their ledger accounts."""
    payers = Wallet.objects.filter(pk__in=wallets).values_list(Coalesce("draws_on", "pk"), flat=True)
    rows = Wallet.objects.select_for_update(of=("self",), no_key=True).filter(pk__in={*wallets, *payers}).order_by("pk")
    locked = {row.pk: row for row in rows}
    return {pk: locked[pk].ledger_account_id for pk in {locked[mine].draws_on_id or mine for mine in wallets}}
