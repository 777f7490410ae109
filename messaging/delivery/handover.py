"""How messages reach a gateway: claim and commit, call, write down what was answered.

No transaction is open while the gateway is called. What was in its hands when no answer came, or when this process
died, is unknown: it is asked for by our own key, and sent again only if the gateway never saw that key. A gateway that
cannot be asked is not: there it ends by its receipt, or after 72 hours.

A gateway that is a process of its own uses `claim` and `record` as the workers do here, and says that it is there by
`connected` and `disconnected`.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import connection

from messaging.delivery import health, routes
from messaging.delivery.checks import STOPPED_BY, stop
from messaging.delivery.gateways import called
from messaging.delivery.gateways.base import (
    Gateway,
    GatewayUnknown,
    GatewayUnreachable,
    NotSent,
    Outcome,
    Submission,
    Unheard,
)
from messaging.delivery.health import connected, disconnected
from messaging.delivery.lanes import Lane, in_turn, lanes, messages_in
from messaging.delivery.models import Route
from messaging.delivery.results import PATIENCE, record
from messaging.delivery.routes import Share
from portal.transactions import unit_of_work

__all__ = ["BATCH", "LEASE", "PATIENCE", "claim", "connected", "disconnected", "is_held_back", "record", "submit_batch"]

logger = logging.getLogger(__name__)

BATCH = 500
# Longer than the longest call of a gateway: a lease that runs out means that nobody will write the answer.
LEASE = timedelta(seconds=60)
# A claim looks into so many lanes that each may give this many: a message for itself would be a question for itself.
_FEWEST_OF_A_LANE = 10
# So often in a row a lane is looked into of which nothing may leave any more; the next claim goes on.
_LOOKS = 20
# A route with a bound lets this much of it through at once.
_BURST = timedelta(seconds=1)


def submit_batch(*, account_id: int, now: datetime, gateway: Gateway | None = None) -> int:
    """Hand over the account's oldest waiting messages, at most `BATCH`; return how many were tried.

    Without a `gateway` each that can be called gets what its routes lead to. 0 means that there is nothing to do now:
    nothing waits, or no gateway takes it. Any number of workers may do this at once; each message is in the hands of
    one.
    """
    for each in [gateway] if gateway else called():
        batch = claim(gateway=each.name, limit=min(BATCH, each.batch), now=now, account_id=account_id)
        if batch:
            _hand_over(each, batch, now)
            return len(batch)
    return 0


@unit_of_work
def claim(*, gateway: str, limit: int, now: datetime, account_id: int | None = None) -> list[Submission]:
    """Take at most `limit` waiting messages that go over `gateway` now, of every account or of one, the oldest of each lane.

    They are in the caller's hands for `LEASE`; by then it has called `record`, or they are unknown. None are given
    while the gateway is paused, resting or gone, or while its routes have let through what they may.
    """
    plan = routes.plan(now)
    mine = [lane for lane in lanes(now, account_id=account_id) if plan.shares(gateway, lane.prefix)]
    chosen = in_turn(mine, max(2, limit // _FEWEST_OF_A_LANE))
    shares = [(lane, share) for lane in chosen for share in plan.shares(gateway, lane.prefix)]
    batch: list[Submission] = []
    for place, (lane, share) in enumerate(shares):
        batch += _take(gateway, lane, share, ceil((limit - len(batch)) / (len(shares) - place)), now)
    # What one lane did not need is for the others.
    for lane, share in shares if len(shares) > 1 else []:
        batch += _take(gateway, lane, share, limit - len(batch), now)
    return batch


def is_held_back(*, now: datetime) -> bool:
    """Whether something waits for a gateway that is called, and for nothing but the bound of its route."""
    plan, gateways = routes.plan(now), called()
    return any(
        share.route.per_second
        for lane in lanes(now)
        for gateway in gateways
        for share in plan.shares(gateway.name, lane.prefix)
    )


_LEASE = """
    UPDATE delivery_message message
       SET state = 'submitting', attempt_count = attempt_count + 1, due_at = %(until)s, gateway = %(gateway)s
      FROM unnest(%(messages)s::bigint[]) AS taken(id)
     WHERE message.id = taken.id
