"""The history: what it finds, how it turns its pages, and what it keeps from strangers."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from messaging.campaigns import services as campaigns
from messaging.delivery import history, receipts
from messaging.delivery.codes import State
from messaging.delivery.gateways.base import Report
from messaging.delivery.history import Filters
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn

Queue = Callable[..., list[Message]]

NOBODY = "5b0e6c1e-3c5f-4c5e-9a51-0c8e5d3c2f11"


def numbers(count: int) -> list[str]:
    return [f"+39{3_471_000_100 + each}" for each in range(count)]


def found(account: Account, **filters: object) -> set[str]:
    return set(history.find(account, Filters(**filters)).values_list("recipient", flat=True))  # type: ignore[arg-type]


def turned(account: Account, sort: str) -> list[Message]:
    """Every row, by turning pages to the end."""
    page = history.page(account, Filters(), sort=sort, position="")
    rows = page.rows
    while page.next:
        page = history.page(account, Filters(), sort=sort, position=page.next)
        rows = rows + page.rows
    return rows


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "-recipient", "recipient"])
def test_turning_pages_shows_every_message_once_and_in_order(
    acme: Account, queue: Queue, now: datetime, sort: str
) -> None:
    queue(acme, numbers(90))
    queue(acme, numbers(60), now=now - timedelta(days=1))
    rows = turned(acme, sort)
    field = sort.removeprefix("-")
    keys = [(getattr(row, field), row.pk) for row in rows]
    assert len(set(keys)) == 150
    assert keys == sorted(keys, reverse=sort.startswith("-"))


def test_turning_back_leads_to_the_same_pages(acme: Account, queue: Queue) -> None:
    queue(acme, numbers(120))
    pages = [history.page(acme, Filters(), sort="-created_at", position="")]
    while pages[-1].next:
        pages.append(history.page(acme, Filters(), sort="-created_at", position=pages[-1].next))
    assert [len(page.rows) for page in pages] == [50, 50, 20]
    assert (pages[0].previous, pages[2].next) == ("", "")
    for before, page in pairwise(pages):
        assert history.page(acme, Filters(), sort="-created_at", position=page.previous).rows == before.rows


def test_the_last_page_is_where_turning_ends(acme: Account, queue: Queue) -> None:
    queue(acme, numbers(120))
    last = history.page(acme, Filters(), sort="-created_at", position="last")
    assert last.rows == turned(acme, "-created_at")[-50:]
    assert (last.next, bool(last.previous)) == ("", True)
    before = history.page(acme, Filters(), sort="-created_at", position=last.previous)
    assert before.rows == turned(acme, "-created_at")[20:70]


def test_digits_are_looked_for_so_far_back_and_then_further(
    acme: Account, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LOOK_BACK", 30)
    queue(acme, ["+393479990000", *numbers(100), "+393479990001"])
    wanted = Filters(recipient="999000")
    page = history.page(acme, wanted, sort="", position="")
    rows, pages = page.rows, [page]
    while page.next:
        assert page.looked_until is not None
        page = history.page(acme, wanted, sort="", position=page.next)
        rows, pages = rows + page.rows, [*pages, page]
    assert [row.recipient for row in rows] == ["+393479990001", "+393479990000"]
    assert [len(each.rows) for each in pages] == [1, 0, 0, 1]
    back = history.page(acme, wanted, sort="", position="last")
    while not back.rows or back.rows[0].recipient != "+393479990001":
        back = history.page(acme, wanted, sort="", position=back.previous)


@pytest.mark.parametrize("most", [500, 1])
def test_words_are_found_in_the_texts_of_campaigns(
    acme: Account,
    globex: Account,
    bob: User,
    signed_in: SignedIn,
    grant: Grant,
    prices: None,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    monkeypatch.setattr(history, "MOST_CAMPAIGNS", most)
    for account, text, ago in ((acme, "Saldi d'estate", 3), (acme, "Saldi 100%", 2), (globex, "Saldi", 1)):
        grant(account, "100")
        campaigns.launch(
            account=account,
            actor_id=None,
            sender=None,
            text=text,
            recipients=numbers(2),
            reference=text,
            now=now - timedelta(hours=ago),
        )

    def texts(words: str) -> list[str]:
        return [row.text for row in history.page(acme, Filters(text=words), sort="", position="").rows]

    assert texts("saldi") == ["Saldi 100%"] * 2 + ["Saldi d'estate"] * 2
    assert texts("ESTATE") == ["Saldi d'estate"] * 2
    assert texts("0%") == ["Saldi 100%"] * 2
    assert texts("_") == texts("inverno") == []
    page = signed_in(bob).get(reverse("messages", args=[acme.public_id]), {"text": "estate"}).content.decode()
    assert "Saldi 100%" not in page.split("<tbody", 1)[1]


def test_a_parent_chooses_whose_history_it_sees_and_never_a_strangers(
    acme: Account, acme_milano: Account, globex: Account, bob: User, queue: Queue, signed_in: SignedIn
) -> None:
    queue(acme, ["+393471000101"])
    queue(acme_milano, ["+393471000102"])
    queue(globex, ["+393471000103"])
    browser, address = signed_in(bob), reverse("messages", args=[acme.public_id])

    def shown(subaccount: object) -> str:
        return browser.get(address, {"subaccount": str(subaccount)}).content.decode().split("<tbody", 1)[1]

    assert "+39 347 100 0102" in shown(acme_milano.public_id)
    assert "+39 347 100 0101" not in shown(acme_milano.public_id)
    assert reverse(
        "message", args=[acme_milano.public_id, Message.objects.get(account=acme_milano).public_id]
    ) in shown(acme_milano.public_id)
    for stranger in (globex.public_id, NOBODY, "x"):
        assert "+39 347 100 0103" not in shown(stranger)


@pytest.mark.parametrize("position", ["after-", "after-x", f"sideways-{NOBODY}", f"after-{NOBODY}"])
def test_a_position_that_is_none_means_the_first_page(acme: Account, queue: Queue, position: str) -> None:
    queue(acme, numbers(2))
    assert len(history.page(acme, Filters(), sort="nonsense", position=position).rows) == 2


def test_a_strangers_message_is_no_position(acme: Account, globex: Account, queue: Queue) -> None:
    queue(acme, numbers(2))
    (theirs,) = queue(globex, numbers(1))
    assert len(history.page(acme, Filters(), sort="-created_at", position=f"after-{theirs.public_id}").rows) == 2


def test_filters_find_by_recipient_state_and_day(acme: Account, globex: Account, queue: Queue, now: datetime) -> None:
    queue(acme, ["+393471000101"])
    queue(acme, ["+393479999999"], now=now - timedelta(days=3))
    queue(globex, ["+393471000102"])
    Message.objects.filter(recipient="+393479999999").update(state=State.CANCELLED, due_at=None, final_at=now)
    assert found(acme) == {"+393471000101", "+393479999999"}
    assert found(acme, recipient="+393471000101") == {"+393471000101"}
    assert found(acme, recipient="999") == {"+393479999999"}
    assert found(acme, state="cancelled") == {"+393479999999"}
    assert found(acme, since=date(2026, 11, 18)) == {"+393471000101"}
    assert found(acme, until=date(2026, 11, 17)) == {"+393479999999"}
    assert found(acme, since=date(2026, 11, 20), until=date(2026, 11, 20)) == {"+393471000101"}
    assert found(acme, campaign=uuid.uuid4()) == set()


def test_the_page_filters_by_its_address(acme: Account, bob: User, queue: Queue, signed_in: SignedIn) -> None:
    queue(acme, ["+393471000101", "+393479999999"])
    address = reverse("messages", args=[acme.public_id])
    browser = signed_in(bob)
    assert "+39 347 999 9999" in browser.get(address).content.decode()
    page = browser.get(address, {"recipient": "347 1000101"}).content.decode()
    assert "+39 347 100 0101" in page
    assert "+39 347 999 9999" not in page
    assert "Clear filters" in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("recipient", "12", "at least three digits"),
        ("recipient", "<script>alert(1)</script>", "at least three digits"),
        ("since", "yesterday", "Enter a valid date"),
        ("state", "lost", "Select a valid choice"),
        ("campaign", "x", "Select a valid choice"),
        ("campaign", NOBODY, "Select a valid choice"),
        ("recipient", "9" * 500, "at most 40 characters"),
    ],
)
def test_a_filter_that_makes_no_sense_is_answered_with_a_sentence(
    acme: Account, bob: User, queue: Queue, signed_in: SignedIn, field: str, value: str, sentence: str
) -> None:
    queue(acme, numbers(1))
    response = signed_in(bob).get(reverse("messages", args=[acme.public_id]), {field: value})
    assert response.status_code == 200
    page = response.content.decode()
    assert sentence in page
    assert "<script>alert" not in page


def test_days_at_the_ends_of_time_are_survived(acme: Account, bob: User, queue: Queue, signed_in: SignedIn) -> None:
    queue(acme, numbers(1))
    address = reverse("messages", args=[acme.public_id])
    for day in ("0001-01-01", "9999-12-31"):
        assert signed_in(bob).get(address, {"since": day, "until": day}).status_code == 200


def test_a_period_that_ends_before_it_begins_is_said(
    acme: Account, bob: User, queue: Queue, signed_in: SignedIn
) -> None:
    queue(acme, numbers(1))
    address = reverse("messages", args=[acme.public_id])
    page = signed_in(bob).get(address, {"since": "2026-11-20", "until": "2026-11-19"}).content.decode()
    assert "The period ends before it begins." in page


def test_an_account_without_messages_is_told_what_comes_here(acme: Account, bob: User, signed_in: SignedIn) -> None:
    assert "No messages yet" in signed_in(bob).get(reverse("messages", args=[acme.public_id])).content.decode()


def test_the_pages_ask_the_database_no_more_for_fifty_messages_than_for_one(
    acme: Account, bob: User, queue: Queue, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    queue(acme, numbers(60))
    browser, address = signed_in(bob), reverse("messages", args=[acme.public_id])
    browser.get(address)
    with django_assert_max_num_queries(12):
        browser.get(address)


def test_a_message_shows_its_way_and_its_price(
    acme: Account, bob: User, queue: Queue, signed_in: SignedIn, now: datetime
) -> None:
    (message,) = queue(acme, numbers(1))
    address = reverse("message", args=[acme.public_id, message.public_id])
    browser = signed_in(bob)
    assert "Held from your balance." in browser.get(address).content.decode()
    written = {"gateway": "simulator", "gateway_message_id": "x1", "submitted_at": now, "due_at": now}
    Message.objects.update(state=State.ACCEPTED, **written)
    for state, reason in ((State.ACCEPTED, ""), (State.UNDELIVERED, "unknown_number")):
        receipts.receive(gateway="simulator", reports=[Report("x1", state, reason, now)], now=now)
    page = browser.get(address).content.decode()
    for sentence in ("Handed over to the network", "Not delivered", "This number is not in use.", "Charged because"):
        assert sentence in page


def test_a_returned_message_costs_nothing(
    acme: Account, bob: User, queue: Queue, signed_in: SignedIn, now: datetime
) -> None:
    (message,) = queue(acme, numbers(1))
    Message.objects.update(state=State.REFUSED, error_code="too_late", due_at=None, final_at=now)
    page = signed_in(bob).get(reverse("message", args=[acme.public_id, message.public_id])).content.decode()
    assert "its price is returned" in page
    assert "within 72 hours" in page


def test_a_stranger_finds_neither_the_history_nor_a_message(
    acme: Account, globex: Account, charlie: User, queue: Queue, signed_in: SignedIn
) -> None:
    (message,) = queue(acme, numbers(1))
    browser = signed_in(charlie)
    assert browser.get(reverse("messages", args=[acme.public_id])).status_code == 404
    assert browser.get(reverse("message", args=[acme.public_id, message.public_id])).status_code == 404
    assert browser.get(reverse("message", args=[globex.public_id, message.public_id])).status_code == 404


def test_a_text_is_shown_and_never_run(acme: Account, bob: User, queue: Queue, signed_in: SignedIn) -> None:
    (message,) = queue(acme, numbers(1))
    Message.objects.update(text="<script>alert(1)</script>", sender="<b>Acme</b>")
    for address in (
        reverse("messages", args=[acme.public_id]),
        reverse("message", args=[acme.public_id, message.public_id]),
    ):
        page = signed_in(bob).get(address).content.decode()
        assert "<script>alert" not in page
        assert "<b>Acme" not in page


def test_only_campaigns_of_a_size_are_shown(
    acme: Account, bob: User, queue: Queue, signed_in: SignedIn, grant: Grant, prices: None, now: datetime
) -> None:
    grant(acme, "100")
    for count in (1, 3):
        campaigns.launch(
            account=acme,
            actor_id=bob.pk,
            sender=None,
            text=f"To {count}",
            recipients=numbers(count),
            reference=f"to-{count}",
            now=now,
        )
    queue(acme, numbers(1))
    shown = {least: history.page(acme, Filters(least=least), sort="", position="").rows for least in (0, 1, 2, 4)}
    assert {least: len(rows) for least, rows in shown.items()} == {0: 5, 1: 4, 2: 3, 4: 0}
    address = reverse("messages", args=[acme.public_id])
    page = signed_in(bob).get(address, {"least": "2"}).content.decode()
    rows = page.split("<tbody", 1)[1]
    assert rows.count("To 3") == 6  # each row says the text and the name
    assert "To 1" not in rows
    assert "Clear filters" in page


@pytest.mark.parametrize("least", ["0", "-1", "many", "1.5", "9" * 30])
def test_a_size_that_is_none_filters_nothing_and_says_so(
    acme: Account, bob: User, queue: Queue, signed_in: SignedIn, least: str
) -> None:
    queue(acme, numbers(1))
    page = signed_in(bob).get(reverse("messages", args=[acme.public_id]), {"least": least})
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.content.decode()
    assert page.content.decode().count("+39") >= 1
