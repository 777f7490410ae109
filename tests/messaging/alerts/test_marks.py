"""That the marks of wallets follow the armed alerts, whoever fires and clears them at once, and are mended when not."""

import threading
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection, connections
from django.db.models import Q
from pytest_django import DjangoAssertNumQueries

from billing.amounts import to_units
from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.credits.models import Watch
from billing.ledger.models import Account as LedgerAccount
from messaging.alerts import marking, selectors, services, tasks
from messaging.alerts.models import BalanceAlert, Notice, OwedMarks
from portal.accounts.models import Account
from tests.conftest import Grant
from tests.messaging.alerts.conftest import SetUp, Spend


def mark(account: Account) -> int | None:
    pot = credits_selectors.pot(account)
    return pot.low_mark if pot else None


def test_a_wallet_whose_alerts_have_all_fired_is_no_candidate_until_one_is_armed_again(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    grant(acme, "100")
    for threshold in ("80", "40"):
        set_up(acme, threshold)
    assert mark(acme) == to_units(Decimal(80))
    spend(acme, "30")
    tasks.evaluate_due()
    assert mark(acme) == to_units(Decimal(40)), "the one at 80 has fired"
    spend(acme, "60")
    tasks.evaluate_due()
    assert (mark(acme), list(credits_selectors.low_wallets())) == (None, [])
    grant(acme, "50")
    tasks.evaluate_due()
    assert mark(acme) == to_units(Decimal(40))
    grant(acme, "50")
    tasks.evaluate_due()
    assert mark(acme) == to_units(Decimal(80))
    spend(acme, "100")
    tasks.evaluate_due()
    assert Notice.objects.filter(kind="fired").count() == 4


def test_an_alert_that_is_switched_off_leaves_no_mark(acme: Account, grant: Grant, set_up: SetUp) -> None:
    grant(acme, "100")
    set_up(acme, "80", email_on=False)
    assert mark(acme) is None


def test_a_mark_that_somebody_left_too_high_is_mended(
    acme: Account, globex: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    for account in (acme, globex):
        grant(account, "100")
        set_up(account, "80")
    spend(acme, "30")
    crossings = selectors.crossings()
    services._fire(crossings, BalanceAlert.objects.earliest("pk").created_at)  # and dies before it lowers the mark
    assert mark(acme) == to_units(Decimal(80))
    assert marking.astray() == [acme.pk]
    tasks.repair_marks()
    assert (mark(acme), mark(globex), marking.astray()) == (None, to_units(Decimal(80)), [])
    assert selectors.recovered() == []
    grant(acme, "30")
    assert [crossing.account_id for crossing in selectors.recovered()] == [acme.pk]


def test_marks_that_somebody_died_over_are_set_by_the_next_sweep_and_no_all_clear_is_lost(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    grant(acme, "100")
    alert = set_up(acme, "80")
    spend(acme, "30")
    services._fire(selectors.crossings(), alert.created_at)  # and dies
    grant(acme, "30")
    assert selectors.crossings() == []
    tasks.evaluate_due()
    assert list(Notice.objects.order_by("pk").values_list("kind", flat=True)) == ["fired", "cleared"]
    assert (mark(acme), marking.astray(), OwedMarks.objects.count()) == (to_units(Decimal(80)), [], 0)


def test_an_all_clear_between_an_alarm_and_its_marks_waits_for_no_sweep(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend, monkeypatch: pytest.MonkeyPatch
) -> None:
    wallet = grant(acme, "100")
    set_up(acme, "80")
    spend(acme, "30")
    settle = marking.settle

    def settle_late(owed: OwedMarks) -> None:
        grant(acme, "30")
        tasks.evaluate_wallet(wallet.pk)  # its bell: it finds no mark
        settle(owed)

    monkeypatch.setattr(marking, "settle", settle_late)
    tasks.evaluate_wallet(wallet.pk)
    assert list(Notice.objects.order_by("pk").values_list("kind", flat=True)) == ["fired", "cleared"]


def test_a_wallet_that_stays_empty_is_looked_at_by_no_sweep(
    acme: Account, globex: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    for account in (acme, globex):
        grant(account, "100")
        set_up(account, "80")
        set_up(account, "40")
    assert not LedgerAccount.objects.filter(Q(is_low=True) | Q(is_high=True)).exists()
    spend(acme, "90")
    assert LedgerAccount.objects.filter(is_low=True).get().owner_id == acme.pk
    tasks.evaluate_due()
    assert not LedgerAccount.objects.filter(Q(is_low=True) | Q(is_high=True)).exists()
    grant(acme, "50")  # above one of the two
    assert LedgerAccount.objects.filter(is_high=True).get().owner_id == acme.pk
    tasks.evaluate_due()
    assert not LedgerAccount.objects.filter(Q(is_low=True) | Q(is_high=True)).exists()


def test_the_bell_of_a_wallet_that_passed_no_mark_asks_one_question(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    wallet = grant(acme, "100")
    set_up(acme, "80")
    spend(acme, "10")
    with django_assert_num_queries(1):
        assert selectors.crossings(wallet_id=wallet.pk) == []
    spend(acme, "10")
    with django_assert_num_queries(2):
        assert [crossing.fires for crossing in selectors.crossings(wallet_id=wallet.pk)] == [True]


def test_what_had_fired_before_there_were_marks_for_it_is_marked_by_the_migration(
    acme: Account, acme_milano: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    wallet = grant(acme, "100")
    credits.draw_on(wallet=credits.open_wallet(account=acme_milano), other=wallet)
    for account, threshold in ((acme, "80"), (acme, "60"), (acme, "20"), (acme_milano, "50")):
        set_up(account, threshold)
    spend(acme, "60")
    tasks.evaluate_due()
    marked = list(Watch.objects.order_by("wallet").values_list("wallet", "level_units", "above_units"))
    Watch.objects.filter(level_units=None).delete()
    Watch.objects.update(above_units=None)
    LedgerAccount.objects.update(high_mark=None)
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(import_module("messaging.alerts.migrations.0005_recovered_by_marks").MARK)
        assert list(Watch.objects.order_by("wallet").values_list("wallet", "level_units", "above_units")) == marked
        assert LedgerAccount.objects.get(wallet=wallet).high_mark == to_units(Decimal(50))
    assert marking.astray() == []


@pytest.mark.django_db(transaction=True)
def test_after_many_workers_at_once_every_mark_is_what_the_alerts_say(
    acme: Account, grant: Grant, set_up: SetUp, spend: Spend
) -> None:
    grant(acme, "100")
    for threshold in ("80", "60", "40"):
        set_up(acme, threshold)
    start = threading.Barrier(4)

    def work(turn: int) -> None:
        start.wait()
        try:
            for _ in range(4):
                if turn % 2:
                    spend(acme, "25")
                    grant(acme, "25")
                tasks.evaluate_wallet(credits.open_wallet(account=acme).pk)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work, args=(turn,)) for turn in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tasks.evaluate_due()
    assert (selectors.crossings(), marking.astray()) == ([], [])
    assert mark(acme) == to_units(Decimal(80))
    for threshold in ("80", "60", "40"):
        notices = Notice.objects.filter(threshold_units=to_units(Decimal(threshold))).order_by("pk")
        told = list(notices.values_list("kind", flat=True))
        assert told == ["fired", "cleared"] * (len(told) // 2)
