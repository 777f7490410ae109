"""Names no telephone shows, numbers that are none, far too much: a clear sentence each, and nothing is kept."""

import uuid

import pytest
from django.test import Client

from portal.accounts.models import Account
from tests.conftest import Grant
from tests.faults.hostility import NUMBER, at, nothing_changes, said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("prices")]


@pytest.mark.parametrize(
    "name", ["Acme🎉", "🎉", "👩‍👩‍👧‍👦", "Ac\u200bme", "Аcme", "Acme\u202e", "Acme\nInfo", "<b>Acme</b>"]
)
def test_no_sender_name_holds_what_telephones_cannot_show(acme: Account, browser: Client, name: str) -> None:
    with nothing_changes():
        answer = browser.post(at("sender_name_new", acme), {"name": name, "purpose": "Reminders"})
        assert answer.status_code == 422
        assert "These characters cannot stand in a sender name:" in said(answer)
        assert "<b>Acme" not in answer.text


def test_a_message_is_not_sent_under_a_name_nobody_approved(acme: Account, browser: Client, grant: Grant) -> None:
    grant(acme, "100")
    for sender in ("🎉", "AcmeShop", "+393471234567"):
        with nothing_changes():
            form = {"reference": str(uuid.uuid4()), "sender": sender, "text": "ciao", "pasted": NUMBER}
            answer = browser.post(at("campaign_new", acme), form)
            assert answer.status_code == 422
            assert f"“{sender}” is not a valid" in said(answer)


NO_NUMBERS = {
    "hello": "“hello”: This is not a telephone number.",
    "123": "“123”: The number is too short.",
    "+39347123456789012": "“+39347123456789012”: The number is too long.",
    "4,479E+11": "“4,479E+11”: A spreadsheet has shortened this number",
    "+999 12345678": "No such number exists in its country.",
    "🙂": "“🙂”: This is not a telephone number.",
    "<script>alert(1)</script>": "“<script>alert(1)</script>”: This is not a telephone number.",
}


@pytest.mark.parametrize(("typed", "sentence"), NO_NUMBERS.items())
def test_a_number_that_is_none_is_called_so(
    acme: Account, browser: Client, grant: Grant, typed: str, sentence: str
) -> None:
    grant(acme, "100")
    forms = {
        "campaign_new": {"reference": str(uuid.uuid4()), "text": "ciao", "pasted": typed},
        "contact_list_new": {"name": "Friends", "pasted": typed},
        "opt_out_new": {"pasted": typed},
    }
    for page, form in forms.items():
        with nothing_changes():
            answer = browser.post(at(page, acme), form)
            assert answer.status_code == 422
            assert f"None of these lines holds a telephone number. {sentence}" in said(answer) or sentence in said(
                answer
            )
            assert "<script>alert" not in answer.text


def test_an_alert_needs_a_number_that_is_one(acme: Account, browser: Client) -> None:
    form = {"threshold": "10", "sms_on": "on", "number": "347"}
    with nothing_changes():
        answer = browser.post(at("alert_new", acme), form)
        assert answer.status_code == 422
        assert "This is not a telephone number. Write it with its prefix: +39 …" in said(answer)


def test_a_zero_byte_is_refused_in_every_form(acme: Account, browser: Client) -> None:
    forms = {
        "campaign_new": {"reference": str(uuid.uuid4()), "text": "ci\x00ao", "pasted": NUMBER},
        "contact_list_new": {"name": "Fri\x00ends", "pasted": NUMBER},
        "sender_name_new": {"name": "Ac\x00me", "purpose": ""},
        "billing_details": {"company": "Ac\x00me"},
    }
    for page, form in forms.items():
        with nothing_changes():
            answer = browser.post(at(page, acme), form)
            assert answer.status_code == 422, page
            assert "Null characters are not allowed." in said(answer)
    for page in ("messages", "invoices", "statement", "campaigns", "contact_lists"):
        query = dict.fromkeys(("q", "since", "state", "recipient", "campaign", "year", "sort", "page"), "\x00")
        assert browser.get(at(page, acme), query).status_code in {200, 422}


def test_ten_megabytes_are_refused_before_they_are_read(acme: Account, browser: Client, grant: Grant) -> None:
    grant(acme, "100")
    text = "ciao " * (2 * 1_000_000)
    forms = {
        "campaign_new": {"text": text, "pasted": NUMBER},
        "campaign_preview": {"text": "ciao", "pasted": text},
        "contact_list_new": {"name": "Friends", "pasted": text},
        "opt_out_new": {"pasted": text},
    }
    for page, form in forms.items():
        with nothing_changes():
            answer = browser.post(at(page, acme), form)
            assert answer.status_code == 400
            assert "What was sent is too large: a page takes at most 4 MB at once." in said(answer)
            assert "Nothing has been changed." in said(answer)


def test_a_paste_that_is_too_long_is_refused_in_words(acme: Account, browser: Client) -> None:
    long, many = "ciao " * 500_000, "\n".join(f"+3934{number:08}" for number in range(10_001))
    answers = {
        long: "This is too much to read at once: paste at most 2,000,000 characters.",
        many: "at most 10,000",
    }
    for pasted, sentence in answers.items():
        for page, form in (("campaign_new", {"text": "ciao"}), ("contact_list_new", {"name": "Friends"})):
            with nothing_changes():
                answer = browser.post(at(page, acme), {**form, "pasted": pasted})
                assert answer.status_code == 422
                assert sentence in said(answer)


def test_a_text_that_is_too_long_is_refused_in_words(acme: Account, browser: Client, grant: Grant) -> None:
    grant(acme, "100")
    for text in ("a" * 919, "🎉" * 202):
        with nothing_changes():
            answer = browser.post(at("campaign_new", acme), {"text": text, "pasted": NUMBER})
            assert answer.status_code == 422
            assert "This text takes 7 segments; at most 6 can be sent. Shorten it." in said(answer)
