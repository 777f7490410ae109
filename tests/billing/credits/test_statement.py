"""The statement of a wallet: it adds up for any period, page by page, for its own account only."""

import itertools
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from billing.amounts import to_units
from billing.credits import services as credits
from billing.credits import statement, wording
from billing.credits.forms import PeriodForm
from billing.credits.models import Wallet
from billing.credits.statement import Book
from billing.ledger.codes import TransferCode
from billing.ledger.entries import Period, Sums
from billing.ledger.services import Cause
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn

HOUR = timedelta(hours=1)


def spend(wallet: Wallet, amount: str, at: datetime, actor: User | None = None, subject: str = "") -> None:
    cause = Cause(TransferCode.CAMPAIGN, f"test:{uuid.uuid4()}", subject, actor.pk if actor else None)
    credits.spend(wallet=wallet, amount=to_units(Decimal(amount)), cause=cause, now=at)


def only(account: Account) -> Book:
    [book] = statement.books(account)
    return book


@pytest.fixture
def busy(acme: Account, grant: Grant, now: datetime) -> Wallet:
    """100 credits bought now, then one spent every hour, ten times."""
    wallet = grant(acme, "100")
    for hour in range(1, 11):
        spend(wallet, "1", now + hour * HOUR)
    return wallet


def test_a_statement_without_limits_begins_with_nothing_and_ends_with_the_balance(busy: Wallet, acme: Account) -> None:
    assert statement.sums(only(acme), Period()) == Sums(0, 1_000_000, -100_000)
    assert statement.sums(only(acme), Period()).closing == 900_000


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 4), (4, 11), (3, 3), (12, 20)])
def test_any_period_adds_up(busy: Wallet, acme: Account, now: datetime, first: int, last: int) -> None:
    period = Period(now + first * HOUR, now + last * HOUR)
    sums = statement.sums(only(acme), period)
    assert sums.opening == statement.sums(only(acme), Period(end=period.start)).closing
    assert sums.closing == statement.sums(only(acme), Period(end=period.end)).closing
    assert sums.added + sums.taken == sum(line.change for line in statement.page(only(acme), period).lines)


def test_periods_that_meet_share_no_entry(busy: Wallet, acme: Account, now: datetime) -> None:
    moment = now + 5 * HOUR
    before, after = statement.sums(only(acme), Period(end=moment)), statement.sums(only(acme), Period(start=moment))
    assert before.closing == after.opening
    assert after.closing == 900_000


def test_each_line_carries_the_balance_after_it(busy: Wallet, acme: Account) -> None:
    lines = statement.page(only(acme), Period()).lines
    assert [line.balance for line in lines] == [900_000 + 10_000 * index for index in range(11)]
    assert all(later.balance == earlier.balance + later.change for later, earlier in itertools.pairwise(lines))


def test_pages_follow_each_other_without_gap_or_repetition(
    busy: Wallet, acme: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "PAGE", 4)
    pages = [statement.page(only(acme), Period())]
    while pages[-1].older is not None:
        pages.append(statement.page(only(acme), Period(), before=pages[-1].older))
    assert [len(page.lines) for page in pages] == [4, 4, 3]
    balances = [line.balance for page in pages for line in page.lines]
    assert balances == sorted(balances)
    back = statement.page(only(acme), Period(), after=pages[2].newer)
    assert back.lines == pages[1].lines
    assert statement.page(only(acme), Period(), after=back.newer).newer is None


def test_a_hold_is_no_movement_until_it_is_spent(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "100")
    hold = credits.reserve(wallet=wallet, amount=500_000, cause=Cause(TransferCode.CAMPAIGN, "hold"), now=now)
    assert len(statement.page(only(acme), Period()).lines) == 1
    credits.settle(hold=hold, used=300_000, cause=Cause(TransferCode.CAMPAIGN, "settled"), now=now)
    assert [line.change for line in statement.page(only(acme), Period()).lines] == [-300_000, 1_000_000]


def test_a_transfer_names_the_other_wallet_on_both_sides(
    acme: Account, acme_milano: Account, grant: Grant, now: datetime
) -> None:
    source, target = grant(acme, "100"), credits.open_wallet(account=acme_milano)
    credits.move(source=source, target=target, amount=250_000, cause=Cause(TransferCode.MOVE, "move"), now=now)
    given, received = (
        statement.page(only(acme), Period()).lines[0],
        statement.page(only(acme_milano), Period()).lines[0],
    )
    assert (given.change, given.other) == (-250_000, acme_milano)
    assert (received.change, received.other) == (250_000, acme)


