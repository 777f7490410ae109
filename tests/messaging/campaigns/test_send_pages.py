"""Everything that will happen, on the page; what is decided there; and what stands in the way, in a sentence."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.credits import selectors as credits_selectors
from billing.pricing.models import Rate
from messaging.campaigns import selectors, services
from messaging.campaigns.codes import State, Traffic
from messaging.campaigns.models import Campaign, CampaignDraft, SendingRules, TextTemplate
from messaging.contacts import services as contacts
from messaging.contacts.paste import Entry
from messaging.delivery.models import Message
from messaging.senders import services as senders
from portal.accounts.models import Account, User
from tests.conftest import Clock, Grant, SignedIn
from tests.messaging.campaigns.conftest import ITALY

ANNA, BRUNO, CHANDRA = "+393471234567", "+393471234568", "+919812345678"

pytestmark = pytest.mark.usefixtures("rates")


@pytest.fixture
def browser(acme: Account, alice: User, grant: Grant, signed_in: SignedIn, clock: Clock, now: datetime) -> Client:
    """Alice's, on a Friday morning in November: what is planned for a day of 2027 is planned ahead."""
    clock(now)
    grant(acme, "100")
    return signed_in(alice)


def compose(browser: Client, account: Account, **typed: object) -> Any:
    form: dict[str, object] = {"reference": str(uuid4()), "text": "ciao", "pasted": ANNA, **typed}
    return browser.post(reverse("campaign_new", args=[account.public_id]), form)


def draft_of(answer: Any) -> CampaignDraft:
    assert answer.status_code == 302, answer.text
    return CampaignDraft.objects.get(public_id=answer.url.rstrip("/").rpartition("/")[2])


def at(name: str, draft: CampaignDraft) -> str:
    return reverse(name, args=[draft.account.public_id, draft.public_id])


def send(browser: Client, draft: CampaignDraft, **typed: object) -> Any:
    seen = selectors.quote_of(draft, timezone.now()).fingerprint
    return browser.post(at("campaign_draft", draft), {"fingerprint": seen, **typed})


def test_who_misses_a_field_is_left_out_or_gets_another_word(acme: Account, alice: User, browser: Client) -> None:
    entries = [Entry(ANNA, "Anna"), Entry(BRUNO, "")]
    people = contacts.create_list(account=acme, name="Friends", entries=entries, actor_id=alice.pk, now=timezone.now())
    typed = {"text": "Ciao {name}!", "pasted": "", "contact_list": str(people.public_id)}
    draft = draft_of(compose(browser, acme, **typed))
    page = browser.get(at("campaign_draft", draft)).text
    assert "1 recipient has no “name”." in page
    assert send(browser, draft).status_code == 409
    browser.post(at("campaign_draft_omission", draft))
    assert "Ciao Anna!" in browser.get(at("campaign_draft", draft)).text
    assert selectors.quote_of(CampaignDraft.objects.get(), timezone.now()).recipient_count == 1
    other = draft_of(compose(browser, acme, **typed))
    browser.post(at("campaign_draft_default", other), {"name": "name", "default": "cliente"})
    other.refresh_from_db()
    send(browser, other)
    assert set(Message.objects.values_list("recipient", "text")) == {(ANNA, "Ciao Anna!"), (BRUNO, "Ciao cliente!")}


def test_a_country_is_skipped_and_taken_back(acme: Account, browser: Client) -> None:
    draft = draft_of(compose(browser, acme, pasted=f"{ANNA}\n{CHANDRA}"))
    browser.post(at("campaign_draft_countries", draft), {"prefix": ["91", "x", "12345678"]})
    draft.refresh_from_db()
    assert draft.skipped_prefixes == ["91"]
    assert "In a country you skip" in browser.get(at("campaign_draft", draft)).text
    browser.post(at("campaign_draft_countries", draft), {"all": "1"})
    draft.refresh_from_db()
    send(browser, draft)
    assert Message.objects.count() == 2


def test_the_same_text_again_needs_a_tick(acme: Account, browser: Client) -> None:
    send(browser, draft_of(compose(browser, acme)))
    twin = draft_of(compose(browser, acme))
    assert "This text was already sent to the same people" in browser.get(at("campaign_draft", twin)).text
    assert send(browser, twin).status_code == 409
    assert send(browser, twin, again="on").status_code == 302
    assert Campaign.objects.count() == 2


def test_a_quote_that_is_too_old_is_made_anew_and_nothing_is_sent(acme: Account, browser: Client) -> None:
    draft = draft_of(compose(browser, acme))
    CampaignDraft.objects.update(quoted_at=timezone.now() - timedelta(minutes=15))
    assert "Quote again" in browser.get(at("campaign_draft", draft)).text
    answer = send(browser, draft)
    assert answer.status_code == 409
    assert "held its prices for 15 minutes" in answer.text
    assert not Campaign.objects.exists()
    assert send(browser, draft).status_code == 302


