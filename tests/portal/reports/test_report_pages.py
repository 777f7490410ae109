"""The pages of reports: asking, waiting, downloading."""

import re
import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import Account, User
from portal.reports import services
from portal.reports.models import ReportRequest, State
from tests.conftest import SignedIn
from tests.portal.reports.conftest import NOVEMBER, Report

Url = Callable[..., str]


@pytest.fixture
def browser(bob: User, signed_in: SignedIn) -> Client:
    """Bob may only look, which is enough for reports."""
    return signed_in(bob)


@pytest.fixture
def url(acme: Account) -> Url:
    return lambda name, *args: reverse(name, args=[acme.public_id, *args])


def asked(**changes: str) -> dict[str, str]:
    days = {"first_day": "2026-10-01", "last_day": "2026-10-31"}
    return {"kind": "delivery_receipts", "reference": str(uuid.uuid4()), **days, **changes}


def test_without_a_report_the_page_says_what_they_are_for(browser: Client, url: Url) -> None:
    page = browser.get(url("reports")).content.decode()
    assert "No report yet" in page
    assert "hx-trigger" not in page


def test_the_form_proposes_days_and_an_address_with_days_can_be_shared(browser: Client, url: Url) -> None:
    page = browser.get(url("report_new") + "?from=2026-03-01&to=2026-03-31").content.decode()
    assert 'value="2026-03-01"' in page
    assert 'value="2026-03-31"' in page
    assert browser.get(url("report_new") + "?from=yesterday&to=%00").status_code == 200


def test_days_become_a_half_open_period_in_the_accounts_zone(browser: Client, url: Url, acme: Account) -> None:
    Account.objects.filter(pk=acme.pk).update(time_zone="Europe/Paris")
    assert browser.post(url("report_new"), asked()).status_code == 302
    made = ReportRequest.objects.get()
    # The clocks went back on the 25th.
    assert made.period_from == datetime.fromisoformat("2026-10-01T00:00:00+02:00")
    assert made.period_until == datetime.fromisoformat("2026-11-01T00:00:00+01:00")
    assert (str(made.first_day), str(made.last_day)) == ("2026-10-01", "2026-10-31")
    assert made.file_name == "saldo-delivery-receipts-20261001-20261031.xlsx"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first_day": ""}, "required"),
        ({"first_day": "tomorrow"}, "valid date"),
        ({"first_day": "0001-01-01"}, "Choose a later day."),
        ({"last_day": "9999-12-31"}, "Choose today or an earlier day."),
        ({"last_day": "2026-09-30"}, "The period ends before it begins."),
        ({"first_day": "2020-01-01"}, "or less."),
        ({"kind": "secrets"}, "valid choice"),
        ({"reference": "x"}, "UUID"),
        ({"recipient": "12"}, "at least three digits"),
        ({"least": "0"}, "greater than or equal to 1"),
        ({"least": "1e9"}, "whole number"),
        ({"kind": "statement", "recipient": "+39 347 1000000"}, "A statement is always complete."),
        ({"kind": "statement", "least": "2"}, "A statement is always complete."),
    ],
)
def test_what_cannot_be_a_report_is_refused_with_a_sentence(
    browser: Client, url: Url, changes: dict[str, str], sentence: str
) -> None:
    page = browser.post(url("report_new"), asked(**changes))
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not ReportRequest.objects.exists()


def test_messages_are_selected_in_an_address_that_can_be_shared_and_listed_with_it(
    browser: Client, url: Url, acme: Account
) -> None:
    given = {"from": "2026-10-01", "to": "2026-10-31", "recipient": "+39 347 1000000", "least": "1000"}
    page = browser.get(url("report_new"), given).content.decode()
    for value in ("+39 347 1000000", "1000", "2026-10-31"):
        assert f'value="{value}"' in page
    browser.post(url("report_new"), asked(recipient=given["recipient"], least=given["least"]))
    made = ReportRequest.objects.get()
    assert (made.recipient, made.least_count) == ("+393471000000", 1000)
    listed = browser.get(url("reports")).content.decode()
    assert "Recipient +39 347 100 0000" in listed
    assert "Campaigns of at least 1,000 messages" in listed


