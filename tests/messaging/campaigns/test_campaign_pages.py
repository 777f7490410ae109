"""Composing, quoting, sending and following a campaign in the browser."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from messaging.campaigns import selectors, services, tasks
from messaging.campaigns.codes import State
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.contacts import services as contacts
from messaging.contacts.paste import Entry
from messaging.delivery.codes import State as MessageState
from messaging.delivery.models import Message
from messaging.senders import services as senders
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn
from tests.messaging.campaigns.conftest import ITALY, Become

ANNA, BRUNO = "+393471234567", "+393471234568"

pytestmark = pytest.mark.usefixtures("rates")


@pytest.fixture
def browser(alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


def compose(browser: Client, account: Account, **typed: object) -> Any:
    form: dict[str, object] = {"reference": str(uuid4()), "text": "ciao", "pasted": ANNA, **typed}
    return browser.post(reverse("campaign_new", args=[account.public_id]), form)


def draft_of(answer: Any) -> CampaignDraft:
    assert answer.status_code == 302, answer.text
    return CampaignDraft.objects.get(public_id=answer.url.rstrip("/").rpartition("/")[2])


def send(browser: Client, draft: CampaignDraft, now: datetime, **typed: object) -> Any:
    form = {"fingerprint": selectors.quote_of(draft, now).fingerprint, **typed}
    return browser.post(reverse("campaign_draft", args=[draft.account.public_id, draft.public_id]), form)


def launched(account: Account, person: User, now: datetime, *numbers: str) -> Campaign:
    return services.launch(
        account=account, actor_id=person.pk, sender=None, text="ciao", recipients=numbers, reference="r", now=now
    )


def test_a_message_is_quoted_before_it_is_sent(acme: Account, browser: Client, grant: Grant) -> None:
    grant(acme, "100")
    answer = compose(browser, acme, pasted=f"{ANNA}\n{ANNA}\nnonsense\n+998712345678")
    page = browser.get(answer.url).text
    assert "Written more than once" in page
    assert "This is not a telephone number." in page
    assert "We do not deliver to this country" in page
    assert "99.3" in page
    assert not Campaign.objects.exists()


def test_the_button_sends_what_was_quoted(acme: Account, browser: Client, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    draft = draft_of(compose(browser, acme))
    answer = send(browser, draft, now)
    campaign = Campaign.objects.get()
    assert answer.url == reverse("campaign", args=[acme.public_id, campaign.public_id])
    assert browser.get(answer.url).status_code == 200
    assert credits_selectors.balance(acme).held == ITALY
    assert not selectors.drafts(acme).exists()


def test_a_double_click_sends_once(acme: Account, browser: Client, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    draft = draft_of(compose(browser, acme))
    assert send(browser, draft, now).url == send(browser, draft, now).url
    assert Message.objects.count() == 1


def test_composing_twice_with_one_form_is_one_draft(acme: Account, browser: Client) -> None:
    reference = str(uuid4())
    assert draft_of(compose(browser, acme, reference=reference)) == draft_of(
        compose(browser, acme, reference=reference)
    )


@pytest.mark.parametrize("fingerprint", ["", "0" * 64, "nonsense", "-1"])
def test_what_was_not_quoted_is_not_sent(
    acme: Account, browser: Client, grant: Grant, now: datetime, fingerprint: str
) -> None:
    grant(acme, "100")
    draft = draft_of(compose(browser, acme))
    assert send(browser, draft, now, fingerprint=fingerprint).status_code == 409
    assert not Message.objects.exists()
    assert credits_selectors.balance(acme).held == 0


def test_an_account_that_is_shut_at_this_moment_sends_nothing_and_is_told_so(
    acme: Account, browser: Client, grant: Grant, now: datetime
) -> None:
    draft = draft_of(compose(browser, acme))
    credits.block(wallet=grant(acme, "100"), now=now)
    answer = send(browser, draft, now)
    assert answer.status_code == 409
    assert "has been deactivated" in answer.text
    assert not Campaign.objects.exists()


def test_too_little_credit_is_said_and_nothing_is_sent(
    acme: Account, browser: Client, grant: Grant, now: datetime
) -> None:
    grant(acme, "0.5")
    draft = draft_of(compose(browser, acme))
    url = reverse("campaign_draft", args=[acme.public_id, draft.public_id])
    page = browser.get(url).text
    assert "0.2 credits are missing" in page
    assert reverse("recharge_new", args=[acme.public_id]) in page
    answer = send(browser, draft, now)
    assert answer.status_code == 409
    assert "not enough credits" in answer.text
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"text": ""}, "Type the text of the message."),
        ({"text": " \r\n "}, "Type the text of the message."),
        ({"text": "a" * 919}, "This text takes 7 segments"),
        ({"text": "a" * 5_001}, "at most 5000 characters"),
        ({"text": "a\x00b"}, "Null characters"),
        ({"pasted": ""}, "Paste at least one number, or choose a list."),
        ({"pasted": "-1"}, "None of these lines holds a telephone number."),
        ({"pasted": "1\n" * 10_001}, "These are too many numbers"),
        ({"pasted": "1" * 2_000_001}, "This is too much to read at once"),
        ({"sender": "nonsense"}, "error-summary"),
        ({"contact_list": str(uuid4())}, "error-summary"),
    ],
)
def test_what_cannot_be_sent_is_said_in_a_sentence(
    acme: Account, browser: Client, typed: dict[str, object], sentence: str
) -> None:
    answer = compose(browser, acme, **typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not CampaignDraft.objects.exists()


def test_ten_megabytes_are_refused(acme: Account, browser: Client) -> None:
    assert compose(browser, acme, pasted="3471234567\n" * 1_000_000).status_code == 400
    assert not CampaignDraft.objects.exists()


def test_names_and_lists_of_others_are_no_choice(
    acme: Account, globex: Account, browser: Client, charlie: User, now: datetime
) -> None:
    theirs = contacts.create_list(
        account=globex, name="Theirs", entries=[Entry(BRUNO, "")], actor_id=charlie.pk, now=now
    )
    name = senders.request(account=globex, name="Globex", purpose="", actor_id=charlie.pk, now=now)
    senders.approve(sender=name, actor_id=charlie.pk, now=now)
    assert compose(browser, acme, contact_list=str(theirs.public_id)).status_code == 422
    assert compose(browser, acme, sender=str(name.public_id)).status_code == 422
    page = browser.get(reverse("campaign_new", args=[acme.public_id]), {"list": str(theirs.public_id)}).text
    assert "Theirs" not in page
    assert not CampaignDraft.objects.exists()


def test_the_preview_says_what_the_quote_will_say(
    acme: Account, browser: Client, alice: User, grant: Grant, now: datetime
) -> None:
    friends = contacts.create_list(account=acme, name="Friends", entries=[Entry(BRUNO, "")], actor_id=alice.pk, now=now)
    typed = {"text": "Perché no? “Sì”…", "pasted": ANNA, "contact_list": str(friends.public_id)}
    url = reverse("campaign_preview", args=[acme.public_id])
    page = browser.post(url, typed, headers={"HX-Request": "true"}).text
    assert "Unicode" in page
    assert "Replace them" in page
    assert "Price: 1.4 credits." in page
    draft = draft_of(compose(browser, acme, **typed))
    assert selectors.quote_of(draft, now).total_units == 2 * ITALY


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"text": "a" * 10_000},
        {"pasted": "nonsense"},
        {"pasted": "1\n" * 10_001},
        {"contact_list": "x", "text": "ciao"},
    ],
)
def test_the_preview_bears_whatever_is_typed(acme: Account, browser: Client, typed: dict[str, str]) -> None:
    assert browser.post(reverse("campaign_preview", args=[acme.public_id]), typed).status_code == 200


def test_a_text_of_markup_is_shown_as_text(acme: Account, browser: Client) -> None:
    page = browser.get(compose(browser, acme, text="<script>alert(1)</script>").url).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_draft_survives_the_list_it_names(acme: Account, alice: User, browser: Client, now: datetime) -> None:
    friends = contacts.create_list(account=acme, name="Friends", entries=[Entry(BRUNO, "")], actor_id=alice.pk, now=now)
    draft = draft_of(compose(browser, acme, contact_list=str(friends.public_id)))
    contacts.delete_list(contact_list=friends, actor_id=alice.pk, now=now)
    page = browser.get(reverse("campaign_draft", args=[acme.public_id, draft.public_id])).text
    assert "The contact list of this draft has been deleted." in page
    quote = selectors.quote_of(draft, now)
    assert (quote.recipient_count, quote.samples[0].number) == (1, ANNA)
    assert (
        browser.get(reverse("campaign_new", args=[acme.public_id]), {"draft": str(draft.public_id)}).status_code == 200
    )


def test_a_draft_can_be_changed_and_discarded(acme: Account, browser: Client) -> None:
    draft = draft_of(compose(browser, acme, text="first words"))
    page = browser.get(reverse("campaign_new", args=[acme.public_id]), {"draft": str(draft.public_id)}).text
    assert "first words" in page
    assert str(draft.reference) in page
    assert "first words" in browser.get(reverse("campaigns", args=[acme.public_id])).text
    browser.post(reverse("campaign_draft_removal", args=[acme.public_id, draft.public_id]))
    assert not CampaignDraft.objects.exists()


def test_a_stranger_finds_neither_draft_nor_campaign(
    acme: Account, globex: Account, alice: User, charlie: User, grant: Grant, signed_in: SignedIn, now: datetime
) -> None:
    grant(acme, "100")
    draft = draft_of(compose(signed_in(alice), acme))
    campaign = launched(acme, alice, now, ANNA)
    stranger = signed_in(charlie)
    for account in (acme, globex):
        assert send(stranger, draft, now, account=account).status_code == 404
        for name, thing in (("campaign_draft", draft), ("campaign", campaign)):
            assert stranger.get(reverse(name, args=[account.public_id, thing.public_id])).status_code == 404
        for name, thing in (("campaign_draft_removal", draft), ("campaign_cancellation", campaign)):
            assert stranger.post(reverse(name, args=[account.public_id, thing.public_id])).status_code == 404
    assert CampaignDraft.objects.exists()


def test_a_viewer_follows_a_campaign_and_cannot_touch_it(
    acme: Account, alice: User, bob: User, grant: Grant, signed_in: SignedIn, now: datetime
) -> None:
    grant(acme, "100")
    campaign = launched(acme, alice, now, ANNA)
    viewer = signed_in(bob)
    page = viewer.get(reverse("campaign", args=[acme.public_id, campaign.public_id])).text
    assert "Cancel the rest" not in page
    url = reverse("campaign_cancellation", args=[acme.public_id, campaign.public_id])
    assert viewer.post(url).status_code == 403
    assert viewer.get(reverse("campaign_new", args=[acme.public_id])).status_code == 403


def test_the_page_asks_again_until_nothing_more_can_come(
    acme: Account, alice: User, browser: Client, grant: Grant, become: Become, now: datetime
) -> None:
    grant(acme, "100")
    campaign = launched(acme, alice, now, ANNA)
    url = reverse("campaign", args=[acme.public_id, campaign.public_id])

    def fragment() -> str:
        text: str = browser.get(url, headers={"HX-Request": "true"}).text
        assert "<html" not in text
        return text

    assert 'hx-trigger="every 2s"' in fragment()
    become(MessageState.ACCEPTED)
    tasks.settle(campaign.pk)
    assert 'hx-trigger="every 10s"' in fragment()
    become(MessageState.DELIVERED)
    assert "hx-trigger" not in fragment()


def test_the_rest_can_be_cancelled_from_the_page(
    acme: Account, alice: User, browser: Client, grant: Grant, become: Become, now: datetime
) -> None:
    grant(acme, "100")
    campaign = launched(acme, alice, now, ANNA, BRUNO)
    become(MessageState.DELIVERED, recipient=ANNA)
    url = reverse("campaign_cancellation", args=[acme.public_id, campaign.public_id])
    assert "1 message was cancelled" in browser.post(url, follow=True).text
    assert "Nothing is left to cancel" in browser.post(url, follow=True).text
    tasks.settle(campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.charged_units) == (State.CANCELLED, ITALY)


def test_the_list_shows_what_each_campaign_cost(
    acme: Account, alice: User, browser: Client, grant: Grant, become: Become, now: datetime
) -> None:
    url = reverse("campaigns", args=[acme.public_id])
    assert "Nothing sent yet" in browser.get(url).text
    grant(acme, "100")
    campaign = launched(acme, alice, now, ANNA)
    assert "0.7 held" in browser.get(url).text
    become(MessageState.DELIVERED)
    tasks.settle(campaign.pk)
    page = browser.get(url).text
    assert "0.7 held" not in page
    assert "Sent" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"recipient_count": 0}, "a_campaign_sends_something"),
        ({"held_units": 0}, "a_campaign_holds_what_it_may_cost"),
        ({"charged_units": ITALY + 1}, "a_campaign_never_costs_more_than_it_held"),
        ({"state": "lost"}, "a_campaign_has_a_known_state"),
        ({"state": "settled"}, "a_finished_campaign_is_settled"),
    ],
)
def test_the_table_refuses_a_campaign_that_cannot_be(
    acme: Account, alice: User, grant: Grant, now: datetime, change: dict[str, object], sentence: str
) -> None:
    grant(acme, "100")
    campaign = launched(acme, alice, now, ANNA)
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(**change)


def test_the_tables_refuse_a_reference_twice(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    first = launched(acme, alice, now, ANNA)
    second = services.launch(
        account=acme, actor_id=alice.pk, sender=None, text="ciao", recipients=[ANNA], reference="other", now=now
    )
    with pytest.raises(IntegrityError, match="a_reference_launches_one_campaign"), transaction.atomic():
        Campaign.objects.filter(pk=second.pk).update(reference=first.reference)
    draft = CampaignDraft.objects.create(account=acme, reference=uuid4(), text="x", updated_at=now)
    with pytest.raises(IntegrityError, match="a_form_makes_one_draft"), transaction.atomic():
        CampaignDraft.objects.create(account=acme, reference=draft.reference, text="y", updated_at=now)
