"""A sender in the registers of countries: asked for, forwarded, decided, withdrawn, told (product 6.3)."""

from datetime import datetime

import pytest
from django.urls import reverse

from messaging.senders import registrations, selectors, services
from messaging.senders.codes import Outcome, RegistrationState, State
from messaging.senders.models import Registration, SenderName
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.notices import wording as notices_wording
from portal.notices.codes import Kind
from portal.notices.models import Notice
from tests.conftest import SignedIn

ALIAS = {
    "company": "Acme S.r.l.",
    "vat_number": "IT07643520567",
    "pec": "acme@pec.example",
    "contact_name": "Alice Cast",
    "contact_email": "alice@acme.example",
    "contact_phone": "347 123 4567",
}


@pytest.fixture
def india(table: None, sender: SenderName, alice: User, now: datetime) -> Registration:
    return registrations.request(sender=sender, country="IN", alias=None, actor_id=alice.pk, now=now)


def decide(registration: Registration, state: RegistrationState, olga: User, now: datetime, reason: str = "") -> None:
    registrations.decide(registration=registration, state=state, reason=reason, actor_id=olga.pk, now=now)


def test_a_registration_is_forwarded_then_approved_and_the_customer_is_told(
    india: Registration, acme: Account, sender: SenderName, alice: User, olga: User, now: datetime, signed_in: SignedIn
) -> None:
    decide(india, RegistrationState.FORWARDED, olga, now)
    decide(india, RegistrationState.APPROVED, olga, now)
    decide(india, RegistrationState.APPROVED, olga, now)
    assert selectors.may_use(account=acme, sender=sender, countries=["IN"], at=now)
    told = Notice.objects.filter(kind=Kind.SENDER_COUNTRY, user=alice).order_by("pk")
    assert [notice.context["state"] for notice in told] == ["forwarded", "approved"]
    words = [notices_wording.words(notice) for notice in told]
    assert "register of India" in words[0].sentences[0]
    assert words[1].subject == "Acme: the sender name Acme in India"
    assert signed_in(alice).get(notices_wording.path(told[0])).status_code == 200
    assert AuditEvent.objects.filter(action__startswith="registration.").count() == 3


def test_a_refusal_needs_a_reason_and_the_customer_reads_it(
    india: Registration, acme: Account, sender: SenderName, alice: User, olga: User, now: datetime, signed_in: SignedIn
) -> None:
    with pytest.raises(registrations.ReasonMissing):
        decide(india, RegistrationState.REFUSED, olga, now)
    decide(india, RegistrationState.REFUSED, olga, now, "The template is missing.")
    page = signed_in(alice).get(reverse("sender_name", args=[acme.public_id, sender.public_id])).text
    assert "The template is missing." in page
    assert "Registration in India refused" in page
    assert "Olga" not in page
    again = registrations.request(sender=sender, country="IN", alias=None, actor_id=alice.pk, now=now)
    assert selectors.registrations(sender) == [again]


def test_an_answer_may_change_but_what_has_ended_stays_ended(india: Registration, olga: User, now: datetime) -> None:
    decide(india, RegistrationState.APPROVED, olga, now)
    with pytest.raises(registrations.NotPossible):
        decide(india, RegistrationState.FORWARDED, olga, now)
    decide(india, RegistrationState.REFUSED, olga, now, "Struck off the register.")
    with pytest.raises(registrations.NotPossible):
        decide(india, RegistrationState.APPROVED, olga, now)
    with pytest.raises(registrations.NotPossible):
        registrations.withdraw(registration=india, actor_id=olga.pk, now=now)


def test_a_registration_is_asked_for_only_where_there_is_a_register_and_once(
    india: Registration, sender: SenderName, alice: User, now: datetime
) -> None:
    for country, refusal in (("FR", registrations.NotRegistrable), ("IN", registrations.AlreadyThere)):
        with pytest.raises(refusal):
            registrations.request(sender=sender, country=country, alias=None, actor_id=alice.pk, now=now)
    with pytest.raises(registrations.AliasMissing):
        registrations.request(sender=sender, country="IT", alias=None, actor_id=alice.pk, now=now)


def test_a_number_is_registered_where_numbers_are(table: None, acme: Account, alice: User, now: datetime) -> None:
    number = services.request(account=acme, name="+39 347 123 4567", purpose="", actor_id=alice.pk, now=now)
    assert number.is_number
    assert "TH" in selectors.registrable(number, now)
    assert not {"IT", "IN"} & set(selectors.registrable(number, now))


def test_a_withdrawn_name_takes_its_registrations_and_the_default_along(
    india: Registration, acme: Account, sender: SenderName, alice: User, now: datetime
) -> None:
    services.set_default(account=acme, sender=sender, actor_id=alice.pk, now=now)
    services.withdraw(sender=sender, actor_id=alice.pk, now=now)
    india.refresh_from_db()
    assert india.state == RegistrationState.WITHDRAWN
    assert selectors.default_of(acme) is None
    assert not selectors.may_use(account=acme, sender=sender, countries=[], at=now)
    with pytest.raises(registrations.SenderOver):
        registrations.request(sender=sender, country="IN", alias=None, actor_id=alice.pk, now=now)
    with pytest.raises(services.AlreadyReviewed):
        services.withdraw(sender=sender, actor_id=alice.pk, now=now)
    assert services.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now) != sender


