"""The statement as Excel: every movement of the period, and proof that it adds up to the unit."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from billing.credits import services as credits
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from portal.accounts.models import Account, User
from portal.reports import services
from portal.reports.models import Kind, ReportRequest, State
from tests.conftest import Grant, SignedIn
from tests.portal.reports.conftest import Report, column, cover, opened

HOUR = timedelta(hours=1)


def spend(wallet: Wallet, units: int, at: datetime) -> None:
    cause = credits.Cause(TransferCode.CAMPAIGN, f"test:{uuid.uuid4()}")
    credits.spend(wallet=wallet, amount=units, cause=cause, now=at)


Build = Callable[..., ReportRequest]


@pytest.fixture
def build(report: Report, now: datetime) -> Build:
    """Ask for the statement of a period and make it; by itself the whole of November."""

    def ask(account: Account, period: services.Period | None = None) -> ReportRequest:
        given = {"period": period} if period else {}
        made = report(account, kind=Kind.STATEMENT, **given)
        services.build(report_id=made.pk, clock=lambda: now + 30 * 24 * HOUR)
        made.refresh_from_db()
        assert made.state == State.READY
        return made

    return ask


pytestmark = pytest.mark.django_db(transaction=True)


def test_it_adds_up_to_the_unit(acme: Account, grant: Grant, build: Build, now: datetime) -> None:
    wallet = grant(acme, "100")
    for hour in range(1, 8):
        spend(wallet, 6_999, now + hour * HOUR)
    made = build(acme)
    assert (made.row_count, made.control_units, made.difference_units) == (8, 951_007, 0)
    book = opened(made)
    assert book.sheetnames == ["Summary", "Movements"]
    changes = [Decimal(str(change)) for change in column(book, "Movements", "Change")]
    assert changes[0] == 100
    assert sum(changes) == Decimal("95.1007")
    assert column(book, "Movements", "Balance after")[-1] == pytest.approx(95.1007)
    assert column(book, "Movements", "Date")[0] == datetime(2026, 11, 20, 10, 30)  # noqa: DTZ001 - in the zone of the cover
    facts = cover(book)
    assert Decimal(str(facts["Opening balance"])) == 0
    assert Decimal(str(facts["Added"])) == 100
    assert Decimal(str(facts["Taken"])) == Decimal("-4.8993")
    assert Decimal(str(facts["Closing balance"])) == Decimal("95.1007") == Decimal(str(facts["Written in the ledger"]))
    assert facts["Difference to the ledger"] == 0
    assert facts["Movements"] == 8


def test_a_period_begins_with_what_there_was(acme: Account, grant: Grant, build: Build, now: datetime) -> None:
    wallet = grant(acme, "100")
    spend(wallet, 10_000, now + HOUR)
    spend(wallet, 20_000, now + 2 * HOUR)
    spend(wallet, 30_000, now + 3 * HOUR)
    made = build(acme, services.Period(now + 2 * HOUR, now + 3 * HOUR, "Europe/Rome"))
    assert (made.row_count, made.control_units, made.difference_units) == (1, 970_000, 0)
    assert cover(opened(made))["Opening balance"] == 99


def test_chunks_are_read_without_gap(
    acme: Account, grant: Grant, build: Build, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.ledger.entries.CHUNK", 3)
    wallet = grant(acme, "100")
    for _ in range(10):
        spend(wallet, 10_000, now)
    made = build(acme)
    assert (made.row_count, made.control_units, made.difference_units) == (11, 900_000, 0)


def test_an_entry_that_disagrees_is_an_alarm(acme: Account, grant: Grant, build: Build, now: datetime) -> None:
    wallet = grant(acme, "100")
    spend(wallet, 10_000, now + HOUR)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE ledger_transfer SET debit_balance = 980000 WHERE debit_account_id = %s", [wallet.ledger_account_id]
        )
        cursor.execute("ALTER TABLE ledger_transfer ENABLE TRIGGER USER")
    assert build(acme).difference_units == 10_000


def test_what_was_used_of_another_wallet_stands_on_its_own_sheet(
    acme: Account, acme_milano: Account, grant: Grant, build: Build, now: datetime
) -> None:
    payer, below = grant(acme, "100"), grant(acme_milano, "10")
    spend(below, 40_000, now)
    credits.draw_on(wallet=below, other=payer)
    spend(below, 25_000, now + HOUR)
    made = build(acme_milano)
    assert (made.row_count, made.control_units, made.difference_units) == (4, 65_000, 0)
    book = opened(made)
    assert book.sheetnames == ["Summary", "Credits used", "Movements"]
    assert column(book, "Credits used", "Paid by") == ["Acme Milano", "Acme"]
    assert cover(book)["Used in all"] == 6.5


def test_an_account_in_which_nothing_moved_has_an_empty_statement(acme: Account, build: Build) -> None:
    made = build(acme)
    assert (made.row_count, made.control_units, made.difference_units) == (0, 0, 0)


def test_the_form_proposes_all_of_a_statement_and_takes_ten_years(
    acme: Account, alice: User, signed_in: SignedIn
) -> None:
    browser, url = signed_in(alice), reverse("report_new", args=[acme.public_id])
    page = browser.get(url, {"kind": "statement"}).content.decode()
    assert f'value="{timezone.localtime(acme.created_at).date().isoformat()}"' in page
    assert '<option value="statement" selected>' in page
    answers = {"kind": "statement", "first_day": "2017-01-01", "last_day": "2026-10-31"}
    assert browser.post(url, {**answers, "reference": str(uuid.uuid4())}).status_code == 302
    made = ReportRequest.objects.get()
    assert (made.kind, made.first_day) == (Kind.STATEMENT, date(2017, 1, 1))
    assert made.file_name == "saldo-statement-20170101-20261031.xlsx"
    refused = browser.post(url, {**answers, "first_day": "2001-01-01", "reference": str(uuid.uuid4())})
    assert refused.status_code == 422
    assert "3,660 days or less" in refused.content.decode()