def test_a_price_that_changes_between_quote_and_send_does_not_change_what_is_held(
    acme: Account, browser: Client, clock: Clock, now: datetime
) -> None:
    draft = draft_of(compose(browser, acme))
    seen = selectors.quote_of(draft, now).fingerprint
    now += timedelta(minutes=1)
    clock(now)
    Rate.objects.filter(prefix="39").update(valid_until=now)
    Rate.objects.create(service="sms_segment", prefix="39", country_names="Italy", units=9_000, valid_from=now)
    assert browser.post(at("campaign_draft", draft), {"fingerprint": seen}).status_code == 302
    assert credits_selectors.balance(acme).held == ITALY


def test_a_sender_that_was_refused_meanwhile_is_said(acme: Account, alice: User, olga: User, browser: Client) -> None:
    now = timezone.now()
    name = senders.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    senders.approve(sender=name, actor_id=olga.pk, now=now)
    draft = draft_of(compose(browser, acme, sender=str(name.public_id)))
    type(name).objects.filter(pk=name.pk).update(state="refused", reason="Not yours", is_default=False)
    answer = send(browser, draft)
    assert answer.status_code == 409
    assert "cannot be used any more" in answer.text
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("starts", "typed", "sentence"),
    [
        ("2027-03-28T02:30", {}, "it does not exist. The next one is 03:00."),
        ("2027-10-31T02:30", {}, "this time comes twice"),
        ("2020-01-01T09:00", {}, "This moment has passed."),
        ("0001-01-01T00:00", {}, "This moment has passed."),
        ("9999-12-31T23:59", {}, "Choose a moment within a year."),
        ("soon", {}, "Enter a day and a time"),
    ],
)
def test_a_time_that_cannot_be_is_answered(
    acme: Account, browser: Client, starts: str, typed: dict[str, str], sentence: str
) -> None:
    answer = compose(browser, acme, starts=starts, **typed)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_time_that_comes_twice_is_taken_as_it_was_answered(acme: Account, browser: Client) -> None:
    for fold, hour in (("first", 0), ("second", 1)):
        draft = draft_of(compose(browser, acme, starts="2027-10-31T02:30", fold=fold))
        assert draft.starts_at is not None
        assert (draft.starts_at.hour, draft.starts_at.minute) == (hour, 30)


def test_a_send_is_undone_and_its_text_is_there_again(acme: Account, browser: Client) -> None:
    send(browser, draft_of(compose(browser, acme)))
    campaign = Campaign.objects.get()
    page = browser.get(reverse("campaign", args=[acme.public_id, campaign.public_id])).text
    assert "Until then you can undo it." in page
    answer = browser.post(reverse("campaign_undo", args=[acme.public_id, campaign.public_id]), follow=True)
    assert "Here is your message again." in answer.text
    assert credits_selectors.balance(acme).held == 0
    Campaign.objects.update(starts_at=timezone.now())
    late = browser.post(reverse("campaign_undo", args=[acme.public_id, campaign.public_id]), follow=True)
    assert "It is too late to undo" in late.text


def test_a_campaign_is_paused_and_goes_on_from_the_page(acme: Account, browser: Client) -> None:
    send(browser, draft_of(compose(browser, acme)))
    campaign = Campaign.objects.get()
    page = browser.post(reverse("campaign_pause", args=[acme.public_id, campaign.public_id]), follow=True).text
    assert "Paused: what waits is not handed over" in page
    browser.post(reverse("campaign_resumption", args=[acme.public_id, campaign.public_id]))
    campaign.refresh_from_db()
    assert campaign.state == State.SENDING


def test_marketing_shows_who_waits_and_its_last_line(acme: Account, browser: Client) -> None:
    sunday = "2026-11-29T12:00"
    draft = draft_of(compose(browser, acme, traffic=Traffic.MARKETING, starts=sunday))
    page = browser.get(at("campaign_draft", draft)).text
    assert "1 recipient in Italy waits until" in page
    assert "To opt out, text STOP to" in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"text": "a" * 40_000}, "at most 5000 characters"),
        ({"pasted": f"{ANNA}\n" * 5}, "Written more than once: 4"),
        ({"pasted": "+998712345678"}, "Nobody would receive this message."),
        ({"text": "{name}" * 400}, "Some recipients miss what the text names."),
    ],
)
def test_bad_input_is_answered_in_a_sentence(
    acme: Account, browser: Client, typed: dict[str, object], sentence: str
) -> None:
    answer = compose(browser, acme, **typed)
    page = browser.get(answer.url).text if answer.status_code == 302 else answer.text
    assert sentence in page


