"""The verbs of the queue: put messages in, take out what nobody wants sent any more; gateways and routes."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model
from django.db.models.functions import Coalesce

from messaging.delivery.codes import Purpose, State
from messaging.delivery.models import GatewayState, Message, Route
from messaging.delivery.signals import messages_handed_over, messages_waiting
from messaging.encoding.segments import Encoding
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.bells import ring
from portal.transactions import unit_of_work


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to be: its number in E.164, its text as the network counts it, its whole price in units.

    `leaves_at` is the first moment it may leave, None meaning at once. `public_id` may be chosen by whoever must find
    the message again.
    """

    recipient: str
    prefix: str
    text: str
    encoding: Encoding
    segment_count: int
    price_units: int
    leaves_at: datetime | None = None
    public_id: uuid.UUID = field(default_factory=uuid.uuid4)


_COPY = """
    COPY delivery_message (
        public_id, account_id, campaign_id, purpose, sender, recipient, country_prefix, text, encoding, segment_count,
        price_units, state, attempt_count, due_at, gateway, gateway_message_id, error_code, created_at,
        leaves_at
    ) FROM STDIN
"""


@unit_of_work
def enqueue(
    *,
    account: Account,
    campaign: Model | None,
    purpose: Purpose,
    sender: str,
    drafts: Iterable[Draft],
    now: datetime,
) -> int:
    """Put messages in the account's queue and return how many. `campaign` is the Campaign they belong to, or None.

    The caller has held or paid their price in the same transaction. `sender` is what the telephones show: a name, or
    a number. COPY takes any number of drafts; they are read once.
    """
    count = 0
    campaign_id = campaign.pk if campaign else None
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for draft in drafts:
            head = (draft.public_id, account.pk, campaign_id, purpose.value, sender, draft.recipient, draft.prefix)
            size = (draft.text, draft.encoding.value, draft.segment_count, draft.price_units)
            leaves_at = draft.leaves_at or now
            copy.write_row((*head, *size, State.WAITING.value, 0, leaves_at, "", "", "", now, leaves_at))
            count += 1
    if count:
        ring(messages_waiting, account.pk)
    return count


@unit_of_work
def cancel_waiting(*, campaign: Model, now: datetime, limit: int | None = None) -> int:
    """Cancel what of the campaign is still waiting, at most `limit`, and return how many messages that were.

    What is being handed over at this moment, or is unknown, runs its course.
    """
    waiting = Message.objects.filter(campaign_id=campaign.pk, state=State.WAITING)
    if limit is not None:
        waiting = Message.objects.filter(pk__in=waiting.order_by().values("pk")[:limit], state=State.WAITING)
    count = waiting.update(state=State.CANCELLED, due_at=None, final_at=now)
    if limit is None:
        ring(messages_handed_over, campaign.pk)
    return count


@unit_of_work
def put_off(*, account: Account, campaign: Model, until: datetime, prefixes: Collection[str] | None) -> int:
    """Let what of the campaign waits not leave before `until`, to these prefixes or (None) to all; return how many."""
    # In the words of the index of lanes: nothing to put off is found out at once, whatever the campaign's size.
    waiting = Message.objects.alias(lane_campaign_id=Coalesce("campaign_id", 0)).filter(
        account_id=account.pk, lane_campaign_id=campaign.pk, state=State.WAITING, due_at__lt=until
    )
    if prefixes is not None:
        waiting = waiting.filter(country_prefix__in=list(prefixes))
    return Message.objects.filter(pk__in=waiting.values("pk")).update(due_at=until, leaves_at=until)


@unit_of_work
def discard(*, campaign: Model) -> int:
    """Remove the messages of a campaign that was never opened, as if they had not been written; return how many."""
    waiting = Message.objects.filter(campaign_id=campaign.pk, campaign__is_open=False, state=State.WAITING)
    count, _ = Message.objects.filter(pk__in=waiting.values("pk")).delete()
    return count


@unit_of_work
def set_paused(*, gateway: str, paused: bool, actor_id: int, now: datetime) -> None:
    """Stop handing messages to `gateway`, or start again; what waits goes on waiting. Saying it twice changes nothing."""
    GatewayState.objects.get_or_create(name=gateway)
    if GatewayState.objects.filter(name=gateway, is_paused=not paused).update(is_paused=paused, retry_at=None):
        audit.record(
            action="gateway.paused" if paused else "gateway.resumed",
            actor_id=actor_id,
            account_id=None,
            subject=f"gateway:{gateway}",
            before={"is_paused": not paused},
            after={"is_paused": paused},
            now=now,
        )


@dataclass(frozen=True, slots=True)
class RouteTerms:
    """What staff say of a route: see `Route` for what each word means."""

    gateway: str
    prefix: str
    priority: int
    per_second: int | None
    is_paused: bool
    valid_from: datetime
    valid_until: datetime | None


@unit_of_work
def set_route(*, route: Route | None, terms: RouteTerms, actor_id: int, now: datetime) -> Route:
    """Open a route, or change one; it counts from the next claim on. What changes nothing is not recorded."""
    after = asdict(terms)
    before = {name: getattr(route, name) for name in after} if route else {}
    if route and before == after:
        return route
    route = route or Route()
    for name, value in after.items():
        setattr(route, name, value)
    route.save()
    audit.record(
        action="route.changed" if before else "route.opened",
        actor_id=actor_id,
        account_id=None,
        subject=f"route:{route.public_id}",
        before=_written(before),
        after=_written(after),
        now=now,
    )
    return route


def _written(terms: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in terms.items()}
