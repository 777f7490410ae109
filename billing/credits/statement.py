"""The statement of a wallet: what it began with, every movement, what it ended with. It always adds up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from billing.credits.models import Wallet
from billing.ledger import entries
from billing.ledger.codes import AccountCode
from billing.ledger.entries import Period, Sums
from billing.ledger.models import Account as LedgerAccount
from billing.ledger.models import Transfer
from portal.accounts.models import Account

PAGE: Final = 50
"""How many entries a page shows."""


@dataclass(frozen=True, slots=True)
class Book:
    """What a statement is about: the credits in the account's wallet, or, with a `payer`, what it used of the payer's.

    `pot` is None while there is no wallet. `name` is what an address calls a book that is not shown by itself.
    """

    account: Account
    pot: LedgerAccount | None
    payer: Account | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry: `change` in units, the balance after it, and the other wallet's account where there is one.

    `spender` is whose messages or calls it paid, where it paid any.
    """

    transfer: Transfer
    change: int
    balance: int
    other: Account | None
    spender: Account | None

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


def books(account: Account) -> list[Book]:
    """The account's books, the one that is shown by itself first.

    A wallet that draws on another has two: what it used of the other, and its own credits if it ever had any.
    """
    related = ("ledger_account", "usage_account", "draws_on__account")
    wallet = Wallet.objects.filter(account=account).select_related(*related).first()
    if wallet is None:
        return [Book(account, None)]
    own = wallet.ledger_account
    if wallet.draws_on is None:
        return [Book(account, own)]
    used = Book(account, wallet.usage_account, wallet.draws_on.account)
    return [used, Book(account, own, name="own")] if own.last_entry_at else [used]


def sums(book: Book, period: Period) -> Sums:
    """What `period` comes to; zero everywhere while there is no wallet."""
    return entries.sums(book.pot, period) if book.pot else Sums(0, 0, 0)


def page(book: Book, period: Period, *, before: int | None = None, after: int | None = None) -> Page:
    """Return the entries of `period` that are older than the cursor `before`, or newer than `after`; else the newest."""
    if book.pot is None:
        return EMPTY
    if after is not None:
        chosen = entries.newer(book.pot, period, PAGE + 1, than=after)
        shown, has_newer, has_older = chosen[:PAGE][::-1], len(chosen) > PAGE, True
    else:
        chosen = entries.older(book.pot, period, PAGE + 1, than=before)
        shown, has_newer, has_older = chosen[:PAGE], before is not None, len(chosen) > PAGE
    if not shown:
        return EMPTY
    return Page(
        lines=tuple(lines(book, shown)),
        newer=shown[0].pk if has_newer else None,
        older=shown[-1].pk if has_older else None,
    )


def lines(book: Book, transfers: Iterable[Transfer]) -> Iterator[Line]:
    """`transfers` as they look from `book`."""
    for transfer in transfers:
        leaving = book.pot is not None and transfer.debit_account_id == book.pot.pk
        there = transfer.credit_account if leaving else transfer.debit_account
        used = {transfer.debit_account.code, transfer.credit_account.code} & {AccountCode.USAGE}
        user = transfer.credit_account if transfer.credit_account.code == AccountCode.USAGE else transfer.debit_account
        yield Line(
            transfer=transfer,
            change=-transfer.amount if leaving else transfer.amount,
            balance=transfer.debit_balance if leaving else transfer.credit_balance,
            other=there.owner if there.owner_id != book.account.pk else None,
            spender=user.owner if used else None,
        )
