"""The edges of a statement's pages, and what an entry says of itself."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.credits import services, statement
from billing.credits.statement import Book, Line
from billing.ledger.codes import AccountCode, TransferCode
from billing.ledger.entries import Period
from billing.ledger.models import Account as LedgerAccount
from billing.ledger.models import Transfer
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant

ALL = Period()


def written(account: Account, grant: Grant, now: datetime, entries: int) -> Book:
    """The book of a wallet with this many entries."""
    wallet = grant(account, "100")
    for number in range(1, entries):
        cause = Cause(TransferCode.CAMPAIGN, f"{account} {number}")
        services.spend(wallet=wallet, amount=1, cause=cause, now=now + timedelta(minutes=number))
    [book] = statement.books(account)
    return book


def test_a_full_page_is_the_only_one_and_one_entry_more_is_a_second(
    acme: Account, globex: Account, grant: Grant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "PAGE", 4)
    full = statement.page(written(acme, grant, now, 4), ALL)
    assert (len(full.lines), full.newer, full.older) == (4, None, None)
    book = written(globex, grant, now, 5)
    newest = statement.page(book, ALL)
    assert (len(newest.lines), newest.newer, newest.older) == (4, None, newest.lines[-1].transfer.pk)
    oldest = statement.page(book, ALL, before=newest.older)
    assert (len(oldest.lines), oldest.newer, oldest.older) == (1, oldest.lines[0].transfer.pk, None)
    assert statement.page(book, ALL, after=oldest.newer) == newest


def test_on_the_way_back_one_entry_more_than_a_page_is_a_newer_page(
    acme: Account, grant: Grant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "PAGE", 2)
    book = written(acme, grant, now, 4)
    first = Transfer.objects.filter(credit_account=book.pot).earliest("pk")
    back = statement.page(book, ALL, after=first.pk)
    assert [line.transfer.reference for line in back.lines] == ["Acme 2", "Acme 1"]
    assert (back.newer, back.older) == (back.lines[0].transfer.pk, back.lines[-1].transfer.pk)


def test_a_page_reads_one_entry_more_than_it_shows(
    acme: Account, grant: Grant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "PAGE", 2)
    book = written(acme, grant, now, 6)
    middle = Transfer.objects.get(reference="Acme 3").pk
    for cursor in ({}, {"before": middle}, {"after": middle}):
        with CaptureQueriesContext(connection) as asked:
            statement.page(book, ALL, **cursor)
        assert asked[0]["sql"].endswith("LIMIT 3")


def test_a_subject_is_split_at_its_first_colon() -> None:
    line = Line(Transfer(subject="webhook:https://acme.example"), 1, 1, None, None)
    assert line.subject == ("webhook", "https://acme.example")


def test_the_spender_is_whose_usage_an_entry_changes_whichever_way(acme: Account, acme_milano: Account) -> None:
    wallet = LedgerAccount(pk=1, code=AccountCode.WALLET, owner=acme)
    issue = LedgerAccount(pk=2, code=AccountCode.ISSUE, owner=acme)
    usage = LedgerAccount(pk=3, code=AccountCode.USAGE, owner=acme_milano)
    moved = [
        Transfer(debit_account=debit, credit_account=credit, amount=1, debit_balance=0, credit_balance=0)
        for debit, credit in ((wallet, usage), (usage, wallet), (issue, wallet))
    ]
    lines = statement.lines(Book(acme, wallet), moved)
    assert [line.spender for line in lines] == [acme_milano, acme_milano, None]
