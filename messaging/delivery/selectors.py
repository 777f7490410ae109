"""Questions about messages; the account comes first."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Model, Sum

from messaging.delivery.codes import CHARGED, OPEN, RETURNED, State
from messaging.delivery.lanes import lanes
from messaging.delivery.models import GatewayState, Message, MessageQuerySet
from portal.accounts.models import Account

_LATEST_CAMPAIGNS = 50


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is: messages by state, and its price in units by what becomes of it.

    charged + returned + open units are the price of all its messages. Nothing open means: it can be settled.
    """

    recipient_count: int
    waiting: int
    submitting: int
    unknown: int
    accepted: int
    delivered: int
    undelivered: int
    expired: int
    unconfirmed: int
    refused: int
    cancelled: int
    charged_units: int
    returned_units: int
    open_units: int

    @property
    def open_count(self) -> int:
        """Messages of which it is not yet known whether they are charged."""
        return self.waiting + self.submitting + self.unknown

    @property
    def handed_over_count(self) -> int:
        """Messages the network took, whatever became of them."""
        return self.accepted + self.delivered + self.undelivered + self.expired + self.unconfirmed

    @property
    def final_count(self) -> int:
        """Messages of which nothing more will be heard."""
        return self.recipient_count - self.open_count - self.accepted


def progress(campaign: Model) -> Progress:
    """How far `campaign` (a Campaign) is, in one query."""
    rows = (
        Message.objects.filter(campaign_id=campaign.pk)
        .order_by()
        .values_list("state")
        .annotate(Count("pk"), Sum("price_units"))
    )
    counts = {state.value: 0 for state in State}
    units = dict(counts)
    for state, count, price in rows:
        counts[state], units[state] = count, int(price)
    return Progress(
        recipient_count=sum(counts.values()),
        charged_units=sum(units[state] for state in CHARGED),
        returned_units=sum(units[state] for state in RETURNED),
        open_units=sum(units[state] for state in OPEN),
        **counts,
    )


@dataclass(frozen=True, slots=True)
class Returned:
    """Messages of a campaign whose price goes back, by what became of them and why."""

    state: str
    error_code: str
    count: int
    units: int


def returned(campaign: Model) -> list[Returned]:
    """Why credits of `campaign` (a Campaign) go back, the most messages first."""
    rows = (
        Message.objects.filter(campaign_id=campaign.pk, state__in=[state.value for state in RETURNED])
        .order_by()
        .values_list("state", "error_code")
        .annotate(count=Count("pk"), units=Sum("price_units"))
        .order_by("-count", "state", "error_code")
    )
    return [Returned(*row) for row in rows]


def recipients(campaign: Model) -> frozenset[str]:
    """The numbers (E.164) that have a message of `campaign` (a Campaign)."""
    return frozenset(Message.objects.filter(campaign_id=campaign.pk).values_list("recipient", flat=True).iterator())


def messages(account: Account) -> MessageQuerySet:
    """The account's messages, newest first."""
    return Message.objects.filter(account=account).order_by("-created_at", "-pk")


def campaign_choices(account: Account, chosen: str) -> list[tuple[str, str]]:
    """The account's latest campaigns by public id and name, for a filter; the chosen one among them if it is its own.

    The relation is theirs, named by our key to them; their room stands above this one and is not imported.
    """
    campaigns = account.campaigns.order_by("-pk").values_list("public_id", "name")
    latest = {str(public_id): name for public_id, name in campaigns[:_LATEST_CAMPAIGNS]}
    if chosen not in latest and (public_id := _uuid(chosen)):
        latest |= {str(public_id): name for _, name in campaigns.filter(public_id=public_id)}
    return list(latest.items())


def oldest_waiting(now: datetime) -> datetime | None:
    """Since when the oldest message waits that could have been handed over by `now`; None when none does."""
    return min((lane.since for lane in lanes(now)), default=None)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What lies at a gateway: messages whose outcome is not known, and those on their way."""

    waiting: int
    unknown: int
    on_their_way: int


def traffic() -> Traffic:
    """What is under way, of all accounts."""
    counts = dict(Message.objects.filter(due_at__isnull=False).order_by().values_list("state").annotate(Count("pk")))
    return Traffic(
        waiting=counts.get(State.WAITING, 0) + counts.get(State.SUBMITTING, 0),
        unknown=counts.get(State.UNKNOWN, 0),
        on_their_way=counts.get(State.ACCEPTED, 0),
    )


def _uuid(written: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(written)
    except ValueError:
        return None


def is_paused(gateway: str) -> bool:
    """Whether staff have stopped the gateway."""
    return GatewayState.objects.filter(name=gateway, is_paused=True).exists()
