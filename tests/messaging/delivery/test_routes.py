"""Routes: the longest prefix, then the priority, of those that are open; and as many a second as they let through."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from messaging.delivery import handover, health, routes
from messaging.delivery.codes import State
from messaging.delivery.gateways.base import NotSent
from messaging.delivery.health import Standing
from messaging.delivery.models import GatewayState, Message, Route
from portal.accounts.models import Account

Queue = Callable[..., list[Message]]
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def gateways(settings: Settings) -> None:
    """Three gateways, called north, south and bind; the last is a process of its own."""
    settings.GATEWAY_SIMULATOR_URL = ""
    settings.GATEWAYS = {
        "north": "simulator:http://127.0.0.1:9",
        "south": "simulator:http://127.0.0.1:9",
        "bind": "smpp://id:secret@127.0.0.1:9",
    }


def route(gateway: str, prefix: str, now: datetime, **fields: object) -> Route:
    return Route.objects.create(gateway=gateway, prefix=prefix, valid_from=now - timedelta(days=1), **fields)


def claimed(gateway: str, now: datetime, limit: int = 100) -> list[str]:
    return sorted(each.recipient for each in handover.claim(gateway=gateway, limit=limit, now=now))


def rest(gateway: str, now: datetime) -> None:
    GatewayState.objects.update_or_create(name=gateway, defaults={"retry_at": now + timedelta(hours=1)})


def test_without_routes_the_gateways_stand_in_for_each_other_in_their_order(
    acme: Account, queue: Queue, now: datetime
) -> None:
    queue(acme, ["+393471000101"])
    assert claimed("south", now) == []
    rest("north", now)
    assert claimed("north", now) == []
    assert claimed("south", now) == ["+393471000101"]


def test_the_longest_prefix_goes_first_then_the_lowest_priority(db: None, now: datetime) -> None:
    everywhere = route("north", "", now, priority=1)
    italy, reserve = route("south", "39", now, priority=5), route("north", "39", now, priority=6)
    mobile = route("north", "39347", now, priority=99)
    candidates = routes.plan(now).candidates
    assert candidates("393471000101") == [mobile, italy, reserve, everywhere]
    assert candidates("393201000101") == [italy, reserve, everywhere]
    assert candidates("33612345678") == [everywhere]


def test_each_gateway_claims_what_leads_to_it_even_within_a_country(acme: Account, queue: Queue, now: datetime) -> None:
    route("north", "", now)
    route("south", "39347", now)
    route("north", "3934710", now)
    queue(acme, ["+393201000101", "+393471000101", "+393472000101"])
    assert claimed("south", now) == ["+393472000101"]
    assert claimed("north", now) == ["+393201000101", "+393471000101"]


def test_a_gateway_that_is_down_is_stood_in_for_and_comes_back(acme: Account, queue: Queue, now: datetime) -> None:
    route("north", "39", now, priority=1)
    route("south", "39", now, priority=2)
    queue(acme, ["+393471000101", "+393471000102"])
    rest("north", now)
    assert claimed("south", now, limit=1) == ["+393471000101"]
    assert claimed("south", now + timedelta(hours=2)) == []
    assert claimed("north", now + timedelta(hours=2)) == ["+393471000102"]


def test_a_demoted_gateway_gets_only_what_no_other_takes(acme: Account, queue: Queue, now: datetime) -> None:
    route("north", "39", now, priority=1)
    route("south", "", now)
    GatewayState.objects.create(name="north", demoted_until=now + timedelta(minutes=1))
    assert routes.plan(now).choice("39347").gateway == "south"  # type: ignore[union-attr]
    rest("south", now)
    assert routes.plan(now).choice("39347").gateway == "north"  # type: ignore[union-attr]


def test_a_process_takes_messages_while_it_says_that_it_is_there(acme: Account, queue: Queue, now: datetime) -> None:
    route("bind", "39", now, priority=1)
    route("south", "39", now, priority=2)
    queue(acme, ["+393471000101", "+393471000102"])
    assert routes.plan(now).choice("39").gateway == "south"  # type: ignore[union-attr]
    handover.connected(gateway="bind", now=now)
    assert claimed("bind", now, limit=1) == ["+393471000101"]
    assert health.standings(now + health.ALIVE)["bind"] == Standing.GONE
    handover.connected(gateway="bind", now=now + health.ALIVE)
    handover.disconnected(gateway="bind", error="connection reset", now=now + health.ALIVE)
    assert health.standings(now + health.ALIVE)["bind"] == Standing.GONE
    assert GatewayState.objects.get().last_error == "connection reset"


def test_a_paused_route_and_one_of_another_time_lead_nowhere(acme: Account, queue: Queue, now: datetime) -> None:
    route("north", "39", now, is_paused=True)
    route("north", "", now, valid_until=now)
    Route.objects.create(gateway="north", prefix="", valid_from=now + SECOND)
    route("elsewhere", "", now)
    queue(acme, ["+393471000101"])
    assert claimed("north", now) == []
    assert claimed("north", now + SECOND) == ["+393471000101"]


def test_a_route_lets_through_so_many_segments_a_second(acme: Account, queue: Queue, now: datetime) -> None:
    route("north", "", now, per_second=10)
    queue(acme, [f"+39347100{each:04}" for each in range(50)])
    assert len(claimed("north", now)) == 10
    assert len(claimed("north", now)) == 0
    assert len(claimed("north", now + SECOND / 2)) == 5
    assert len(claimed("north", now + 10 * SECOND)) == 10
    assert len(claimed("north", now + 10 * SECOND + SECOND / 10)) == 1


def test_long_messages_count_by_their_segments(acme: Account, queue: Queue, now: datetime) -> None:
    route("north", "", now, per_second=2)
    queue(acme, [f"+39347100{each:04}" for each in range(6)])
    Message.objects.update(segment_count=4)
    assert len(claimed("north", now)) == 2
    assert len(claimed("north", now + 3 * SECOND)) == 0
    assert len(claimed("north", now + 4 * SECOND)) == 2


def test_a_claim_takes_of_every_lane_and_fills_itself(
    acme: Account, globex: Account, queue: Queue, now: datetime
) -> None:
    queue(acme, [f"+39347100{each:04}" for each in range(30)], now=now - SECOND)
    queue(globex, [f"+39347200{each:04}" for each in range(4)])
    assert len(claimed("north", now, limit=10)) == 10
    assert Message.objects.filter(account=globex, state=State.SUBMITTING).count() == 4
    assert Message.objects.filter(account=acme, state=State.SUBMITTING).count() == 6


def test_of_many_lanes_a_small_claim_looks_into_a_few_and_leaves_none_behind(
    acme: Account, globex: Account, queue: Queue, now: datetime
) -> None:
    queue(acme, [f"+39347100{each:04}" for each in range(40)])
    for each, message in enumerate(Message.objects.order_by("pk")):
        Message.objects.filter(pk=message.pk).update(country_prefix=f"{39 + each % 10}")
    queue(globex, ["+393472000101"])
    with CaptureQueriesContext(connection) as queries:
        assert len(claimed("north", now, limit=20)) <= 20
    assert len(queries) < 20
    assert Message.objects.filter(account=globex, state=State.SUBMITTING).exists()
    for _ in range(20):
        claimed("north", now, limit=20)
    assert not Message.objects.filter(state=State.WAITING).exists()


def test_what_was_not_sent_waits_on_for_any_gateway_from_the_moment_it_was_for(
    acme: Account, queue: Queue, now: datetime
) -> None:
    (message,) = queue(acme, ["+393471000101"])
    Message.objects.update(leaves_at=now + SECOND, due_at=now + SECOND)
    assert claimed("north", now) == []
    assert claimed("north", now + SECOND) == ["+393471000101"]
    handover.record(gateway="south", results=[NotSent(message.public_id)], now=now)
    message.refresh_from_db()
    assert message.state == State.SUBMITTING
    handover.record(gateway="north", results=[NotSent(message.public_id)], now=now)
    message.refresh_from_db()
    assert (message.state, message.gateway, message.due_at) == (State.WAITING, "", now + SECOND)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("a_route_leads_to_a_prefix", {"prefix": "+39"}),
        ("a_route_leads_to_a_prefix", {"prefix": "039"}),
        ("a_route_lets_something_through", {"per_second": 0}),
        ("a_route_ends_after_it_begins", {"valid_until": "the day it begins"}),
    ],
)
def test_the_table_refuses_a_route_that_cannot_be(
    db: None, now: datetime, name: str, changes: dict[str, object]
) -> None:
    if "valid_until" in changes:
        changes = {"valid_until": now - timedelta(days=1)}
    kept = route("north", "39", now)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Route.objects.filter(pk=kept.pk).update(**changes)
