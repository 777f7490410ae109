"""When an alert on how long credits last fires and clears, that weekdays and clocks do not make it flap, and its words."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from billing.amounts import to_units
from billing.credits import services as credits
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from messaging.alerts import runway, selectors, sending, services, tasks, wording
from messaging.alerts.codes import Channel, Kind
from messaging.alerts.models import BalanceAlert, Notice
from messaging.encoding import segments
from messaging.encoding.segments import Encoding
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn
from tests.messaging.alerts.conftest import MOBILE, SetUp
from tests.messaging.alerts.test_runway import OFFICE, ROME

DAY = timedelta(days=1)


@pytest.fixture
def today(now: datetime) -> datetime:
    return now + 13 * DAY


@pytest.fixture
def used(acme: Account, grant: Grant, today: datetime) -> Wallet:
    """Acme's wallet of 200 credits, of which ten were used today and on each of the thirteen days before."""
    wallet = grant(acme, "200")
    for day in range(13, -1, -1):
        spend(wallet, "10", today - day * DAY)
    return wallet


def spend(wallet: Wallet, amount: str, at: datetime) -> None:
    cause = credits.Cause(TransferCode.CAMPAIGN, f"test:{at.isoformat()}", "test")
    credits.spend(wallet=wallet, amount=to_units(Decimal(amount)), cause=cause, now=at)


def ahead(account: Account, days: int, now: datetime, **channels: object) -> BalanceAlert:
    """Set up a runway alert of this many days."""
    given = {"email_on": True, "email": "desk@acme.example", "sms_on": False, "number": "", **channels}
    terms = services.Terms(threshold_units=None, threshold_days=days, **given)  # type: ignore[arg-type]
    return services.create(account=account, terms=terms, actor_id=None, now=now)


def kinds() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def test_it_fires_once_when_the_credits_last_that_long_or_less_and_clears_beyond_a_margin(
    acme: Account, used: Wallet, grant: Grant, today: datetime
) -> None:
    alert = ahead(acme, 3, today)
    assert kinds() == [], "sixty credits last six days"
    spend(used, "31", today + timedelta(minutes=5))
    services.look_ahead(account=acme, now=today + timedelta(minutes=9))
    assert kinds() == [], "it was looked at ten minutes ago or less"
    for minutes in (10, 20, 30):
        services.look_ahead(account=acme, now=today + timedelta(minutes=minutes))
    assert kinds() == [Kind.FIRED]
    notice = Notice.objects.get()
    assert (notice.threshold_days, notice.threshold_units, notice.balance_units) == (3, None, to_units(Decimal(29)))
    assert notice.ends_at is not None
    assert notice.ends_at <= notice.created_at + 3 * DAY
    grant(acme, "10")
    services.look_ahead(account=acme, now=today + timedelta(minutes=40))
    assert kinds() == [Kind.FIRED], "longer than three days, and not by the margin"
    grant(acme, "40")
    services.look_ahead(account=acme, now=today + timedelta(minutes=50))
    assert kinds() == [Kind.FIRED, Kind.CLEARED]
    alert.refresh_from_db()
    assert (alert.armed, alert.next_look_at) == (True, today + timedelta(minutes=60))


def test_a_new_one_and_a_changed_one_fire_at_once(acme: Account, used: Wallet, today: datetime) -> None:
    alert = ahead(acme, 10, today)
    assert kinds() == [Kind.FIRED]
    terms = services.Terms(None, True, "boss@acme.example", False, "", threshold_days=7)
    services.change(alert=alert, terms=terms, actor_id=None, now=today)
    assert kinds() == [Kind.FIRED, Kind.FIRED]
    with pytest.raises(services.AlertExists):
        services.create(account=acme, terms=terms, actor_id=None, now=today)


def test_until_credits_have_been_used_for_a_week_it_waits(acme: Account, now: datetime) -> None:
    ahead(acme, 60, now)
    assert kinds() == []


def test_the_sweep_looks_at_accounts_that_are_due_and_at_no_others(
    acme: Account, globex: Account, set_up: SetUp, now: datetime
) -> None:
    set_up(globex, "50", email_on=False)
    alert = ahead(acme, 3, now)
    assert selectors.accounts_ahead(now) == []
    assert selectors.accounts_ahead(now + services.LOOK_PAUSE) == [acme.pk]
    BalanceAlert.objects.filter(pk=alert.pk).update(next_look_at=timezone.now())
    tasks.look_ahead()
    assert selectors.accounts_ahead(timezone.now()) == []


SUMMER_ENDS = datetime(2026, 10, 12, 8, tzinfo=ROME)
SUMMER_BEGINS = datetime(2026, 3, 16, 8, tzinfo=ROME)


