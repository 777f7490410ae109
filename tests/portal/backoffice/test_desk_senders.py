"""The desk on sender names: everything about one, its registrations, its withdrawal."""

from datetime import datetime
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from messaging.senders import countries, registrations, rule_file, selectors
from messaging.senders import services as senders
from messaging.senders.codes import MediaType, RegistrationState, State
from messaging.senders.documents import Paper
from messaging.senders.models import Registration, SenderName
from portal.accounts.models import Account, User
from tests.conftest import SignedIn


@pytest.fixture
def sender(acme: Account, alice: User, now: datetime, settings: Settings, tmp_path: Path) -> SenderName:
    settings.MEDIA_ROOT = tmp_path
    paper = Paper("proof.pdf", MediaType.PDF, b"%PDF-1.7 %%EOF")
    return senders.request(account=acme, name="Amazom", purpose="", papers=[paper], actor_id=alice.pk, now=now)


@pytest.fixture
def india(sender: SenderName, alice: User, now: datetime) -> Registration:
    countries.load(rows=rule_file.read(), actor_id=None, now=now)
    return registrations.request(sender=sender, country="IN", alias=None, actor_id=alice.pk, now=now)


def review(sender: SenderName) -> str:
    return reverse("desk_sender_review", args=[sender.public_id])


def test_one_page_has_the_near_names_the_brand_the_documents_and_the_story(
    india: Registration,
    sender: SenderName,
    globex: Account,
    charlie: User,
    olga: User,
    now: datetime,
    signed_in: SignedIn,
) -> None:
    senders.request(account=globex, name="Amazum", purpose="", actor_id=charlie.pk, now=now)
    page = signed_in(olga).get(review(sender)).text
    for expected in (
        "Amazum",
        "Globex",
        "This name differs from “Amazum”",
        "protected brand “Amazon”",
        "proof.pdf",
        "India",
    ):
        assert expected in page
    assert "Registration in India requested by Alice Cast" in page


def test_a_customer_never_reads_whose_name_is_near(
    acme: Account, globex: Account, sender: SenderName, alice: User, charlie: User, now: datetime, signed_in: SignedIn
) -> None:
    senders.request(account=globex, name="Amazum", purpose="", actor_id=charlie.pk, now=now)
    page = signed_in(alice).get(reverse("sender_name", args=[acme.public_id, sender.public_id])).text
    assert "Amazum" not in page
    assert "Globex" not in page


def test_a_registration_that_waits_stands_in_the_queue_until_it_is_decided(
    india: Registration, sender: SenderName, olga: User, signed_in: SignedIn
) -> None:
    browser = signed_in(olga)
    assert "1 registration to forward" in browser.get(reverse("desk")).text
    assert "India" in browser.get(reverse("desk_senders")).text
    url = reverse("desk_registration_decision", args=[sender.public_id, india.public_id])
    assert browser.post(url, {"state": "refused", "reason": ""}).status_code == 422
    assert browser.post(url, {"state": "lost"}).status_code == 422
    assert browser.post(url, {"state": "forwarded"}).status_code == 302
    assert "registration to forward" not in browser.get(reverse("desk")).text
    assert "India" in browser.get(reverse("desk_senders")).text
    assert browser.post(url, {"state": "approved"}).status_code == 302
    india.refresh_from_db()
    assert india.state == RegistrationState.APPROVED
    assert "India" not in browser.get(reverse("desk_senders")).text


def test_an_approved_name_is_taken_back_with_a_reason(
    acme: Account, sender: SenderName, olga: User, now: datetime, signed_in: SignedIn
) -> None:
    browser, url = signed_in(olga), reverse("desk_sender_withdrawal", args=[sender.public_id])
    assert "Only an approved name" in browser.post(url, {"reason": "No right to it."}, follow=True).text
    senders.approve(sender=sender, actor_id=olga.pk, now=now)
    assert browser.post(url, {"reason": " "}).status_code == 422
    assert browser.post(url, {"reason": "No right to it."}).status_code == 302
    sender.refresh_from_db()
    assert (sender.state, sender.reason) == (State.WITHDRAWN, "No right to it.")
    assert not selectors.may_use(account=acme, sender=sender, countries=[], at=now)


def test_staff_see_what_a_change_of_a_country_would_do_before_they_make_it(
    india: Registration, sender: SenderName, olga: User, now: datetime, signed_in: SignedIn
) -> None:
    senders.approve(sender=sender, actor_id=olga.pk, now=now)
    browser = signed_in(olga)
    page = browser.get(reverse("desk_countries"), {"q": "ital"}).text
    assert "Italy" in page
    assert "France" not in page
    url = reverse("desk_country", args=[selectors.rules_at(now).get(country="IT").public_id])
    change = {
        "alphanumeric": "registration",
        "numeric": "yes",
        "short_code": "yes",
        "relative_rate": "2",
        "first_day": "2036-01-01",
        "last_day": "2036-01-31",
    }
    preview = browser.post(url, change)
    assert "1 approved sender: Kept → Registration needed" in preview.text
    assert len(selectors.periods_of("IT")) == 1
    assert browser.post(url, change | {"confirmed": "yes"}, follow=True).status_code == 200
    first, second, third = selectors.periods_of("IT")
    assert first.valid_until == second.valid_from == datetime.fromisoformat("2036-01-01T00:00+01:00")
    assert second.valid_until == third.valid_from == datetime.fromisoformat("2036-02-01T00:00+01:00")
    assert third.terms == first.terms
    assert "says so already" in browser.post(url, change | {"confirmed": "yes"}, follow=True).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_day": "2020-01-01"},
        {"last_day": "2035-12-31"},
        {"alphanumeric": "perhaps"},
        {"relative_rate": "0"},
        {"first_day": ""},
    ],
)
def test_a_change_that_cannot_be_is_refused(
    india: Registration, olga: User, now: datetime, signed_in: SignedIn, wrong: dict[str, str]
) -> None:
    url = reverse("desk_country", args=[selectors.rules_at(now).get(country="IT").public_id])
    change = {
        "alphanumeric": "no",
        "numeric": "yes",
        "short_code": "yes",
        "relative_rate": "2",
        "first_day": "2036-01-01",
        "confirmed": "yes",
    }
    assert signed_in(olga).post(url, change | wrong).status_code == 422
    assert len(selectors.periods_of("IT")) == 1


def test_a_country_that_the_table_lacks_is_added_once(
    india: Registration, olga: User, now: datetime, signed_in: SignedIn
) -> None:
    browser, url = signed_in(olga), reverse("desk_country_new")
    rule = {
        "country": "SH",
        "alphanumeric": "yes",
        "numeric": "no",
        "short_code": "no",
        "relative_rate": "3",
        "first_day": timezone.localdate().isoformat(),
    }
    assert browser.post(url, rule | {"country": "IT"}).status_code == 422
    assert browser.post(url, rule, follow=True).status_code == 200
    assert browser.post(url, rule).status_code == 422
    added = selectors.rules_at(timezone.now()).get(country="SH")
    assert (added.calling_prefix, added.alphanumeric) == ("290", "yes")


def test_countries_are_found_by_what_they_do_with_names(india: Registration, olga: User, signed_in: SignedIn) -> None:
    page = signed_in(olga).get(reverse("desk_countries"), {"names": "registration"}).text
    assert "United Arab Emirates" in page
    assert "Italy" not in page
