"""How what is unknown ends: by asking the gateway, by its receipt, or by policy after 72 hours. Run by the sweep."""

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import connection
from django.db.models import F, Q

from messaging.delivery.codes import State
from messaging.delivery.gateways import called
from messaging.delivery.gateways.base import Accepted, Gateway, GatewayUnknown, GatewayUnreachable
from messaging.delivery.handover import BATCH
from messaging.delivery.matching import match_receipts
from messaging.delivery.models import Message, MessageQuerySet
from messaging.delivery.results import FIRST_LOOKUP, PATIENCE, record, ring_for
from messaging.delivery.signals import messages_waiting
from portal.bells import ring
from portal.transactions import unit_of_work

LOOKUP_AGAIN = timedelta(seconds=60)
# A receipt whose message is just being written down is no stranger yet.
_SETTLED = timedelta(seconds=15)
# How much one run changes in one transaction where only a policy speaks.
_SLICE = 5000


def resolve(*, now: datetime) -> None:
    """Move on everything that has been in its state for too long, and match receipts that were early.

    May run at any time, any number of times, in any number of workers.
    """
    match_receipts(message_ids=None, now=now)
    _find_by_recipient(now=now)
    _until_done(lambda: _doubt_lost_leases(now=now))
    asked = [gateway for gateway in called() if gateway.answers_lookups]
    for gateway in asked:
        _until_done(partial(_ask, gateway=gateway, now=now))
    too_late = Message.objects.claimable(now - PATIENCE)
    _until_done(lambda: _give_up(late=too_late, reason="too_late", now=now))
    unresolved = _unresolved([gateway.name for gateway in asked], now)
    _until_done(lambda: _give_up(late=unresolved, reason="unresolved", now=now))
    _until_done(lambda: _stop_expecting_receipts(now=now))


def _unresolved(asked: Collection[str], now: datetime) -> MessageQuerySet:
    """What has been unknown for so long that it is given up.

    At a gateway that cannot be asked it is due since shortly after it was handed over, however long it had waited
    before. At one that is `asked` it is due when it is asked next; there the time since it might leave counts.
    """
    unknown = Message.objects.filter(state=State.UNKNOWN, due_at__isnull=False)
    cannot_be_asked = ~Q(gateway__in=asked) & Q(due_at__lte=now - PATIENCE + FIRST_LOOKUP)
    return unknown.filter(cannot_be_asked | Q(gateway__in=asked, leaves_at__lte=now - PATIENCE))


def _until_done(step: Callable[[], int]) -> None:
    while step():
        pass


# Messages of which nobody heard what the gateway calls them, and the ids of receipts that name their number: as many
# as they have parts, of nobody else's, and no other message to that number is in the gateway's hands.
_BY_RECIPIENT = """
    SELECT message.public_id, message.gateway, array_agg(DISTINCT receipt.gateway_message_id)
      FROM delivery_message message
      JOIN delivery_deliveryreceipt receipt
        ON receipt.message_id IS NULL AND receipt.gateway = message.gateway
       AND receipt.recipient = message.recipient
       AND receipt.received_at BETWEEN message.created_at AND %(settled)s
     WHERE message.state = 'unknown'
       AND NOT EXISTS (SELECT FROM delivery_message other
                        WHERE other.state IN ('unknown', 'submitting') AND other.id <> message.id
                          AND other.gateway = message.gateway AND other.recipient = message.recipient)
     GROUP BY message.id
    HAVING count(DISTINCT receipt.gateway_message_id) = message.segment_count
     LIMIT %(slice)s
"""


def _find_by_recipient(*, now: datetime) -> None:
    """A receipt for a message whose acceptance was not heard says that it was taken; its number says which it is."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_RECIPIENT, {"settled": now - _SETTLED, "slice": _SLICE})
        found = cursor.fetchall()
    for gateway in sorted({gateway for _, gateway, _ in found}):
        taken = [Accepted(key, first, tuple(more)) for key, name, (first, *more) in found if name == gateway]
        record(gateway=gateway, results=taken, now=now)


@unit_of_work
def _doubt_lost_leases(*, now: datetime) -> int:
    """Whoever handed these over did not come back to say how it went: they are unknown, and asked for at once."""
    lost = _locked(Message.objects.due(State.SUBMITTING, now))
    return Message.objects.filter(pk__in=lost).update(state=State.UNKNOWN, due_at=now)


@unit_of_work
def _give_up(*, late: MessageQuerySet, reason: str, now: datetime) -> int:
    """End what could not be handed over in time, or never will be known: we do not charge what we cannot prove."""
    messages = Message.objects.filter(pk__in=_locked(late))
    campaigns = set(messages.filter(campaign__isnull=False).values_list("campaign_id", flat=True).distinct())
    count = messages.update(state=State.REFUSED, error_code=reason, due_at=None, final_at=now)
    ring_for(campaigns)
    return count


@unit_of_work
def _stop_expecting_receipts(*, now: datetime) -> int:
    """What was handed over 72 hours ago without a receipt stays charged, and says that none came."""
    silent = _locked(Message.objects.due(State.ACCEPTED, now))
    return Message.objects.filter(pk__in=silent).update(state=State.UNCONFIRMED, due_at=None, final_at=now)


def _locked(messages: MessageQuerySet) -> list[int]:
    slice = messages.order_by("pk").select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(slice.values_list("pk", flat=True)[:_SLICE])


def _ask(*, gateway: Gateway, now: datetime) -> int:
    """Ask the gateway for one batch; return how many it answered for, 0 when there is nothing more to be had now."""
    keys = _claim(gateway=gateway.name, now=now)
    if not keys:
        return 0
    try:
        known = gateway.lookup(keys)
    except (GatewayUnreachable, GatewayUnknown):
        return 0
    record(gateway=gateway.name, results=list(known.values()), now=now)
    _send_again(keys=[key for key in keys if key not in known], now=now)
    return len(keys)


@unit_of_work
def _claim(*, gateway: str, now: datetime) -> list[uuid.UUID]:
    """Take a batch of unknown messages, and put off the next question so that nobody else asks it meanwhile."""
    batch = list(
        Message.objects.due(State.UNKNOWN, now)
        .filter(gateway=gateway)
        .order_by("due_at", "pk")
        .select_for_update(skip_locked=True, no_key=True)[:BATCH]
    )
    Message.objects.filter(pk__in=[message.pk for message in batch]).update(due_at=now + LOOKUP_AGAIN)
    return [message.public_id for message in batch]


@unit_of_work
def _send_again(*, keys: Sequence[uuid.UUID], now: datetime) -> None:
    """The gateway never took these: they wait again. Safe, because it knows a key it has seen."""
    unseen = Message.objects.filter(public_id__in=keys, state=State.UNKNOWN)
    accounts = set(unseen.values_list("account_id", flat=True).distinct())
    unseen.update(state=State.WAITING, due_at=F("leaves_at"))
    for account_id in sorted(accounts):
        ring(messages_waiting, account_id)
