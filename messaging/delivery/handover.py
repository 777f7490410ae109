"""How messages reach a gateway: claim and commit, call, write down what was answered.

No transaction is open while the gateway is called. What was in its hands when no answer came, or when this process
died, is unknown: it is asked for by our own key, and sent again only if the gateway never saw that key.
"""

import logging
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from messaging.delivery import selectors
from messaging.delivery.codes import OPEN, State
from messaging.delivery.gateways import NoGateway, gateway_for_sending
from messaging.delivery.gateways.base import (
    Accepted,
    Gateway,
    GatewayUnknown,
    GatewayUnreachable,
    Result,
    Submission,
)
from messaging.delivery.models import GatewayState, Message, MessageQuerySet
from messaging.delivery.receipts import match_receipts
from messaging.delivery.signals import messages_handed_over
from portal.bells import ring
from portal.transactions import unit_of_work

logger = logging.getLogger(__name__)

BATCH = 500
# Longer than the longest call of a gateway: a lease that runs out means that nobody will write the answer.
LEASE = timedelta(seconds=60)
# An unheard request may still be on its way; when the gateway is asked, it must have arrived or been lost.
FIRST_LOOKUP = timedelta(seconds=30)
LOOKUP_AGAIN = timedelta(seconds=60)
# Product 7.8: what was not heard of for so long will not be heard of.
PATIENCE = timedelta(hours=72)

_FIRST_REST, _LONGEST_REST = timedelta(seconds=2), timedelta(minutes=5)


def submit_batch(*, account_id: int, now: datetime, gateway: Gateway | None = None) -> int:
    """Hand the account's oldest waiting messages to the gateway, at most `BATCH`; return how many were tried.

    Without a `gateway` it is the one that is configured.
    0 means that there is nothing to do now: nothing waits, or the gateway is paused, resting or not configured.
    Any number of workers may do this at once; each message is in the hands of one.
    """
    try:
        gateway = gateway or gateway_for_sending()
    except NoGateway:
        return 0
    batch = _claim(gateway=gateway, account_id=account_id, now=now)
    if not batch:
        return 0
    try:
        results = gateway.submit([_submission(message) for message in batch])
    except GatewayUnreachable as error:
        _give_back(gateway=gateway, batch=batch, error=str(error), now=now)
    except GatewayUnknown as error:
        _mark_unknown(gateway=gateway, batch=batch, error=str(error), now=now)
    else:
        record_results(gateway=gateway, asked=[message.public_id for message in batch], results=results, now=now)
    return len(batch)


@unit_of_work
def record_results(*, gateway: Gateway, asked: Collection[uuid.UUID], results: Sequence[Result], now: datetime) -> None:
    """Write what the gateway said of the keys it was asked for; a key it said nothing of is unknown.

    Only what is open changes: an answer that comes late or twice finds nothing to do.
    """
    wanted = set(asked)
    rows = [_row(result, now) for result in results if result.key in wanted]
    touched = _write(gateway.name, rows)
    silent = wanted - {result.key for result in results}
    if silent:
        Message.objects.filter(public_id__in=silent, state=State.SUBMITTING).update(
            state=State.UNKNOWN, due_at=now + FIRST_LOOKUP
        )
    match_receipts(message_ids=[row[2] for row in rows if row[2]], now=now)
    _gateway_answered(gateway.name, now)
    ring_for(touched)


def ring_for(campaigns: Collection[int]) -> None:
    """Ring for those of the campaigns of which nothing waits any more."""
    waiting = set(
        Message.objects.filter(campaign_id__in=campaigns, state=State.WAITING)
        .order_by()
        .values_list("campaign_id", flat=True)
        .distinct()
    )
    for campaign_id in sorted(set(campaigns) - waiting):
        ring(messages_handed_over, campaign_id)


