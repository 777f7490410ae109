"""That the marks of wallets follow the armed alerts, whoever fires and clears them at once, and are mended when not."""

import threading
from decimal import Decimal

import pytest
from django.db import connections

from billing.amounts import to_units
from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from messaging.alerts import marking, selectors, services, tasks
from messaging.alerts.models import BalanceAlert, Notice
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
    services._claim(crossings, BalanceAlert.objects.earliest("pk").created_at)  # and dies before it lowers the mark
    assert mark(acme) == to_units(Decimal(80))
    assert marking.astray() == [acme.pk]
    tasks.repair_marks()
    assert (mark(acme), mark(globex), marking.astray()) == (None, to_units(Decimal(80)), [])


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