@pytest.mark.parametrize(
    ("start", "days"),
    [(SUMMER_ENDS, 1), (SUMMER_BEGINS, 2), (SUMMER_ENDS, 3), (SUMMER_BEGINS, 7)],
    ids=["october, 1 day", "march, 2 days", "october, 3 days", "march, 7 days"],
)
def test_weekends_the_clock_and_a_lucky_day_do_not_make_it_flap(start: datetime, days: int) -> None:
    dice = random.Random(days)
    left, is_armed, told = 2 * 4_000, True, []
    moment = start.astimezone(UTC)
    while left > 0:
        ends_at, cautious_end = (
            runway.follow(units, pace=OFFICE, promised={}, now=moment, zone=ROME).ends_at
            for units in (left, runway.cautious(left))
        )
        if is_armed and runway.is_short(ends_at, days, moment):
            told.append("fired")
            is_armed = False
        elif not is_armed and runway.is_long_again(cautious_end, days, moment):
            told.append("cleared")
            is_armed = True
        pace = int(OFFICE.get(runway.slot(moment, ROME), 0))
        left -= pace * dice.randint(80, 120) // 100
        moment += runway.HOUR
    assert told == ["fired"]


@pytest.mark.parametrize("language", ["it", "en-gb", "fr"])
@pytest.mark.parametrize("kind", list(Kind))
def test_its_text_message_fits_into_one_segment_of_the_cheap_alphabet(language: str, kind: Kind) -> None:
    alert = BalanceAlert(account=Account(name="A" * 120), threshold_days=60)
    for month in range(1, 13):
        for day in range(1, 8):
            ends_at = None if kind == Kind.TEST else datetime(2026, month, day, 11, tzinfo=UTC)
            notice = Notice(alert=alert, kind=kind, threshold_days=60, balance_units=1_234_567_8900, ends_at=ends_at)
            with translation.override(language):
                counted = segments.count(wording.sms(notice))
            assert (counted.encoding, counted.segment_count) == (Encoding.GSM7, 1)


def test_its_notices_speak_of_days_and_of_the_hour_in_the_accounts_zone(
    acme: Account, used: Wallet, prices: None, operator: Account, today: datetime
) -> None:
    alert = ahead(acme, 7, today, sms_on=True, number=MOBILE)
    by_mail, by_sms = Notice.objects.order_by("channel")
    assert (by_mail.channel, by_sms.channel) == (Channel.EMAIL, Channel.SMS)
    Notice.objects.update(ends_at=datetime(2026, 11, 26, 10, 20, tzinfo=UTC))
    for notice in (by_mail, by_sms):
        sending.deliver(notice_id=notice.pk, now=today)
    [sent] = mail.outbox
    assert sent.subject == "Acme: credits last until Thursday 26 Nov 2026, 11:00"
    assert "At the pace of the last weeks they last until Thursday 26 Nov 2026, 11:00." in sent.body
    assert "7 days or less" in sent.body
    by_sms.refresh_from_db()
    assert by_sms.message
    assert by_sms.message.text == "Saldo: Acme has 60 credits left. At this pace they last until Thu 26/11 11:00."
    for kind in (Kind.CLEARED, Kind.TEST):
        Notice.objects.filter(pk=by_mail.pk).update(kind=kind, state="waiting", ends_at=None)
        sending.deliver(notice_id=by_mail.pk, now=today)
    assert [later.subject for later in mail.outbox[1:]] == [
        "Acme: all clear, credits last for more than 90 days",
        "Acme: test of your runway alert",
    ]
    services.test(alert=alert, actor_id=None, now=today + timedelta(minutes=2))
    assert Notice.objects.filter(kind=Kind.TEST, ends_at__isnull=False).count() == 2


def test_who_has_nothing_left_is_told_that_and_no_hour(acme: Account, used: Wallet, today: datetime) -> None:
    spend(used, "60", today + timedelta(minutes=1))
    ahead(acme, 7, today + timedelta(minutes=2))
    notice = Notice.objects.get()
    assert wording.sms(notice) == "Saldo: Acme has no credits left."
    sending.deliver(notice_id=notice.pk, now=notice.created_at)
    assert mail.outbox[0].subject == "Acme: no credits left"


@pytest.fixture
def browser(alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


def test_it_is_set_up_shown_and_changed_on_pages(browser: Client, acme: Account) -> None:
    answers = {"days": "3", "email_on": "on", "email": "desk@acme.example", "number": ""}
    assert browser.post(reverse("runway_alert_new", args=[acme.public_id]), answers).status_code == 302
    alert = BalanceAlert.objects.get()
    page = browser.get(reverse("alerts", args=[acme.public_id])).content.decode()
    assert "3 days" in page
    assert "For 3 days or less" in page
    url = reverse("alert", args=[acme.public_id, alert.public_id])
    assert 'value="3"' in browser.get(url).content.decode()
    assert browser.post(url, {**answers, "days": "5"}).status_code == 302
    alert.refresh_from_db()
    assert (alert.threshold_days, alert.threshold_units) == (5, None)


@pytest.mark.parametrize("days", ["", "0", "-1", "61", "1.5", "many", "9" * 30])
def test_days_that_cannot_be_are_refused_with_a_sentence(browser: Client, acme: Account, days: str) -> None:
    answers = {"days": days, "email_on": "on", "email": "desk@acme.example", "number": ""}
    page = browser.post(reverse("runway_alert_new", args=[acme.public_id]), answers)
    assert (page.status_code, BalanceAlert.objects.count()) == (422, 0)
