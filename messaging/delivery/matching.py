"""Receipts find their messages, and a message its end: once, whichever of the two was written first."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection

from messaging.delivery import health
from messaging.delivery.codes import State
from messaging.delivery.models import DeliveryReceipt
from messaging.delivery.reasons import reason
from portal.transactions import unit_of_work

# A receipt for which no message turns up in this time belongs to somebody else.
KEPT_FOR_MATCHING = timedelta(hours=96)
# How many of those that wait one sweep looks at: a supplier that reports for somebody else must not fill it.
_NEWEST = 200_000

# The ids are named, so that messages are found by index even while the statistics of the table are old. An id that a
# gateway has used twice means the newer message. Rows are locked in the order of their keys, so that two webhooks with
# the same messages do not wait for each other.
_MATCH = """
    WITH known AS (
        SELECT id AS message_id, gateway, gateway_message_id FROM delivery_message
         WHERE gateway_message_id = ANY(%(ids)s) AND gateway_message_id <> ''
         UNION ALL
        SELECT message_id, gateway, gateway_message_id FROM delivery_messagepart
         WHERE gateway_message_id = ANY(%(ids)s)
    ), candidates AS (
        SELECT DISTINCT ON (receipt.id) receipt.id AS receipt_id, known.message_id
          FROM delivery_deliveryreceipt receipt JOIN known USING (gateway, gateway_message_id)
         WHERE receipt.message_id IS NULL AND receipt.id = ANY(%(receipts)s)
         ORDER BY receipt.id, known.message_id DESC
    ), found AS (
        SELECT receipt.id AS receipt_id, message.id AS message_id
          FROM candidates
          JOIN delivery_message message ON message.id = candidates.message_id
          JOIN delivery_deliveryreceipt receipt ON receipt.id = candidates.receipt_id
         WHERE receipt.message_id IS NULL
         ORDER BY message.id, receipt.id
           FOR NO KEY UPDATE OF message, receipt
    )
    UPDATE delivery_deliveryreceipt receipt SET message_id = found.message_id
      FROM found WHERE receipt.id = found.receipt_id
    RETURNING found.message_id
"""

# Two receipts of different parts, in two transactions, each see the other only if one waits for the other here.
_LOCK_THOSE_IN_PARTS = """
    SELECT id FROM delivery_message
     WHERE id IN (SELECT message_id FROM delivery_messagepart WHERE message_id = ANY(%(messages)s))
     ORDER BY id FOR NO KEY UPDATE
"""

# A part ends with the first end that was reported of it; a message has failed when a part has, and is delivered when
# every part is. It is a statement of its own, so that it sees every receipt that has been matched before the lock.
_END = """
    WITH ends AS (
        SELECT DISTINCT ON (message_id, gateway_message_id) id, message_id, state, error_code, reported_at
          FROM delivery_deliveryreceipt
         WHERE message_id = ANY(%(messages)s) AND state IN ('delivered', 'undelivered', 'expired')
         ORDER BY message_id, gateway_message_id, id
    ), parts AS (
        SELECT message_id, count(*) AS expected FROM delivery_messagepart
         WHERE message_id = ANY(%(messages)s) GROUP BY message_id
    ), told AS (
        SELECT message_id, count(*) AS ended, bool_or(state <> 'delivered') AS has_failed,
               (array_agg(state ORDER BY state = 'delivered', id))[1] AS state,
               (array_agg(error_code ORDER BY state = 'delivered', id))[1] AS error_code,
               (array_agg(reported_at ORDER BY state = 'delivered', reported_at DESC))[1] AS reported_at
          FROM ends GROUP BY message_id
    )
    UPDATE delivery_message message
       SET state = told.state, error_code = told.error_code, final_at = told.reported_at, due_at = NULL
      FROM told LEFT JOIN parts USING (message_id)
     WHERE message.id = told.message_id AND message.state = 'accepted'
       AND (told.has_failed OR told.ended >= coalesce(parts.expected, 1))
    RETURNING message.gateway, message.state, message.error_code
"""


@unit_of_work
def match_receipts(*, message_ids: Collection[str] | None, now: datetime) -> int:
    """Join kept receipts with the messages of these ids (None: any), and return how many messages became final.

    Called when a receipt has been kept, and when an id has become known: in a transaction of its own after that of
    what was written, so that of the two the later one sees both. The sweep calls it for those whose process died.
    """
    unmatched = DeliveryReceipt.objects.filter(message=None, received_at__gt=now - KEPT_FOR_MATCHING)
    unmatched = (
        unmatched.order_by("-pk")[:_NEWEST]
        if message_ids is None
        else unmatched.filter(gateway_message_id__in=message_ids)
    )
    # Almost always there is none, and the hand-over of every batch asks: this question is the cheap one.
    waiting = dict(unmatched.values_list("pk", "gateway_message_id"))
    if not waiting:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_MATCH, {"receipts": list(waiting), "ids": list(set(waiting.values()))})
        messages = {message_id for (message_id,) in cursor.fetchall()}
    return end(messages=messages, now=now)


@unit_of_work
def end(*, messages: Collection[int], now: datetime) -> int:
    """Let those of the messages (primary keys) end whose receipts say so, and return how many did."""
    if not messages:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_THOSE_IN_PARTS, {"messages": list(messages)})
        cursor.execute(_END, {"messages": list(messages)})
        ends = cursor.fetchall()
    _count(ends, now)
    return len(ends)


def _count(ends: Sequence[tuple[str, str, str]], now: datetime) -> None:
    """Note how the gateways do by what became of their messages: gateway, state and reason of each."""
    for gateway in sorted({gateway for gateway, _, _ in ends}):
        mine = [(state, why) for name, state, why in ends if name == gateway]
        delivered = sum(state == State.DELIVERED for state, _ in mine)
        faults = sum((found := reason(why)) is not None and found.blames_gateway for _, why in mine)
        health.count(
            gateway,
            now,
            delivered_count=delivered,
            undelivered_count=len(mine) - delivered,
            fault_count=faults,
            fault_call_count=1 if faults else 0,
        )
        if faults:
            health.judge(gateway, now)
