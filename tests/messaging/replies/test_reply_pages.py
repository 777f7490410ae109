"""The pages of replies."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from messaging.campaigns.models import Campaign
from messaging.contacts import services as contacts
from messaging.replies import inbox
from messaging.replies.inbox import Filters
from messaging.replies.models import InboxReply, ReplySettings
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn
from tests.messaging.replies.conftest import ANNA, Answered, Sent


def address(account: Account, name: str, received: InboxReply | None = None) -> str:
    return reverse(name, args=[account.public_id, *([received.public_id] if received else [])])


@pytest.fixture
def received(acme: Account, sent: Sent, answered: Answered) -> InboxReply:
    sent(acme)
    reply = answered("Va bene <script>alert(1)</script>")
    assert reply is not None
    return reply


def test_an_empty_inbox_says_what_comes_here(acme: Account, bob: User, signed_in: SignedIn) -> None:
    page = signed_in(bob).get(address(acme, "replies")).content.decode()
    assert "No replies yet" in page
    assert "for 7 days" in page


def test_the_inbox_shows_a_reply_and_never_runs_it(
    acme: Account, bob: User, received: InboxReply, signed_in: SignedIn
) -> None:
    for name in ("replies", "reply"):
        page = signed_in(bob).get(address(acme, name, received if name == "reply" else None)).content.decode()
        assert "Va bene" in page
        assert "<script>alert" not in page
        assert "+39 347 100 0001" in page


def test_filters_find_unread_stop_words_numbers_and_days(
    acme: Account, sent: Sent, answered: Answered, bob: User, now: datetime
) -> None:
    sent(acme)
    sent(acme, to="+393471000002")
    plain = answered("Va bene domani")
    stop = answered("STOP", source="+393471000002")
    assert plain is not None
    InboxReply.objects.filter(pk=plain.pk).update(read_at=now)

    def found(**filters: object) -> set[InboxReply]:
        return set(inbox.find(acme, Filters(**filters)))  # type: ignore[arg-type]

    assert found() == {plain, stop}
    assert found(show="unread") == {stop}
    assert found(show="stop") == {stop}
    assert found(words="DOMANI") == {plain}
    assert found(words="347 1000002") == {stop}
    assert found(words="%") == set()
    assert found(since=now.date(), until=now.date()) == {plain, stop}
    assert found(since=now.date() + timedelta(days=1)) == set()


def test_turning_pages_shows_every_reply_once(acme: Account, sent: Sent, answered: Answered, now: datetime) -> None:
    sent(acme)
    for each in range(60):
        answered(str(each), at=now + timedelta(seconds=each // 7))
    page = inbox.page(acme, Filters(), position="")
    rows, pages = list(page.rows), [page]
    while page.next:
        page = inbox.page(acme, Filters(), position=page.next)
        rows, pages = rows + page.rows, [*pages, page]
    assert len({row.pk for row in rows}) == 60
    assert [len(each.rows) for each in pages] == [25, 25, 10]
    assert inbox.page(acme, Filters(), position=pages[1].previous).rows == pages[0].rows
    assert inbox.page(acme, Filters(), position=f"after-{uuid.uuid4()}").rows == pages[0].rows


def test_the_inbox_asks_no_more_for_many_replies_than_for_one(
    acme: Account,
    bob: User,
    sent: Sent,
    answered: Answered,
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    sent(acme)
    for each in range(30):
        answered(str(each))
    browser = signed_in(bob)
    browser.get(address(acme, "replies"))
    with django_assert_max_num_queries(12):
        browser.get(address(acme, "replies"))
    received = InboxReply.objects.first()
    with django_assert_max_num_queries(12):
        browser.get(address(acme, "reply", received))


def test_looking_changes_nothing_and_marking_does(
    acme: Account, bob: User, received: InboxReply, signed_in: SignedIn
) -> None:
    browser = signed_in(bob)
    browser.get(address(acme, "reply", received))
    assert InboxReply.objects.get().read_at is None
    browser.post(address(acme, "reply_reading", received))
    assert InboxReply.objects.get().read_by == bob
    browser.post(address(acme, "reply_reading", received), {"unread": "1"})
    assert InboxReply.objects.get().read_at is None
    browser.post(address(acme, "replies_reading"))
    assert InboxReply.objects.get().read_at is not None


def _answer(browser: Client, acme: Account, received: InboxReply, text: str, reference: object) -> int:
    return browser.post(
        address(acme, "reply_answer", received), {"text": text, "reference": str(reference)}
    ).status_code


def test_an_answer_sent_twice_is_one_message(
    acme: Account, alice: User, received: InboxReply, signed_in: SignedIn, grant: Grant, prices: None
) -> None:
    grant(acme, "10")
    browser, reference = signed_in(alice), uuid.uuid4()
    assert [_answer(browser, acme, received, "A domani", reference) for _ in range(2)] == [302, 302]
    campaign = Campaign.objects.get()
    assert (campaign.text, campaign.recipient_count, campaign.created_by) == ("A domani", 1, alice)
    assert InboxReply.objects.get().read_by == alice


def test_an_answer_that_cannot_be_sent_says_why_and_keeps_the_text(
    acme: Account, alice: User, received: InboxReply, signed_in: SignedIn, prices: None, now: datetime
) -> None:
    browser = signed_in(alice)
    data = {"text": "A domani", "reference": str(uuid.uuid4())}
    page = browser.post(address(acme, "reply_answer", received), data)
    assert page.status_code == 422
    assert "too few credits" in page.content.decode()
    assert "A domani" in page.content.decode()
    assert _answer(browser, acme, received, "", uuid.uuid4()) == 422
    assert _answer(browser, acme, received, "x" * 1001, uuid.uuid4()) == 422
    assert _answer(browser, acme, received, "😀" * 500, uuid.uuid4()) == 422
    assert _answer(browser, acme, received, "Ciao", "none") == 422
    contacts.opt_out_all(account=acme, numbers=[ANNA], actor_id=None, now=now)
    assert _answer(browser, acme, received, "Ciao", uuid.uuid4()) == 422
    assert not Campaign.objects.exists()
    assert "Send the answer" not in browser.get(address(acme, "reply", received)).content.decode()


def test_settings_are_kept_and_what_is_on_needs_its_rest(acme: Account, alice: User, signed_in: SignedIn) -> None:
    browser, url = signed_in(alice), address(acme, "reply_settings")
    assert "alice@acme.example" in browser.get(url).content.decode()
    wrong = browser.post(url, {"forward_on": "on", "answer_on": "on"})
    assert wrong.status_code == 422
    assert "Enter the address" in wrong.content.decode()
    assert "Enter the text" in wrong.content.decode()
    given = {"forward_on": "on", "forward_email": "desk@acme.example", "answer_text": "Grazie"}
    assert browser.post(url, given).status_code == 302
    kept = ReplySettings.objects.get()
    assert (kept.forward_on, kept.forward_email, kept.answer_on, kept.answer_text) == (
        True,
        "desk@acme.example",
        False,
        "Grazie",
    )


def test_a_stranger_finds_no_reply(acme: Account, charlie: User, received: InboxReply, signed_in: SignedIn) -> None:
    browser = signed_in(charlie)
    assert browser.get(address(acme, "replies")).status_code == 404
    assert browser.get(address(acme, "reply", received)).status_code == 404
