"""The health of gateways: one with which too much goes wrong steps back, for ever longer, and comes back by itself."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from messaging.delivery import handover, health, receipts
from messaging.delivery.codes import State
from messaging.delivery.gateways.base import Accepted, Outcome, Refused, Report, Result, Submission, Unheard
from messaging.delivery.health import Standing
from messaging.delivery.models import GatewayMinute, GatewayState, Message
from portal.accounts.models import Account

Queue = Callable[..., list[Message]]
MINUTE = timedelta(minutes=1)


def said(outcome: Callable[..., Outcome], count: int, now: datetime, *more: str) -> None:
    results = [outcome(uuid.uuid4(), *more) for _ in range(count)]
    handover.record(gateway="simulator", results=results, now=now)


def gateway() -> GatewayState:
    return GatewayState.objects.get(name="simulator")


def test_what_a_gateway_did_is_counted_by_the_minute(db: None, now: datetime) -> None:
    said(Accepted, 5, now, "id")
    said(Refused, 2, now + timedelta(seconds=59), "unknown_number")
    said(Refused, 1, now + MINUTE, "gateway_fault")
    said(Unheard, 3, now + MINUTE)
    rows = GatewayMinute.objects.order_by("minute").values_list(
        "minute", "accepted_count", "refused_count", "fault_count", "fault_call_count"
    )
    assert list(rows) == [(now, 5, 2, 0, 0), (now + MINUTE, 0, 0, 4, 2)]


def test_a_gateway_with_which_too_much_goes_wrong_is_demoted_with_the_numbers(db: None, now: datetime) -> None:
    said(Accepted, 60, now, "id")
    for _ in range(2):
        said(Unheard, 13, now)
    assert health.standings(now)["simulator"] == Standing.OPEN
    said(Unheard, 1, now)
    assert health.standings(now)["simulator"] == Standing.DEMOTED
    assert (gateway().demoted_faults, gateway().demoted_of, gateway().demoted_until) == (27, 87, now + MINUTE)


def test_a_few_messages_or_one_bad_call_demote_nobody(db: None, now: datetime) -> None:
    for _ in range(19):
        said(Unheard, 1, now)
    assert health.standings(now)["simulator"] == Standing.OPEN
    said(Unheard, 500, now + 10 * MINUTE)
    assert health.standings(now + 10 * MINUTE)["simulator"] == Standing.OPEN


def test_numbers_that_do_not_exist_are_no_fault_of_the_gateway(db: None, now: datetime) -> None:
    for _ in range(5):
        said(Refused, 100, now, "unknown_number")
    assert health.standings(now)["simulator"] == Standing.OPEN


def test_messages_that_are_lost_behind_the_gateway_count_as_well(acme: Account, queue: Queue, now: datetime) -> None:
    messages = queue(acme, [f"+39347100{each:04}" for each in range(30)])
    taken = [Accepted(each.public_id, f"id-{each.pk}") for each in messages]
    handover.record(gateway="simulator", results=taken, now=now)
    for third in (taken[::3], taken[1::3], taken[2::3]):
        reports = [Report(each.message_id, State.UNDELIVERED, "gateway_fault", now) for each in third]
        receipts.receive(gateway="simulator", reports=reports, now=now)
    assert health.standings(now)["simulator"] == Standing.DEMOTED


def test_each_demotion_is_longer_until_it_goes_well_again(db: None, now: datetime) -> None:
    at, lengths = now, []
    for _ in range(8):
        for _ in range(3):
            said(Unheard, 10, at)
        lengths.append(gateway().demoted_until - at)  # type: ignore[operator]
        at += lengths[-1] + MINUTE
    assert lengths == [MINUTE * each for each in (1, 2, 4, 8, 16, 32, 60, 60)]
    assert health.standings(at)["simulator"] == Standing.OPEN
    said(Accepted, 50, at, "id")
    assert gateway().demotion_count == 8
    at += 5 * MINUTE
    said(Accepted, 50, at, "id")
    assert gateway().demotion_count == 0


def test_an_answer_ends_a_rest(db: None, now: datetime) -> None:
    health.failed("simulator", "no connection", now)
    assert health.standings(now)["simulator"] == Standing.RESTING
    said(Accepted, 1, now, "id")
    assert health.standings(now)["simulator"] == Standing.OPEN
    assert (gateway().last_error, gateway().last_error_at, gateway().last_ok_at) == ("no connection", now, now)


class Forgetful:
    """A gateway that answers for the first message of a batch."""

    name, batch, answers_lookups = "simulator", 500, False

    def submit(self, batch: Sequence[Submission]) -> list[Result]:
        return [Accepted(batch[0].key, "first")]

    def lookup(self, keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, Result]:
        raise AssertionError(keys)


def test_a_message_of_a_batch_that_a_gateway_says_nothing_of_is_unknown(
    acme: Account, queue: Queue, now: datetime
) -> None:
    first, second = queue(acme, ["+393471000101", "+393471000102"])
    assert handover.submit_batch(account_id=acme.pk, now=now, gateway=Forgetful()) == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (State.ACCEPTED, State.UNKNOWN)


def test_the_table_counts_a_minute_of_a_gateway_once(db: None, now: datetime) -> None:
    GatewayMinute.objects.create(gateway="simulator", minute=now)
    with pytest.raises(IntegrityError, match="a_gateway_has_each_minute_once"), transaction.atomic():
        GatewayMinute.objects.create(gateway="simulator", minute=now)


def test_minutes_are_forgotten_after_three_months(db: None, now: datetime) -> None:
    for days in (89, 91):
        GatewayMinute.objects.create(gateway="simulator", minute=now - timedelta(days=days))
    assert health.forget(now=now) == 1
    assert GatewayMinute.objects.get().minute == now - timedelta(days=89)
