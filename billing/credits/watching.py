"""Who wants to hear when a wallet runs low, and the mark in the ledger that finds those wallets among all others."""

from collections.abc import Callable, Collection, Mapping

from django.db.models import F, Max
from django.db.models.functions import Coalesce

from billing.credits.models import Wallet, Watch
from billing.ledger import services as ledger
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
    heard = Watch.objects.alias(pot=Coalesce("wallet__draws_on", "wallet")).filter(pot__in=pots.keys())
    highest = dict(heard.order_by().values_list(F("pot")).annotate(Max("level_units")))
    ledger.mark_low(levels={ledger_account: highest.get(pot) for pot, ledger_account in pots.items()})


def _locked(wallets: Collection[int]) -> dict[int, int]:
    """Lock the wallets and those they spend from; return the latter with their ledger accounts."""
    payers = Wallet.objects.filter(pk__in=wallets).values_list(Coalesce("draws_on", "pk"), flat=True)
    rows = Wallet.objects.select_for_update(of=("self",), no_key=True).filter(pk__in={*wallets, *payers}).order_by("pk")
    locked = {row.pk: row for row in rows}
    return {pk: locked[pk].ledger_account_id for pk in {locked[mine].draws_on_id or mine for mine in wallets}}
