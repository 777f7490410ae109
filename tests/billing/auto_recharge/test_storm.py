"""Eight clients drain one wallet, two sweeps run at once, every bell rings twice, and Redis is flushed all the time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing.auto_recharge import selectors, services, tasks
from billing.auto_recharge.models import AutoRecharge, Evaluation, Policy
from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.credits.models import Watch
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from billing.payments.models import MethodNeed, SandboxCharge
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from tests.billing.auto_recharge.conftest import CREDIT, SwitchedOn

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 8
EACH_SPENDS = 8
SIP = 10 * CREDIT
CHARGE_CENTS = 512
BOUGHT_AT_MOST = 6


@contextmanager
def over_and_over(calls: list[Callable[[], object]]) -> Iterator[list[BaseException]]:
    """Repeat each call in a thread of its own until the block is left; yields what went wrong."""
    done, faults = threading.Event(), list[BaseException]()

    def run(call: Callable[[], object]) -> None:
        try:
            while not done.wait(0.05):
                call()
        except BaseException as fault:  # noqa: BLE001 - told by the test
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    try:
        yield faults
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_storm_opens_one_recharge_at_a_time_keeps_the_cap_and_misses_none(
    old_acme: Account, switched_on: SwitchedOn
) -> None:
    Policy.objects.create(valid_from=timezone.now() - timedelta(days=90), hours_apart=0, pace_factor=10_000)
    # One cent less than a seventh purchase would take.
    auto = switched_on(day_cap_cents=(BOUGHT_AT_MOST + 1) * CHARGE_CENTS - 1)
    wallet = credits.open_wallet(account=old_acme)
    most_open: list[int] = [0]

    def watch() -> None:
        most_open.append(Recharge.objects.waiting().filter(account=old_acme).count())

    def flush() -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()

    def drain(_: int) -> int:
        spent = 0
        try:
            for _attempt in range(EACH_SPENDS * 20):
                cause = credits.Cause(TransferCode.CAMPAIGN, f"storm:{uuid4()}", "test")
                try:
                    credits.spend(wallet=wallet, amount=SIP, cause=cause, now=timezone.now())
                except credits.InsufficientCredits:
                    if AutoRecharge.objects.filter(pk=auto.pk, last_answer="day_cap").exists():
                        break
                else:
                    spent += 1
                for _bell in range(2):
                    tasks.evaluate_wallet(wallet.pk)
                if spent == EACH_SPENDS:
                    break
            return spent
        finally:
            connection.close()

    with (
        over_and_over([tasks.evaluate_due, tasks.evaluate_due, watch, flush]) as faults,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        spent = sum(pool.map(drain, range(CLIENTS)))
    tasks.evaluate_due()
    assert faults == []
    assert max(most_open) <= 1

    recharges = Recharge.objects.filter(account=old_acme)
    assert set(recharges.values_list("state", "origin", "gross_cents")) == {("paid", "automatic", CHARGE_CENTS)}
    assert recharges.count() == SandboxCharge.objects.count() == BOUGHT_AT_MOST
    left = credits_selectors.balance(old_acme).available
    assert left == BOUGHT_AT_MOST * 100 * CREDIT - spent * SIP
    assert left <= auto.threshold_units
    assert ledger_selectors.differences() == []
    assert credits_selectors.lot_differences() == []

    # The page of answers tells all of it: each purchase with its figures, and why there is no seventh.
    rows = list(selectors.evaluations(old_acme))
    assert {row.recharge_id for row in rows if row.answer == "buy"} == set(recharges.values_list("pk", flat=True))
    assert all(row.available_units + row.on_their_way_units <= row.threshold_units for row in rows if row.recharge_id)
    assert (rows[0].answer, rows[0].spent_today_cents) == ("day_cap", BOUGHT_AT_MOST * CHARGE_CENTS)
    assert Evaluation.objects.exclude(answer="buy").count() <= 2 * BOUGHT_AT_MOST + 2

    # Nothing that waits is lost: with a higher cap the next look buys.
    terms = services.Terms(auto.threshold_units, auto.quantity_units, auto.method)
    services.switch_on(account=old_acme, terms=terms, revision=1, actor_id=None, now=timezone.now())
    tasks.evaluate_due()
    assert recharges.count() == BOUGHT_AT_MOST + 1


def test_of_two_tabs_that_switch_on_and_off_at_once_one_counts_and_the_other_is_told(
    old_acme: Account, alice: User, switched_on: SwitchedOn
) -> None:
    auto, start = switched_on(), threading.Barrier(4)
    terms = services.Terms(60 * CREDIT, 100 * CREDIT, auto.method)

    def tab(number: int) -> str:
        try:
            start.wait()
            at = timezone.now()
            if number % 2:
                services.switch_on(account=old_acme, terms=terms, revision=1, actor_id=alice.pk, now=at)
            else:
                services.switch_off(account=old_acme, revision=1, actor_id=alice.pk, now=at)
        except services.ChangedMeanwhile:
            return "told"
        finally:
            connection.close()
        return "on" if number % 2 else "off"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(tab, range(4)))
    auto.refresh_from_db()
    assert answers == sorted(["told"] * 3 + ["on" if auto.is_on else "off"])
    assert auto.revision == 2
    is_watched = Watch.objects.filter(wallet__account=old_acme, level_units=60 * CREDIT).exists()
    assert is_watched == auto.is_on == MethodNeed.objects.filter(by=auto.needer).exists()
