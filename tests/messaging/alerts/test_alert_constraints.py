"""What the tables of alerts refuse, whatever a service might do."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from messaging.alerts import sending
from messaging.alerts.models import BalanceAlert, Notice
from portal.accounts.models import Account
from tests.messaging.alerts.conftest import SetUp

MOMENT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_threshold_is_above_zero", {"threshold_units": 0}),
        ("a_threshold_is_above_zero", {"threshold_units": -1}),
        ("an_alert_by_e_mail_has_an_address", {"email": ""}),
        ("an_alert_by_sms_has_an_e164_number", {"sms_on": True}),
        ("an_alert_by_sms_has_an_e164_number", {"sms_on": True, "number": "0039347"}),
        ("an_alert_that_is_not_armed_has_fired", {"fired_at": None}),
        ("a_runway_has_1_to_60_days", {"threshold_units": None, "threshold_days": 0, "next_look_at": MOMENT}),
        ("a_runway_has_1_to_60_days", {"threshold_units": None, "threshold_days": 61, "next_look_at": MOMENT}),
        ("an_alert_watches_credits_or_days", {"threshold_units": None}),
        ("an_alert_watches_credits_or_days", {"threshold_days": 3, "next_look_at": MOMENT}),
    ],
)
def test_an_alert_that_cannot_be_is_refused(
    acme: Account, set_up: SetUp, constraint: str, change: dict[str, object]
) -> None:
    set_up(acme, "50")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        BalanceAlert.objects.update(**change)


def test_the_table_refuses_the_same_alert_twice(acme: Account, set_up: SetUp) -> None:
    alert = set_up(acme, "50")
    alert.pk, alert.public_id = None, alert.account.public_id
    with pytest.raises(IntegrityError, match="an_alert_is_set_up_once"), transaction.atomic():
        alert.save(force_insert=True)


def test_the_table_lets_no_alert_be_deleted_whose_notices_name_it(acme: Account, set_up: SetUp) -> None:
    set_up(acme, "50")
    with (
        pytest.raises(IntegrityError, match="alerts_balancealert"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM alerts_balancealert")


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_notice_says_something_known", {"kind": "gossip"}),
        ("a_notice_goes_a_known_way", {"channel": "pigeon"}),
        ("a_notice_has_a_known_state", {"state": "lost"}),
        ("a_notice_has_an_address", {"address": ""}),
        ("a_notice_being_sent_has_a_lease", {"state": "sending"}),
        ("a_sent_notice_says_when", {"state": "sent"}),
        ("a_failed_notice_says_why", {"state": "failed"}),
        ("a_notice_is_about_credits_or_days", {"threshold_units": None}),
        ("a_notice_is_about_credits_or_days", {"threshold_days": 3}),
    ],
)
def test_a_notice_that_cannot_be_is_refused(
    acme: Account, set_up: SetUp, constraint: str, change: dict[str, object]
) -> None:
    set_up(acme, "50")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Notice.objects.update(**change)


def test_an_e_mail_never_becomes_a_message(acme: Account, set_up: SetUp, prices: None) -> None:
    set_up(acme, "50", sms_on=True, number="+393471234567")
    by_mail, by_sms = Notice.objects.order_by("channel")
    sending.deliver(notice_id=by_sms.pk, now=by_sms.created_at)
    by_sms.refresh_from_db()
    with pytest.raises(IntegrityError, match="only_an_sms_becomes_a_message"), transaction.atomic():
        Notice.objects.filter(pk=by_mail.pk).update(message=by_sms.message)
