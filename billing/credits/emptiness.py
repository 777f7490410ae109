"""Telling people that a wallet has reached zero, or fallen below it: once for each time credits were added."""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from billing.credits.models import CreditLot, Wallet
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.notices.models import Notice
from portal.transactions import unit_of_work

_POSTED = F("ledger_account__credits_posted") - F("ledger_account__debits_posted")


def untold() -> QuerySet[Wallet]:
    """The wallets that had credits, have none left, and whose people were not told since the latest were added.

    What is only held may come back, so it does not count as gone. The wallet of a closed account, a blocked one, and
    one that draws on another's say nothing.
    """
    in_use = Q(account__deactivated_at=None, account__parent__deactivated_at=None, blocked_at=None, draws_on=None)
    filled = CreditLot.objects.filter(wallet=OuterRef("pk")).order_by("-created_at", "-pk")
    told = Notice.objects.filter(account=OuterRef("account"), created_at__gte=OuterRef("filled_at"))
    is_told_zero = Exists(told.filter(kind__in=[Kind.BALANCE_ZERO, Kind.BALANCE_BELOW_ZERO]))
    is_told_below = Exists(told.filter(kind=Kind.BALANCE_BELOW_ZERO))
    return (
        Wallet.objects.filter(in_use, account__is_operator=False, ledger_account__available__lte=0)
        .alias(posted=_POSTED, filled_at=Subquery(filled.values("created_at")[:1]))
        .filter(Q(posted=0) & ~is_told_zero | Q(posted__lt=0) & ~is_told_below, filled_at__isnull=False)
        .order_by("pk")
    )


@unit_of_work
def tell(*, wallet: Wallet, now: datetime) -> None:
    """Announce that `wallet` is at zero or below, if it still is; telling again has no effect."""
    wallet = (
        Wallet.objects.select_for_update(of=("self",), no_key=True).select_related("account__parent").get(pk=wallet.pk)
    )
    posted = wallet.ledger_account.posted
    latest = CreditLot.objects.filter(wallet=wallet).order_by("-created_at", "-pk").first()
    if posted > 0 or latest is None:
        return
    notices.announce(
        account=wallet.account,
        kind=Kind.BALANCE_ZERO if posted == 0 else Kind.BALANCE_BELOW_ZERO,
        subject=f"wallet:{wallet.public_id}",
        context={"balance_units": posted},
        reference=f"wallet:{wallet.public_id}:{latest.pk}",
        now=now,
    )