def test_the_history_leads_to_a_report_of_what_it_shows_where_there_is_one(
    browser: Client, url: Url, acme: Account, acme_milano: Account, now: datetime
) -> None:
    def link(**filters: str) -> str:
        page = browser.get(url("messages"), {"page": "last", **filters}).content.decode()
        found = re.search(r'href="([^"]*/reports/new/[^"]*)"', page)
        return found[1] if found else ""

    chosen = {"since": "2026-10-01", "until": "2026-10-31", "recipient": "+39 347 1000000", "least": "5"}
    there = link(**chosen)
    assert there == url("report_new") + ("?from=2026-10-01&amp;to=2026-10-31&amp;recipient=%2B393471000000&amp;least=5")
    assert link(subaccount=str(acme_milano.public_id)).startswith(reverse("report_new", args=[acme_milano.public_id]))
    assert (link(state="delivered"), link(text="Ciao")) == ("", "")
    Account.objects.filter(pk=acme_milano.pk).update(deactivated_at=now)
    assert link(subaccount=str(acme_milano.public_id)) == ""


def test_a_double_click_is_one_report(browser: Client, url: Url) -> None:
    answers = asked()
    for _ in range(2):
        assert browser.post(url("report_new"), answers).status_code == 302
    assert ReportRequest.objects.count() == 1


def test_too_many_reports_at_once_are_refused_with_a_sentence(browser: Client, url: Url) -> None:
    for _ in range(services.MAX_UNDER_WAY):
        browser.post(url("report_new"), asked())
    page = browser.post(url("report_new"), asked())
    assert page.status_code == 422
    assert "Wait until one of them is ready." in page.content.decode()


def test_progress_is_shown_and_asked_for_again_until_the_report_is_there(
    browser: Client, acme: Account, report: Report, url: Url
) -> None:
    report(acme)
    ReportRequest.objects.update(state=State.BUILDING, lease_until=NOVEMBER[1], row_count=2000, done_count=500)
    page = browser.get(url("reports"), headers={"HX-Request": "true", "HX-Target": "reports"}).content.decode()
    assert "<html" not in page
    assert 'hx-trigger="every 2s"' in page
    assert '<progress max="2000" value="500"' in page
    assert "500 of 2,000" in page


@pytest.mark.django_db(transaction=True)
def test_a_finished_report_is_downloaded(browser: Client, acme: Account, report: Report, url: Url) -> None:
    made = report(acme)
    assert browser.get(url("report_file", made.public_id)).status_code == 404
    services.build(report_id=made.pk)
    page = browser.get(url("reports")).content.decode()
    assert url("report_file", made.public_id) in page
    assert "hx-trigger" not in page
    assert "Agrees with the ledger" in page
    response = browser.get(url("report_file", made.public_id))
    assert response.getvalue()[:2] == b"PK"
    assert "saldo-delivery-receipts-20261101-20261130.xlsx" in response["Content-Disposition"]
    assert "spreadsheetml" in response["Content-Type"]
    made.refresh_from_db()
    made.file.delete(save=False)
    assert browser.get(url("report_file", made.public_id)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_report_of_another_account_does_not_exist(
    browser: Client, globex: Account, charlie: User, report: Report, url: Url
) -> None:
    theirs = report(globex, requested_by=charlie)
    services.build(report_id=theirs.pk)
    assert browser.get(url("report_file", theirs.public_id)).status_code == 404
    assert str(theirs.public_id) not in browser.get(url("reports")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_same_report_is_offered_before_it_is_made_anew(
    browser: Client, url: Url, acme: Account, report: Report, bob: User
) -> None:
    made = report(acme, requested_by=bob)
    services.build(report_id=made.pk)
    november = asked(first_day="2026-11-01", last_day="2026-11-30")
    ReportRequest.objects.update(period_until=datetime.fromisoformat("2026-11-02T00:00:00+01:00"))
    november["last_day"] = "2026-11-01"
    page = browser.post(url("report_new"), november).content.decode()
    assert "You have this report already" in page
    assert url("report_file", made.public_id) in page
    assert ReportRequest.objects.count() == 1
    assert browser.post(url("report_new"), {**november, "anew": "1"}).status_code == 302
    assert ReportRequest.objects.count() == 2
    assert (
        browser.post(url("report_new"), {**november, "reference": str(uuid.uuid4()), "least": "2"}).status_code == 302
    )
    ReportRequest.objects.filter(least_count=2).update(state=State.FAILED)
    other = asked(first_day="2026-10-01", last_day="2026-10-02")
    assert browser.post(url("report_new"), other).status_code == 302


def test_a_file_that_was_deleted_is_said_to_be_and_is_not_found(
    browser: Client, url: Url, acme: Account, report: Report
) -> None:
    made = report(acme)
    ReportRequest.objects.update(state=State.DELETED)
    assert "File deleted" in browser.get(url("reports")).content.decode()
    assert browser.get(url("report_file", made.public_id)).status_code == 404
