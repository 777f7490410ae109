"""The statement of a wallet: what it began with, every movement, what it ended with. It always adds up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from billing.credits import selectors
from billing.credits.models import Wallet
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import Phase
from billing.ledger.models import Transfer
from portal.accounts.models import Account

PAGE: Final = 50
"""How many entries a page shows."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until before `end`; None is without a limit."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """A period in units: what the wallet held before it, what came in (≥ 0), what went out (≤ 0)."""

    opening: int
    added: int
    taken: int

    @property
    def closing(self) -> int:
        """What the wallet held at the end of the period."""
        return self.opening + self.added + self.taken


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: `change` in units, the balance after it, and the other wallet's account where there is one."""

    transfer: Transfer
    change: int
    balance: int
    other: Account | None

    @property
    def subject(self) -> tuple[str, str]:
        """What the entry is for, as kind and id: ("campaign", "<uuid>"); empty texts where it is for nothing."""
        kind, _, identity = self.transfer.subject.partition(":")
        return kind, identity


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, newest first. `newer` and `older` are the cursors of the pages around it, None at either end."""

    lines: tuple[Line, ...]
    newer: int | None
    older: int | None


EMPTY: Final = Page((), None, None)


def sums(account: Account, period: Period) -> Sums:
    """Add up the account's movements before and within `period`; zero everywhere while there is no wallet."""
    wallet = _wallet(account)
    if wallet is None:
        return Sums(0, 0, 0)
    before = Q(created_at__lt=period.start) if period.start else Q(pk=None)
    within = _within(period)
    change = Case(
        When(debit_account=wallet.ledger_account_id, then=-F("amount")),
        default=F("amount"),
        output_field=BigIntegerField(),
    )
    found = (
        _movements(wallet)
        .order_by()
        .annotate(change=change)
        .aggregate(
            opening=Coalesce(Sum("change", filter=before), 0),
            added=Coalesce(Sum("change", filter=within & Q(change__gt=0)), 0),
            taken=Coalesce(Sum("change", filter=within & Q(change__lt=0)), 0),
        )
    )
    return Sums(**{name: int(units) for name, units in found.items()})


def page(account: Account, period: Period, *, before: int | None = None, after: int | None = None) -> Page:
    """Return the entries of `period` that are older than the cursor `before`, or newer than `after`; else the newest."""
    wallet = _wallet(account)
    if wallet is None:
        return EMPTY
    entries = _movements(wallet).filter(_within(period))
    accounts = ("actor", "debit_account__owner", "credit_account__owner")
    if after is not None:
        chosen = list(entries.filter(pk__gt=after).order_by("pk").select_related(*accounts)[: PAGE + 1])
        shown, has_newer, has_older = chosen[:PAGE][::-1], len(chosen) > PAGE, True
    else:
        older = entries if before is None else entries.filter(pk__lt=before)
        chosen = list(older.select_related(*accounts)[: PAGE + 1])
        shown, has_newer, has_older = chosen[:PAGE], before is not None, len(chosen) > PAGE
    if not shown:
        return EMPTY
    return Page(
        lines=tuple(_line(transfer, wallet) for transfer in shown),
        newer=shown[0].pk if has_newer else None,
        older=shown[-1].pk if has_older else None,
    )


def _wallet(account: Account) -> Wallet | None:
    return Wallet.objects.filter(account=account).select_related("ledger_account").first()


def _movements(wallet: Wallet) -> QuerySet[Transfer]:
    return ledger_selectors.entries(wallet.ledger_account).filter(phase__in=[Phase.SINGLE, Phase.POST])


def _within(period: Period) -> Q:
    inside = Q()
    if period.start:
        inside &= Q(created_at__gte=period.start)
    if period.end:
        inside &= Q(created_at__lt=period.end)
    return inside


def _line(transfer: Transfer, wallet: Wallet) -> Line:
    entry = selectors.as_entry(transfer, wallet)
    leaving = transfer.debit_account_id == wallet.ledger_account_id
    owner = transfer.credit_account.owner if leaving else transfer.debit_account.owner
    return Line(transfer, entry.change, entry.balance, owner if owner.pk != wallet.account_id else None)