def test_a_text_that_is_too_long_for_somebody_is_not_sent(acme: Account, alice: User, browser: Client) -> None:
    people = contacts.create_list(
        account=acme, name="Long", entries=[Entry(ANNA, "A" * 120)], actor_id=alice.pk, now=timezone.now()
    )
    draft = draft_of(compose(browser, acme, text="{name}" * 8, pasted="", contact_list=str(people.public_id)))
    assert "The text is too long" in browser.get(at("campaign_draft", draft)).text
    assert send(browser, draft).status_code == 409


def test_the_surgeon_prices_each_character_on_this_list(acme: Account, browser: Client) -> None:
    url = reverse("campaign_preview", args=[acme.public_id])
    typed = {"text": "L’aurora " + "a" * 100, "pasted": f"{ANNA}\n{BRUNO}"}
    page = browser.post(url, typed, headers={"HX-Request": "true"}).text
    assert "costs 1.4 credits on this list" in page
    assert "saves 1.4 credits" in page
    merged = {"text": "L’aurora di {name|noi} " + "a" * 100, "pasted": f"Anna; {ANNA}\n{BRUNO}"}
    assert "costs 1.4 credits on this list" in browser.post(url, merged, headers={"HX-Request": "true"}).text


def test_texts_are_kept_and_used(acme: Account, browser: Client) -> None:
    url = reverse("text_templates", args=[acme.public_id])
    assert "No text is kept yet." in browser.get(url).text
    browser.post(url, {"name": "Hours", "text": "Open at 9."})
    kept = TextTemplate.objects.get()
    assert "already have a template" in browser.post(url, {"name": "hours", "text": "x"}).text
    begun = browser.get(reverse("campaign_new", args=[acme.public_id]), {"template": str(kept.public_id)})
    assert "Open at 9." in begun.text
    mine = reverse("text_template", args=[acme.public_id, kept.public_id])
    browser.post(mine, {"name": "Hours", "text": "Open at 10."})
    assert "Open at 10." in browser.get(mine).text
    browser.post(reverse("text_template_removal", args=[acme.public_id, kept.public_id]))
    assert not TextTemplate.objects.exists()


def test_the_rules_of_sending_are_set(acme: Account, browser: Client) -> None:
    url = reverse("sending_rules", args=[acme.public_id])
    assert browser.post(url, {"undo_seconds": "5", "closing": ""}).status_code == 422
    assert browser.post(url, {"undo_seconds": "60", "closing": "Stop: 40404"}).status_code == 302
    assert SendingRules.objects.get(account=acme).undo_seconds == 60
    assert "Stop: 40404" in browser.get(url).text


def test_a_quote_says_how_long_its_sending_can_be_undone(acme: Account, browser: Client) -> None:
    draft = draft_of(compose(browser, acme))
    assert "30 seconds after you send: so long you can undo it" in browser.get(at("campaign_draft", draft)).text
    browser.post(reverse("sending_rules", args=[acme.public_id]), {"undo_seconds": "0", "closing": ""})
    assert "At once: it cannot be undone" in browser.get(at("campaign_draft", draft)).text


def test_a_planned_campaign_says_when_it_begins(acme: Account, browser: Client) -> None:
    send(browser, draft_of(compose(browser, acme, starts="2027-07-01T09:00")))
    campaign = Campaign.objects.get()
    page = browser.get(reverse("campaign", args=[acme.public_id, campaign.public_id])).text
    assert "Scheduled" in page
    assert campaign.starts_at == datetime(2027, 7, 1, 7, 0, tzinfo=UTC)


def test_a_quote_that_is_worked_out_shows_how_far_it_is(acme: Account, browser: Client) -> None:
    draft = draft_of(compose(browser, acme))
    CampaignDraft.objects.update(quote=None, work_due_at=timezone.now())
    page = browser.get(at("campaign_draft", draft)).text
    assert "Every recipient is being checked and priced" in page
    answer = browser.post(at("campaign_draft", draft), {"fingerprint": "0" * 64})
    assert answer.status_code == 409


def test_a_refused_campaign_says_why(acme: Account, alice: User, browser: Client, now: datetime) -> None:
    campaign = services.launch(
        account=acme, actor_id=alice.pk, sender=None, text="ciao", recipients=[ANNA], reference="r", now=now
    )
    Message.objects.all().delete()
    Campaign.objects.update(state=State.PREPARING, work_due_at=now)
    url = reverse("campaign", args=[acme.public_id, campaign.public_id])
    assert "Nothing leaves before the last one is" in browser.get(url).text