def test_an_account_without_a_wallet_has_an_empty_statement(db: None, now: datetime) -> None:
    account = Account.objects.create(name="New", created_at=now)
    assert statement.page(only(account), Period()) == statement.EMPTY
    assert statement.sums(only(account), Period()).closing == 0


def test_the_days_of_a_period_are_those_of_the_reader() -> None:
    form = PeriodForm({"start": "2026-11-20", "end": "2026-11-20"})
    assert form.period() == Period(datetime(2026, 11, 19, 23, tzinfo=UTC), datetime(2026, 11, 20, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    "given",
    [
        {"start": "2026-11-21", "end": "2026-11-20"},
        {"start": "0001-01-01"},
        {"end": "9999-12-31"},
        {"start": "yesterday"},
    ],
)
def test_a_period_that_is_none_is_said_so_and_limits_nothing(given: dict[str, str]) -> None:
    form = PeriodForm(given)
    assert form.period() == Period()
    assert form.errors


def test_the_page_says_why_by_whom_and_what_it_led_to(
    busy: Wallet, acme: Account, alice: User, signed_in: SignedIn, now: datetime
) -> None:
    campaign = uuid.uuid4()
    spend(busy, "0.7", now + 20 * HOUR, actor=alice, subject=f"campaign:{campaign}")
    page = signed_in(alice).get(reverse("statement", args=[acme.public_id])).content.decode()
    assert "−0.7" in page
    assert "89.3" in page
    assert "Alice Cast" in page
    assert reverse("campaign", args=[acme.public_id, campaign]) in page


def test_a_viewer_is_not_led_to_recharges(acme: Account, bob: User, signed_in: SignedIn, now: datetime) -> None:
    wallet, recharge = credits.open_wallet(account=acme), uuid.uuid4()
    cause = Cause(TransferCode.PURCHASE, f"recharge:{recharge}", f"recharge:{recharge}")
    credits.grant(wallet=wallet, amount=1_000_000, terms=credits.Terms(), cause=cause, now=now)
    response = signed_in(bob).get(reverse("statement", args=[acme.public_id]))
    assert response.status_code == 200
    assert reverse("recharge", args=[acme.public_id, recharge]) not in response.content.decode()


def test_a_stranger_has_no_statement(busy: Wallet, acme: Account, charlie: User, signed_in: SignedIn) -> None:
    assert signed_in(charlie).get(reverse("statement", args=[acme.public_id])).status_code == 404


def test_a_position_cannot_be_made_up_and_means_nothing_in_another_statement(
    busy: Wallet, acme: Account, globex: Account, grant: Grant, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    for hour in range(60):
        spend(busy, "1", datetime(2026, 11, 22, tzinfo=UTC) + hour * HOUR)
    own = signed_in(alice)
    first = own.get(reverse("statement", args=[acme.public_id])).content.decode()
    found = re.search(r'rel="next" href="\?before=([^"&]+)"', first)
    assert found is not None
    position = unquote(found[1])
    assert position.count(":") == 1
    second = own.get(reverse("statement", args=[acme.public_id]), {"before": position}).content.decode()
    assert ">0<" in second
    assert ">100<" in second
    grant(globex, "7")
    theirs = signed_in(charlie).get(reverse("statement", args=[globex.public_id]), {"before": position})
    assert "+7" in theirs.content.decode()
    forged = own.get(reverse("statement", args=[acme.public_id]), {"before": "x" + position}).content.decode()
    assert forged.count("<tr") == first.count("<tr")


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=99999999999999999999", "after=0", "before=1"])
def test_a_cursor_that_is_none_breaks_nothing(
    busy: Wallet, acme: Account, alice: User, signed_in: SignedIn, query: str
) -> None:
    assert signed_in(alice).get(reverse("statement", args=[acme.public_id]) + f"?{query}").status_code == 200


def test_the_page_of_a_period_shows_its_opening_and_closing_balance(
    busy: Wallet, acme: Account, alice: User, signed_in: SignedIn, now: datetime
) -> None:
    spend(busy, "5", now + timedelta(days=1))
    day = date(2026, 11, 21).isoformat()
    url = reverse("statement", args=[acme.public_id])
    page = signed_in(alice).get(url, {"start": day, "end": day}).content.decode()
    assert ">90<" in page
    assert ">85<" in page


def test_a_long_statement_takes_no_more_queries_than_a_short_one(
    busy: Wallet,
    acme: Account,
    acme_milano: Account,
    alice: User,
    signed_in: SignedIn,
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client, url = signed_in(alice), reverse("statement", args=[acme.public_id])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for hour in range(20):
        spend(busy, "1", now + timedelta(days=2) + hour * HOUR, actor=alice)
    cause = Cause(TransferCode.MOVE, "move")
    credits.move(source=busy, target=credits.open_wallet(account=acme_milano), amount=1, cause=cause, now=now)
    with django_assert_num_queries(len(few)):
        client.get(url)


def test_entries_of_one_moment_are_paged_without_gap_or_repetition(
    acme: Account, grant: Grant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "PAGE", 2)
    wallet = grant(acme, "100")
    for _ in range(6):
        spend(wallet, "1", now)
    book, seen, before = only(acme), [], None
    while True:
        page = statement.page(book, Period(), before=before)
        seen += [line.balance for line in page.lines]
        if page.older is None:
            break
        before = page.older
    assert seen == [940_000 + 10_000 * index for index in range(7)]


def test_who_draws_on_another_wallet_sees_what_it_used_and_who_paid(
    acme: Account, acme_milano: Account, grant: Grant, alice: User, signed_in: SignedIn, now: datetime
) -> None:
    payer, below = grant(acme, "100"), credits.open_wallet(account=acme_milano)
    credits.draw_on(wallet=below, other=payer)
    campaign = uuid.uuid4()
    spend(below, "2.5", now, subject=f"campaign:{campaign}")
    spend(below, "1.5", now + HOUR)
    [book] = statement.books(acme_milano)
    assert book.payer == acme
    assert statement.sums(book, Period()) == Sums(0, 40_000, 0)
    assert statement.sums(book, Period(start=now + HOUR)) == Sums(25_000, 15_000, 0)
    assert [(line.change, line.balance) for line in statement.page(book, Period()).lines] == [
        (15_000, 40_000),
        (25_000, 25_000),
    ]
    browser = signed_in(alice)
    page = browser.get(reverse("statement", args=[acme_milano.public_id])).content.decode()
    assert "It is unlimited: Acme pays its messages with its own credits." in page
    assert reverse("campaign", args=[acme_milano.public_id, campaign]) in page
    above = browser.get(reverse("statement", args=[acme.public_id])).content.decode()
    assert "Messages of Acme Milano" in above
    assert reverse("campaign", args=[acme_milano.public_id, campaign]) in above
    assert reverse("campaign", args=[acme.public_id, campaign]) not in above


def test_who_had_credits_before_has_a_statement_of_both(
    acme: Account, acme_milano: Account, grant: Grant, alice: User, signed_in: SignedIn, now: datetime
) -> None:
    payer, below = grant(acme, "100"), grant(acme_milano, "10")
    spend(below, "4", now)
    credits.draw_on(wallet=below, other=payer)
    spend(below, "3", now + HOUR)
    used, own = statement.books(acme_milano)
    assert statement.sums(used, Period()).closing == 70_000
    assert statement.sums(own, Period()) == Sums(0, 100_000, -40_000)
    url = reverse("statement", args=[acme_milano.public_id])
    assert "?of=own" in signed_in(alice).get(url).content.decode()
    page = signed_in(alice).get(url, {"of": "own"}).content.decode()
    assert ">6<" in page
    assert "Closing balance" in page


@pytest.mark.parametrize(
    ("code", "given", "received"),
    [
        (TransferCode.RESET, "Reset, returned to Acme Milano", "Reset of Acme"),
        (TransferCode.LOAN, "Loan to Acme Milano", "Loan from Acme"),
        (TransferCode.MOVE, "Transfer to Acme Milano", "Transfer from Acme"),
    ],
)
def test_both_sides_of_a_movement_say_what_it_was(
    acme: Account, acme_milano: Account, grant: Grant, now: datetime, code: TransferCode, given: str, received: str
) -> None:
    source, target = grant(acme, "100"), credits.open_wallet(account=acme_milano)
    credits.move(source=source, target=target, amount=1, cause=Cause(code, "test"), now=now)
    lines = [statement.page(only(account), Period()).lines[0] for account in (acme, acme_milano)]
    assert [wording.why(line) for line in lines] == [given, received]
