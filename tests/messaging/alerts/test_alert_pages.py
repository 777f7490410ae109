"""The pages of balance alerts: what they show, what they refuse, and to whom they are closed."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.amounts import UNITS_PER_CREDIT
from messaging.alerts.codes import Kind, NoticeState
from messaging.alerts.models import BalanceAlert, Notice
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn
from tests.messaging.alerts.conftest import MOBILE, SetUp

Answers = dict[str, str]


@pytest.fixture
def browser(alice: User, signed_in: SignedIn, prices: None) -> Client:
    return signed_in(alice)


@pytest.fixture
def url(acme: Account) -> Callable[..., str]:
    return lambda name, *args: reverse(name, args=[acme.public_id, *args])


def filled(**changes: str) -> Answers:
    answers = {"threshold": "50", "email_on": "on", "email": "desk@acme.example", "number": ""}
    return {name: value for name, value in {**answers, **changes}.items() if value != "off"}


def test_without_an_alert_the_page_says_what_they_are_for(browser: Client, url: Callable[..., str]) -> None:
    page = browser.get(url("alerts"))
    assert "No alert yet" in page.content.decode()
    assert url("alert_new") in page.content.decode()


def test_an_alert_is_set_up_in_the_decimals_of_the_persons_language(
    browser: Client, alice: User, acme: Account, grant: Grant, url: Callable[..., str]
) -> None:
    grant(acme, "10000")
    User.objects.filter(pk=alice.pk).update(language="it")
    answers = filled(threshold="1.234,5", sms_on="on", number="347 123 4567")
    assert browser.post(url("alert_new"), answers).status_code == 302
    alert = BalanceAlert.objects.get()
    assert (alert.threshold_units, alert.number, alert.account) == (12_345_000, MOBILE, acme)
    assert "1.234,5" in browser.get(url("alerts")).content.decode()
    assert 'value="1234,5"' in browser.get(url("alert", alert.public_id)).content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"threshold": ""}, "required"),
        ({"threshold": "0"}, "Enter more than zero credits."),
        ({"threshold": "-5"}, "Enter more than zero credits."),
        ({"threshold": "many"}, "Enter a number of credits"),
        ({"threshold": "1e9"}, "Enter a number of credits"),
        ({"threshold": "0.00001"}, "no more than four decimals"),
        ({"threshold": "9" * 30}, "Enter no more than"),
        ({"threshold": "9" * 100_000}, "Enter a number of credits"),
        ({"email": "nobody"}, "valid email"),
        ({"email": ""}, "switch the channel off"),
        ({"email_on": "off"}, "otherwise nobody would be told"),
        ({"sms_on": "on"}, "switch the channel off"),
        ({"sms_on": "on", "number": "12"}, "not a telephone number"),
        ({"sms_on": "on", "number": "📱"}, "not a telephone number"),
        ({"sms_on": "on", "number": "+39 1"}, "not a telephone number"),
    ],
)
def test_what_cannot_be_an_alert_is_refused_with_a_sentence(
    browser: Client, url: Callable[..., str], changes: Answers, sentence: str
) -> None:
    page = browser.post(url("alert_new"), filled(**changes))
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not BalanceAlert.objects.exists()


def test_the_same_alert_submitted_twice_is_one(browser: Client, url: Callable[..., str]) -> None:
    browser.post(url("alert_new"), filled())
    page = browser.post(url("alert_new"), filled())
    assert page.status_code == 422
    assert "already" in page.content.decode()
    assert BalanceAlert.objects.count() == 1


def test_a_channel_is_switched_off_and_the_address_is_kept(
    browser: Client, acme: Account, set_up: SetUp, url: Callable[..., str]
) -> None:
    alert = set_up(acme, "50")
    assert browser.post(url("alert", alert.public_id), filled(email_on="off")).status_code == 302
    alert.refresh_from_db()
    assert (alert.email_on, alert.email) == (False, "desk@acme.example")
    assert not alert.is_on


def test_a_fired_alert_and_what_became_of_its_notices_are_shown(
    browser: Client, acme: Account, set_up: SetUp, url: Callable[..., str]
) -> None:
    set_up(acme, "50", sms_on=True, number=MOBILE)
    Notice.objects.filter(channel="email").update(state=NoticeState.FAILED, fault="unreachable")
    page = browser.get(url("alerts")).content.decode()
    assert "Fired" in page
    assert "The mail server did not answer." in page
    assert page.count("Balance low") == 2


def test_the_test_button_sends_one_test_a_minute(
    browser: Client, acme: Account, grant: Grant, set_up: SetUp, url: Callable[..., str]
) -> None:
    grant(acme, "100")
    alert = set_up(acme, "50")
    for _ in range(2):
        page = browser.post(url("alert_test", alert.public_id), follow=True)
    assert "Wait a minute" in page.content.decode()
    assert list(Notice.objects.values_list("kind", flat=True)) == [Kind.TEST]
    assert Notice.objects.get().created_at <= timezone.now()


def test_an_alert_is_deleted_and_gone_from_every_page(
    browser: Client, acme: Account, set_up: SetUp, url: Callable[..., str]
) -> None:
    alert = set_up(acme, "50")
    assert browser.post(url("alert_removal", alert.public_id)).status_code == 302
    assert browser.get(url("alert", alert.public_id)).status_code == 404
    assert browser.post(url("alert_test", alert.public_id)).status_code == 404


def test_who_may_only_look_finds_no_buttons_and_closed_doors(
    acme: Account, bob: User, signed_in: SignedIn, set_up: SetUp, url: Callable[..., str]
) -> None:
    alert = set_up(acme, "50")
    browser = signed_in(bob)
    page = browser.get(url("alerts")).content.decode()
    assert "desk@acme.example" in page
    assert url("alert_new") not in page
    assert url("alert", alert.public_id) not in page
    for name, args in (("alert_new", []), ("alert", [alert.public_id]), ("alert_test", [alert.public_id])):
        assert browser.post(url(name, *args), filled()).status_code == 403


def test_an_alert_of_another_account_does_not_exist(
    browser: Client, globex: Account, set_up: SetUp, url: Callable[..., str]
) -> None:
    theirs = set_up(globex, "50")
    assert browser.get(url("alert", theirs.public_id)).status_code == 404
    for name in ("alert", "alert_removal", "alert_test"):
        assert browser.post(url(name, theirs.public_id), filled(threshold="1")).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.threshold_units, theirs.removed_at) == (50 * UNITS_PER_CREDIT, None)


def test_a_name_that_looks_like_html_is_only_text(
    browser: Client, acme: Account, set_up: SetUp, url: Callable[..., str]
) -> None:
    set_up(acme, "50")
    BalanceAlert.objects.update(email="<script>@acme.example")
    assert "<script>@" not in browser.get(url("alerts")).content.decode()
