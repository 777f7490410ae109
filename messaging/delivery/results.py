"""Writing down what a gateway said of messages: in sets, any number of times, and nothing that was final changes."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from messaging.delivery import health
from messaging.delivery.codes import OPEN, State
from messaging.delivery.gateways.base import Accepted, NotSent, Outcome, Refused, Unheard
from messaging.delivery.matching import match_receipts
from messaging.delivery.reasons import reason
from messaging.delivery.signals import messages_handed_over
from portal.bells import ring
from portal.transactions import unit_of_work

# An unheard request may still be on its way; when the gateway is asked, it must have arrived or been lost.
FIRST_LOOKUP = timedelta(seconds=30)
# Product 7.8: what was not heard of for so long will not be heard of.
PATIENCE = timedelta(hours=72)

# What an outcome makes of a message: key, state, id at the gateway, reason, due, handed over, final.
_Row = tuple[uuid.UUID, str, str, str, datetime | None, datetime | None, datetime | None]

# An answer is good for any message that is open; that nothing was sent, or heard, only for one that is in the hands
# of this very gateway.
_WRITE = """
    WITH result AS (
        SELECT * FROM unnest(%(keys)s::uuid[], %(states)s::text[], %(ids)s::text[], %(reasons)s::text[],
                             %(due)s::timestamptz[], %(submitted)s::timestamptz[], %(final)s::timestamptz[])
               AS result(key, state, gateway_message_id, reason, due_at, submitted_at, final_at)
    ), open AS (
        SELECT message.id, result.*
          FROM result JOIN delivery_message message ON message.public_id = result.key
         WHERE (result.state = ANY(%(answers)s) AND message.state = ANY(%(open)s))
            OR (message.state = 'submitting' AND message.gateway = %(gateway)s)
         ORDER BY message.id
           FOR NO KEY UPDATE OF message
    )
    UPDATE delivery_message message
       SET state = open.state, gateway_message_id = open.gateway_message_id, error_code = open.reason,
           gateway = CASE WHEN open.state = 'waiting' THEN '' ELSE %(gateway)s END,
           due_at = CASE WHEN open.state = 'waiting' THEN message.leaves_at
                         ELSE open.due_at END,
           submitted_at = open.submitted_at, final_at = open.final_at
      FROM open
     WHERE message.id = open.id
    RETURNING message.id, message.public_id, message.campaign_id
"""

_KEEP_PARTS = """
    INSERT INTO delivery_messagepart (message_id, number, gateway, gateway_message_id)
    SELECT part.message_id, part.number, %(gateway)s, part.id
      FROM unnest(%(messages)s::bigint[], %(numbers)s::int[], %(ids)s::text[]) AS part(message_id, number, id)
        ON CONFLICT (message_id, number) DO NOTHING
"""


def record(*, gateway: str, results: Sequence[Outcome], now: datetime) -> None:
    """Write what became of messages at `gateway`, as many as are at hand; the last word on a key counts.

    Only what is open changes: an answer that comes late or twice finds nothing to do. It is committed when this
    returns. Receipts that came before it have been matched by then.
    """
    if not results:
        return
    _record(gateway=gateway, results=results, now=now)
    ids = [id for result in results if isinstance(result, Accepted) for id in (result.message_id, *result.further_ids)]
    if ids:
        match_receipts(message_ids=ids, now=now)


# One probe of an index for each, however many of them wait.
_NOTHING_WAITS = """
    SELECT campaign.id FROM unnest(%(campaigns)s::bigint[]) AS campaign(id)
     WHERE NOT EXISTS (SELECT FROM delivery_message
                        WHERE campaign_id = campaign.id AND state = 'waiting')
     ORDER BY campaign.id
"""


def ring_for(campaigns: Collection[int]) -> None:
    """Ring for those of the campaigns of which nothing waits any more."""
    if not campaigns:
        return
    with connection.cursor() as cursor:
        cursor.execute(_NOTHING_WAITS, {"campaigns": sorted(campaigns)})
        done = [campaign_id for (campaign_id,) in cursor.fetchall()]
    for campaign_id in done:
        ring(messages_handed_over, campaign_id)


@unit_of_work
def _record(*, gateway: str, results: Sequence[Outcome], now: datetime) -> None:
    latest = {result.key: result for result in results}
    written = _write(gateway, [_row(result, now) for result in latest.values()])
    _keep_parts(gateway, written, latest.values())
    _count(gateway, latest.values(), now)
    ring_for({campaign_id for _, campaign_id in written.values() if campaign_id is not None})


def _row(result: Outcome, now: datetime) -> _Row:
    match result:
        case Accepted():
            return (result.key, State.ACCEPTED.value, result.message_id, "", now + PATIENCE, now, None)
        case Refused():
            return (result.key, State.REFUSED.value, "", result.reason, None, None, now)
        case Unheard():
            return (result.key, State.UNKNOWN.value, "", "", now + FIRST_LOOKUP, None, None)
        case NotSent():
            return (result.key, State.WAITING.value, "", "", None, None, None)


def _write(gateway: str, rows: Sequence[_Row]) -> dict[uuid.UUID, tuple[int, int | None]]:
    """Write the rows in one statement; return the primary key and the campaign of each message that changed."""
    names = ("keys", "states", "ids", "reasons", "due", "submitted", "final")
    given: dict[str, Any] = dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))
    given |= {
        "gateway": gateway,
        "open": [state.value for state in OPEN],
        "answers": [State.ACCEPTED.value, State.REFUSED.value],
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, given)
        return {key: (message_id, campaign_id) for message_id, key, campaign_id in cursor.fetchall()}


def _keep_parts(gateway: str, written: dict[uuid.UUID, tuple[int, int | None]], results: Iterable[Outcome]) -> None:
    parts = [
        (written[result.key][0], number, part_id)
        for result in results
        if isinstance(result, Accepted) and result.further_ids and result.key in written
        for number, part_id in enumerate((result.message_id, *result.further_ids), 1)
    ]
    if parts:
        messages, numbers, ids = (list(column) for column in zip(*parts, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(_KEEP_PARTS, {"gateway": gateway, "messages": messages, "numbers": numbers, "ids": ids})


def _count(gateway: str, results: Collection[Outcome], now: datetime) -> None:
    """Note how the gateway does; that it was asked to come again later is no fault of a message's."""
    accepted = sum(isinstance(result, Accepted) for result in results)
    refused = [result for result in results if isinstance(result, Refused)]
    blamed = sum((why := reason(result.reason)) is not None and why.blames_gateway for result in refused)
    faults = blamed + sum(isinstance(result, Unheard) for result in results)
    health.count(
        gateway,
        now,
        accepted_count=accepted,
        refused_count=len(refused) - blamed,
        fault_count=faults,
        fault_call_count=1 if faults else 0,
    )
    was_demoted = bool(accepted or refused) and health.answered(gateway, now)
    if faults or was_demoted:
        health.judge(gateway, now)