@unit_of_work
def _claim(*, gateway: Gateway, account_id: int, now: datetime) -> list[Message]:
    state, _ = GatewayState.objects.get_or_create(name=gateway.name)
    if not state.is_open(now) or selectors.is_closed(account_id):
        return []
    queue = Message.objects.filter(account_id=account_id).claimable(now)
    batch = list(queue.select_for_update(skip_locked=True, no_key=True, of=("self",))[:BATCH])
    Message.objects.filter(pk__in=[message.pk for message in batch]).update(
        state=State.SUBMITTING, attempt_count=F("attempt_count") + 1, due_at=now + LEASE, gateway=gateway.name
    )
    return batch


@unit_of_work
def _give_back(*, gateway: Gateway, batch: Sequence[Message], error: str, now: datetime) -> None:
    """Nothing was sent: the messages wait on, and the gateway is left alone for a while that grows."""
    logger.warning("The gateway could not be reached: %s", error, extra={"gateway": gateway.name})
    _under_way(batch).update(state=State.WAITING, due_at=F("leaves_at"))
    _gateway_failed(gateway.name, error, now)


@unit_of_work
def _mark_unknown(*, gateway: Gateway, batch: Sequence[Message], error: str, now: datetime) -> None:
    """Something may have been sent: the messages are asked for before anything else happens to them."""
    logger.warning("The gateway was not heard: %s", error, extra={"gateway": gateway.name})
    _under_way(batch).update(state=State.UNKNOWN, due_at=now + FIRST_LOOKUP)
    _gateway_failed(gateway.name, error, now)


def _submission(message: Message) -> Submission:
    return Submission(message.public_id, message.sender, message.recipient, message.text, message.encoding)


def _under_way(batch: Sequence[Message]) -> MessageQuerySet:
    """Those of the batch that are still in our hands: nobody has found their lease run out."""
    return Message.objects.filter(pk__in=[message.pk for message in batch], state=State.SUBMITTING)


# What a result makes of a message: key, state, id at the gateway, reason, due, handed over, final.
_Row = tuple[uuid.UUID, str, str, str, datetime | None, datetime | None, datetime | None]

_WRITE = """
    UPDATE delivery_message message
       SET state = result.state, gateway = %(gateway)s, gateway_message_id = result.message_id,
           error_code = result.reason, due_at = result.due_at, submitted_at = result.submitted_at,
           final_at = result.final_at
      FROM unnest(%(keys)s::uuid[], %(states)s::text[], %(ids)s::text[], %(reasons)s::text[],
                  %(due)s::timestamptz[], %(submitted)s::timestamptz[], %(final)s::timestamptz[])
           AS result(key, state, message_id, reason, due_at, submitted_at, final_at)
     WHERE message.public_id = result.key AND message.state = ANY(%(open)s)
    RETURNING message.campaign_id
"""


def _row(result: Result, now: datetime) -> _Row:
    if isinstance(result, Accepted):
        return (result.key, State.ACCEPTED.value, result.message_id, "", now + PATIENCE, now, None)
    return (result.key, State.REFUSED.value, "", result.reason, None, None, now)


def _write(gateway: str, rows: Sequence[_Row]) -> set[int]:
    """Write the rows into messages that are open, in one statement; return the campaigns they belong to."""
    if not rows:
        return set()
    names = ("keys", "states", "ids", "reasons", "due", "submitted", "final")
    columns = dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"gateway": gateway, "open": [state.value for state in OPEN], **columns})
        return {campaign_id for (campaign_id,) in cursor.fetchall() if campaign_id is not None}


def _gateway_answered(name: str, now: datetime) -> None:
    GatewayState.objects.filter(name=name).update(failure_count=0, retry_at=None, last_ok_at=now)


def _gateway_failed(name: str, error: str, now: datetime) -> None:
    state = GatewayState.objects.select_for_update().get(name=name)
    state.failure_count += 1
    rest = min(_FIRST_REST * 2 ** min(state.failure_count - 1, 10), _LONGEST_REST)
    state.retry_at, state.last_error_at, state.last_error = now + rest, now, error[:200]
    state.save(update_fields=["failure_count", "retry_at", "last_error_at", "last_error"])