def test_a_name_that_staff_take_back_says_why_and_is_used_no_more(
    acme: Account, sender: SenderName, alice: User, olga: User, now: datetime
) -> None:
    with pytest.raises(services.ReasonMissing):
        services.revoke(sender=sender, reason=" ", actor_id=olga.pk, now=now)
    services.revoke(sender=sender, reason="The trade mark has lapsed.", actor_id=olga.pk, now=now)
    assert not selectors.usable(acme).exists()
    [line] = selectors.passport(account=acme, sender=sender, recipients={"IT": 1}, at=now)
    assert (line.outcome, line.may_send) == (Outcome.REFUSED, False)
    notice = Notice.objects.get(kind=Kind.SENDER_WITHDRAWN)
    assert "The trade mark has lapsed." in notices_wording.words(notice).sentences
    with pytest.raises(services.AlreadyReviewed):
        services.revoke(sender=sender, reason="Again", actor_id=olga.pk, now=now)


def test_the_story_has_every_step_with_date_and_reason(
    india: Registration, sender: SenderName, olga: User, now: datetime
) -> None:
    decide(india, RegistrationState.REFUSED, olga, now, "No template.")
    steps = [(each.country, each.state, each.reason) for each in selectors.story(sender)]
    assert steps == [
        ("IN", "refused", "No template."),
        ("IN", "requested", ""),
        ("", State.APPROVED, ""),
        ("", State.REQUESTED, ""),
    ]


def test_italy_asks_who_sends_and_the_billing_details_answer(
    table: None, acme: Account, sender: SenderName, alice: User, signed_in: SignedIn
) -> None:
    url = reverse("sender_alias_new", args=[acme.public_id, sender.public_id])
    browser = signed_in(alice)
    form = browser.get(url).context["form"]
    assert (form["company"].value(), form["vat_number"].value()) == ("Acme", "IT07643520567")
    answer = browser.post(url, ALIAS, follow=True)
    assert "has been requested" in answer.text
    registration = Registration.objects.get(country="IT")
    assert registration.alias_entry.contact_phone == "+393471234567"
    assert "Acme S.r.l." in answer.text


@pytest.mark.parametrize(
    "wrong", [{"pec": ""}, {"pec": "acme"}, {"vat_number": "IT07643520568"}, {"contact_phone": "12"}, {"company": ""}]
)
def test_an_alias_that_is_wrong_is_refused_with_a_sentence(
    table: None, acme: Account, sender: SenderName, alice: User, signed_in: SignedIn, wrong: dict[str, str]
) -> None:
    url = reverse("sender_alias_new", args=[acme.public_id, sender.public_id])
    answer = signed_in(alice).post(url, ALIAS | wrong)
    assert answer.status_code == 422
    assert not Registration.objects.exists()


def test_a_country_is_chosen_among_those_with_a_register(
    table: None, acme: Account, sender: SenderName, alice: User, signed_in: SignedIn
) -> None:
    url = reverse("sender_registration_new", args=[acme.public_id, sender.public_id])
    browser = signed_in(alice)
    assert browser.post(url, {"country": "FR"}).status_code == 422
    assert browser.post(url, {"country": "IN"}, follow=True).status_code == 200
    registration = Registration.objects.get()
    assert registration.country == "IN"
    assert browser.post(url, {"country": "IN"}).status_code == 422
    withdrawal = reverse(
        "sender_registration_withdrawal", args=[acme.public_id, sender.public_id, registration.public_id]
    )
    assert "has been withdrawn" in browser.post(withdrawal, follow=True).text
    assert "has ended already" in browser.post(withdrawal, follow=True).text


def test_the_list_of_names_shows_each_with_its_countries(
    india: Registration, acme: Account, bob: User, signed_in: SignedIn
) -> None:
    page = signed_in(bob).get(reverse("sender_names", args=[acme.public_id])).text
    assert "India" in page
    assert "Requested</span>" in page


def test_a_viewer_reads_the_story_and_changes_nothing(
    india: Registration, acme: Account, sender: SenderName, bob: User, signed_in: SignedIn
) -> None:
    browser = signed_in(bob)
    page = browser.get(reverse("sender_name", args=[acme.public_id, sender.public_id])).text
    assert "Register in" not in page
    assert "Withdraw" not in page
    assert browser.post(reverse("sender_withdrawal", args=[acme.public_id, sender.public_id])).status_code == 403


def test_a_name_is_withdrawn_in_the_browser(
    acme: Account, sender: SenderName, alice: User, signed_in: SignedIn
) -> None:
    browser, url = signed_in(alice), reverse("sender_withdrawal", args=[acme.public_id, sender.public_id])
    assert "has been withdrawn" in browser.post(url, follow=True).text
    assert "has ended already" in browser.post(url, follow=True).text
