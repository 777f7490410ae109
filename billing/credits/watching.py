"""Who wants to hear when a wallet runs low or recovers, and the marks in the ledger that find those wallets among all."""

from collections.abc import Callable, Collection, Mapping

from django.db.models import Q
from django.db.models.functions import Coalesce

from billing.credits.models import Wallet, Watch
from billing.credits.signals import wallet_changed
from billing.ledger import selectors as ledger_selectors
from billing.ledger import services as ledger
from billing.ledger.services import Marks
from portal.bells import ring
from portal.transactions import unit_of_work


def watch(*, wallet: Wallet, watcher: str, level: int | None) -> None:
    """Let `watcher` hear when what `wallet` can spend is at `level` units or below; None: no more.

    Of each watcher a wallet knows one level, the highest it cares about. A wallet that draws on another is watched there.
    """
    watch_all(wallets=[wallet.pk], watcher=watcher, levels=lambda: {wallet.pk: Marks(low=level)})


@unit_of_work
def watch_all(*, wallets: Collection[int], watcher: str, levels: Callable[[], Mapping[int, Marks]]) -> None:
    """Watch many wallets, by primary key; those without a level `watcher` does not care about any more.

    `levels` is asked when the wallets are locked: of two who come at once the later sees what the earlier wrote.
    """
    pots = _locked(wallets)
    wanted = {pk: marks for pk, marks in levels().items() if marks != Marks()}
    Watch.objects.filter(watcher=watcher, wallet__in=set(wallets) - wanted.keys()).delete()
    Watch.objects.bulk_create(
        [
            Watch(wallet_id=pk, watcher=watcher, level_units=marks.low, above_units=marks.high)
            for pk, marks in wanted.items()
        ],
        update_conflicts=True,
        unique_fields=["wallet", "watcher"],
        update_fields=["level_units", "above_units"],
    )
    mark(pots)


def mark(pots: Mapping[int, int]) -> None:
    """Write between which levels nobody wants to hear of each of `pots`, whose rows are locked, where the ledger keeps it.

    `pots` are the wallets that are spent from, by primary key, each with its ledger account.
    """
    spends_there = Q(pk__in=pots.keys(), draws_on=None) | Q(draws_on__in=pots.keys())
    spenders = dict(Wallet.objects.filter(spends_there).values_list("pk", Coalesce("draws_on", "pk")))
    marks = dict.fromkeys(pots.values(), Marks())
    watches = Watch.objects.filter(wallet__in=spenders.keys()).values_list("wallet", "level_units", "above_units")
    for wallet_id, level, above in watches:
        pot = pots[spenders[wallet_id]]
        low, high = marks[pot]
        marks[pot] = Marks(_outermost(max, low, level), _outermost(min, high, above))
    ledger.mark(marks=marks)


def _outermost(of: Callable[[list[int]], int], *levels: int | None) -> int | None:
    known = [level for level in levels if level is not None]
    return of(known) if known else None


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