"""
# What a gateway is told of a message, in the order of `Submission`.
_TOLD = ("public_id", "sender", "recipient", "text", "encoding", "segment_count")


def _take(gateway: str, lane: Lane, share: Share, limit: int, now: datetime) -> list[Submission]:
    """Take messages of a lane, as many as the share's route lets through."""
    allowed = min(limit, _allowed(share.route, now, limit))
    if allowed < 1:
        return []
    rows = _locked(lane, share, allowed, now)
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, {"messages": [row[0] for row in rows], "until": now + LEASE, "gateway": gateway})
    batch = [Submission(*row[1:]) for row in rows]
    _spend(share.route, sum(submission.segment_count for submission in batch), now)
    return batch


def _locked(lane: Lane, share: Share, limit: int, now: datetime) -> list[tuple[Any, ...]]:
    """Lock messages of a lane that may leave: the primary key of each, and what a gateway is told. Others end here."""
    queue = messages_in(lane, now).filter(share.numbers)
    locked = queue.select_for_update(skip_locked=True, no_key=True, of=("self",))
    if not lane.campaign_id:
        return list(locked.values_list("pk", *_TOLD)[:limit])
    for _ in range(_LOOKS):
        rows = list(locked.annotate(stopped_by=STOPPED_BY).values_list("pk", *_TOLD, "stopped_by")[:limit])
        stopped = [(row[0], row[-1]) for row in rows if row[-1]]
        if stopped:
            stop(campaign_id=lane.campaign_id, stopped=stopped, now=now)
        if len(stopped) < len(rows) or not rows:
            return [row[:-1] for row in rows if not row[-1]]
    return []


def _allowed(route: Route, now: datetime, limit: int) -> int:
    """How many segments may leave over the route now. The row is locked until they have been taken."""
    if not route.per_second:
        return limit
    route.free_at = Route.objects.select_for_update(no_key=True).get(pk=route.pk).free_at
    return int((now - _since(route, now)) / timedelta(seconds=1) * route.per_second)


def _spend(route: Route, segment_count: int, now: datetime) -> None:
    """Note that segments left: the route is free when they would have left one by one. The last may overdraw it."""
    if route.per_second and segment_count:
        route.free_at = _since(route, now) + timedelta(seconds=segment_count) / route.per_second
        Route.objects.filter(pk=route.pk).update(free_at=route.free_at)


def _since(route: Route, now: datetime) -> datetime:
    return max(route.free_at or now - _BURST, now - _BURST)


def _hand_over(gateway: Gateway, batch: Sequence[Submission], now: datetime) -> None:
    """Call the gateway, and write down what it said of each message, or that it said nothing."""
    try:
        heard = gateway.submit(batch)
    except GatewayUnreachable as error:
        # Nothing was sent: the messages wait on, and the gateway is left alone for a while that grows.
        logger.warning("The gateway could not be reached: %s", error, extra={"gateway": gateway.name})
        _fail(gateway=gateway, results=[NotSent(each.key) for each in batch], error=str(error), now=now)
    except GatewayUnknown as error:
        logger.warning("The gateway did not answer: %s", error, extra={"gateway": gateway.name})
        _fail(gateway=gateway, results=[Unheard(each.key) for each in batch], error=str(error), now=now)
    else:
        answers = {outcome.key: outcome for outcome in heard}
        outcomes = [answers.get(each.key) or Unheard(each.key) for each in batch]
        _write(gateway=gateway, outcomes=outcomes, now=now)


@unit_of_work
def _write(*, gateway: Gateway, outcomes: Sequence[Outcome], now: datetime) -> None:
    record(gateway=gateway.name, results=outcomes, now=now)
    if any(isinstance(each, NotSent) for each in outcomes):
        health.failed(gateway.name, "asked us to come again later", now)


@unit_of_work
def _fail(*, gateway: Gateway, results: Sequence[Outcome], error: str, now: datetime) -> None:
    record(gateway=gateway.name, results=results, now=now)
    if any(isinstance(each, NotSent) for each in results):
        health.count(gateway.name, now, fault_count=len(results), fault_call_count=1)
    health.failed(gateway.name, error, now)
    health.judge(gateway.name, now)
