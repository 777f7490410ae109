"""When an alert fires, when it clears, and that it does each exactly once."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connections

from billing.amounts import to_units
from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from messaging.alerts import selectors, services, tasks, telling
from messaging.alerts.codes import Channel, Fault, Kind, NoticeState
from messaging.alerts.models import BalanceAlert, Notice
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from tests.conftest import Grant
from tests.messaging.alerts.conftest import MOBILE, SetUp, Spend


def kinds() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def sweep() -> None:
    tasks.evaluate_due()


def test_an_alert_fires_at_its_threshold_and_not_above(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    grant(acme, "100")
    alert = set_up(acme, "50")
    spend(acme, "49.9999")
    sweep()
    assert kinds() == []
    spend(acme, "0.0001")
    sweep()
    notice = Notice.objects.get()
    assert (notice.kind, notice.balance_units, notice.threshold_units) == (
        Kind.FIRED,
        to_units(Decimal(50)),
        to_units(Decimal(50)),
    )
    alert.refresh_from_db()
    assert not alert.armed


def test_an_alert_fires_once_however_often_and_low_the_balance_moves(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    grant(acme, "100")
    set_up(acme, "50")
    for _ in range(3):
        spend(acme, "30")
        sweep()
        sweep()
    assert kinds() == [Kind.FIRED]


def test_an_unlimited_branch_is_warned_of_the_balance_it_draws_on(
    acme: Account, acme_milano: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    parent = grant(acme, "100")
    credits.draw_on(wallet=credits.open_wallet(account=acme_milano), other=parent)
    alert = set_up(acme_milano, "50")
    assert selectors.crossings() == []
    spend(acme, "60")
    assert selectors.crossings(wallet_id=parent.pk) == [
        selectors.Crossing(alert.pk, acme_milano.pk, to_units(Decimal(40)), True)
    ]
    tasks.evaluate_wallet(parent.pk)
    assert (kinds(), selectors.crossings()) == ([Kind.FIRED], [])
    grant(acme, "100")
    assert selectors.crossings() == [selectors.Crossing(alert.pk, acme_milano.pk, to_units(Decimal(140)), False)]
    sweep()
    assert (kinds(), selectors.crossings()) == ([Kind.FIRED, Kind.CLEARED], [])


def test_credits_that_are_held_count_as_gone(acme: Account, grant: Grant, set_up: SetUp, now: datetime) -> None:
    wallet = grant(acme, "100")
    set_up(acme, "50")
    credits.reserve(
        wallet=wallet, amount=to_units(Decimal(60)), cause=credits.Cause(TransferCode.CAMPAIGN, "test:hold"), now=now
    )
    sweep()
    assert kinds() == [Kind.FIRED]


def test_an_alert_clears_above_its_threshold_only_and_can_fire_again(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    grant(acme, "50")
    alert = set_up(acme, "50")
    spend(acme, "1")
    grant(acme, "1")
    sweep()
    assert kinds() == [Kind.FIRED], "at the threshold it is not clear yet"
    grant(acme, "0.0001")
    sweep()
    alert.refresh_from_db()
    assert alert.armed
    assert alert.cleared_at
    spend(acme, "20")
    sweep()
    assert kinds() == [Kind.FIRED, Kind.CLEARED, Kind.FIRED]


def test_each_channel_that_is_on_gets_a_notice(acme: Account, set_up: SetUp) -> None:
    set_up(acme, "50", sms_on=True, number=MOBILE)
    assert set(Notice.objects.values_list("channel", "address")) == {
        (Channel.EMAIL, "desk@acme.example"),
        (Channel.SMS, MOBILE),
    }


def test_several_thresholds_of_a_wallet_fire_one_by_one(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    grant(acme, "100")
    for threshold in ("80", "40", "10"):
        set_up(acme, threshold)
    spend(acme, "70")
    sweep()
    assert list(Notice.objects.order_by("-threshold_units").values_list("threshold_units", flat=True)) == [
        to_units(Decimal(80)),
        to_units(Decimal(40)),
    ]


def test_the_bell_of_one_wallet_leaves_the_others_to_theirs(
    acme: Account, globex: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    for account in (acme, globex):
        grant(account, "100")
        set_up(account, "50")
        spend(account, "60")
    tasks.evaluate_wallet(credits.open_wallet(account=acme).pk)
    assert set(Notice.objects.values_list("alert__account", flat=True)) == {acme.pk}
    sweep()
    assert Notice.objects.count() == 2


def test_an_alert_that_is_switched_off_stays_silent(acme: Account, grant: Grant, set_up: SetUp, spend: Spend) -> None:
    grant(acme, "100")
    set_up(acme, "50", email_on=False)
    spend(acme, "60")
    sweep()
    assert kinds() == []


def test_an_account_that_is_deactivated_is_left_alone_and_those_below_it(
    acme: Account, acme_milano: Account, grant: Grant, set_up: SetUp, spend: Spend, now: datetime
) -> None:
    for account in (acme, acme_milano):
        grant(account, "100")
        set_up(account, "50")
        spend(account, "60")
    Account.objects.filter(pk=acme.pk).update(deactivated_at=now)
    sweep()
    assert kinds() == []
    assert not BalanceAlert.objects.live().exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_exactly_one_fires(acme: Account, grant: Grant, set_up: SetUp, spend: Spend) -> None:
    grant(acme, "100")
    alert = set_up(acme, "50")
    spend(acme, "60")
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        try:
            services.evaluate(alert=alert, now=alert.created_at)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert kinds() == [Kind.FIRED]


def test_a_new_alert_fires_at_once_where_the_balance_is_low_already(acme: Account, set_up: SetUp) -> None:
    alert = set_up(acme, "50")
    assert kinds() == [Kind.FIRED]
    assert AuditEvent.objects.get(action="alert.created").subject == f"alert:{alert.public_id}"


def test_an_account_whose_wallet_was_never_opened_has_nothing_left(operator: Account, set_up: SetUp) -> None:
    set_up(Account.objects.create(name="New"), "1")
    assert kinds() == [Kind.FIRED]


def test_a_change_arms_the_alert_anew_and_no_change_does_nothing(
    acme: Account, grant: Grant, set_up: SetUp, alice: User, now: datetime
) -> None:
    grant(acme, "40")
    alert = set_up(acme, "50")
    terms = services.Terms(to_units(Decimal(50)), True, "desk@acme.example", False, "")
    services.change(alert=alert, terms=terms, actor_id=alice.pk, now=now)
    assert kinds() == [Kind.FIRED]
    terms = services.Terms(to_units(Decimal(45)), True, "boss@acme.example", False, "")
    services.change(alert=alert, terms=terms, actor_id=alice.pk, now=now)
    assert list(Notice.objects.order_by("pk").values_list("address", flat=True))[-1] == "boss@acme.example"
    terms = services.Terms(to_units(Decimal(30)), True, "boss@acme.example", False, "")
    alert = services.change(alert=alert, terms=terms, actor_id=alice.pk, now=now)
    assert alert.armed
    sweep()
    assert kinds() == [Kind.FIRED, Kind.FIRED]
    event = AuditEvent.objects.filter(action="alert.changed").latest("pk")
    assert (event.before["threshold_units"], event.after["threshold_units"]) == (
        to_units(Decimal(45)),
        to_units(Decimal(30)),
    )


def test_a_deleted_alert_fires_no_more_and_its_waiting_notices_stay(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend, now: datetime
) -> None:
    alert = set_up(acme, "50")
    for _ in range(2):
        services.remove(alert=alert, actor_id=None, now=now)
    assert Notice.objects.get().fault == Fault.REMOVED
    grant(acme, "100")
    spend(acme, "60")
    sweep()
    assert kinds() == [Kind.FIRED]
    assert not selectors.alerts(acme).exists()
    assert selectors.notices(acme).exists()
    assert AuditEvent.objects.filter(action="alert.removed").count() == 1


def test_the_same_alert_is_not_set_up_twice(acme: Account, set_up: SetUp, now: datetime) -> None:
    alert = set_up(acme, "50")
    with pytest.raises(services.AlertExists):
        set_up(acme, "50")
    services.remove(alert=alert, actor_id=None, now=now)
    set_up(acme, "50")


def test_an_alert_cannot_be_changed_into_another_one(acme: Account, set_up: SetUp, now: datetime) -> None:
    set_up(acme, "50")
    alert = set_up(acme, "60")
    with pytest.raises(services.AlertExists):
        services.change(
            alert=alert,
            terms=services.Terms(to_units(Decimal(50)), True, "desk@acme.example", False, ""),
            actor_id=None,
            now=now,
        )
    alert.refresh_from_db()
    assert alert.threshold_units == to_units(Decimal(60))


def test_an_account_has_no_more_alerts_than_it_may(
    acme: Account, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_ALERTS", 2)
    set_up(acme, "50")
    set_up(acme, "60")
    with pytest.raises(services.TooManyAlerts):
        set_up(acme, "70")
    assert BalanceAlert.objects.count() == 2


def test_notices_beyond_the_limit_of_a_day_are_shown_and_not_sent(
    acme: Account, set_up: SetUp, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "MAX_NOTICES_A_DAY", 1)
    alert = set_up(acme, "50")
    [notice] = services.test(alert=alert, actor_id=None, now=now)
    assert (notice.state, notice.fault) == (NoticeState.FAILED, Fault.TOO_MANY)
    [notice] = services.test(alert=alert, actor_id=None, now=now + timedelta(days=1, seconds=1))
    assert notice.state == NoticeState.WAITING


def test_a_test_says_it_is_one_and_leaves_the_alert_armed(
    acme: Account, grant: Grant, set_up: SetUp, alice: User, now: datetime
) -> None:
    grant(acme, "100")
    alert = set_up(acme, "50")
    [notice] = services.test(alert=alert, actor_id=alice.pk, now=now)
    assert (notice.kind, notice.balance_units) == (Kind.TEST, to_units(Decimal(100)))
    with pytest.raises(services.JustTested):
        services.test(alert=alert, actor_id=alice.pk, now=now + timedelta(seconds=59))
    alert.refresh_from_db()
    assert alert.armed


def test_an_alert_that_is_off_cannot_be_tested(acme: Account, set_up: SetUp, now: datetime) -> None:
    with pytest.raises(services.AlertOff):
        services.test(alert=set_up(acme, "50", email_on=False), actor_id=None, now=now)


@pytest.mark.django_db(transaction=True)
def test_of_many_sweeps_at_once_each_alert_fires_once(
    acme: Account, globex: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    for account in (acme, globex):
        grant(account, "100")
        for threshold in ("50", "60", "70"):
            set_up(account, threshold)
        spend(account, "60")
    found = selectors.crossings()
    start = threading.Barrier(4)

    def work(turn: int) -> None:
        start.wait()
        try:
            services.claim(crossings=found[turn:] + found[:turn], now=BalanceAlert.objects.earliest("pk").created_at)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work, args=(turn,)) for turn in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(kinds()) == 6
    assert set(kinds()) == {Kind.FIRED}


def test_a_claim_of_an_alert_that_has_changed_since_fires_nothing(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend, now: datetime
) -> None:
    grant(acme, "100")
    alert = set_up(acme, "50")
    spend(acme, "60")
    found = selectors.crossings()
    terms = services.Terms(to_units(Decimal(30)), True, "desk@acme.example", False, "")
    services.change(alert=alert, terms=terms, actor_id=None, now=now)
    assert services.claim(crossings=found, now=now) == []


def test_the_wallet_is_watched_at_the_highest_threshold_that_can_reach_somebody(
    acme: Account, grant: Grant, set_up: SetUp, now: datetime
) -> None:
    pot = grant(acme, "100").ledger_account
    alerts = [set_up(acme, threshold) for threshold in ("20", "50")]
    set_up(acme, "80", email_on=False)

    def mark() -> int | None:
        pot.refresh_from_db()
        return pot.low_mark

    assert mark() == to_units(Decimal(50))
    terms = services.Terms(to_units(Decimal(50)), False, "desk@acme.example", False, "")
    services.change(alert=alerts[1], terms=terms, actor_id=None, now=now)
    assert mark() == to_units(Decimal(20))
    services.remove(alert=alerts[0], actor_id=None, now=now)
    assert mark() is None
