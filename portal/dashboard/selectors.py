"""What the first page of an account is about, in few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from billing.payments.models import PaymentMethod
from billing.pricing import destinations
from billing.pricing import selectors as pricing_selectors
from billing.pricing.codes import Service
from billing.pricing.quote import NoRate, messages_for
from billing.recharge.models import Recharge
from messaging.campaigns.models import Campaign
from messaging.delivery.codes import CHARGED, OPEN, State
from messaging.delivery.models import Message
from portal.accounts.models import Account, BillingDetails
from portal.templatetags import formats

DAYS: Final = 30
"""How many days the chart shows, today included."""

# Product 3.2 names the messages that credits buy; most customers send to where the operator is.

HABIT: Final = timedelta(days=90)
"""How far back it counts where an account sends to."""

REACH_COUNT: Final = 4
# Italy, France, the United Kingdom, India: what is shown to whoever has not sent to so many countries yet.
USUAL_PREFIXES: Final = ("39", "33", "44", "91")


@dataclass(frozen=True, slots=True)
class Day:
    """How many messages of a day the network took."""

    on: date
    sent: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """The last `DAYS` days: messages the network took, and what is known of them."""

    days: tuple[Day, ...]
    sent: int
    delivered: int
    lost: int

    @property
    def delivered_share(self) -> Decimal | None:
        """Delivered of all whose fate is known, as a share of one; None while that is none."""
        known = self.delivered + self.lost
        return Decimal(self.delivered) / known if known else None


def traffic(account: Account, now: datetime) -> Traffic:
    """Count the account's messages by the day they were written, in the reader's time zone."""
    today = timezone.localtime(now).date()
    first = today - timedelta(days=DAYS - 1)
    rows = (
        Message.objects.filter(account=account, created_at__gte=timezone.make_aware(datetime.combine(first, time())))
        .filter(state__in=[state.value for state in CHARGED])
        .order_by()
        .annotate(on=TruncDate("created_at"))
        .values_list("on", "state")
        .annotate(Count("pk"))
    )
    by_day = {first + timedelta(days=index): 0 for index in range(DAYS)}
    by_state: dict[str, int] = dict.fromkeys(State, 0)
    for on, state, count in rows:
        by_day[on] = by_day.get(on, 0) + count
        by_state[state] += count
    return Traffic(
        days=tuple(Day(on, sent) for on, sent in by_day.items()),
        sent=sum(by_day.values()),
        delivered=by_state[State.DELIVERED],
        lost=by_state[State.UNDELIVERED] + by_state[State.EXPIRED],
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """A destination, and how many messages of one segment the balance is enough for there, rounded down."""

    country: str
    units: int
    message_count: int


def reach(account: Account, available: int, now: datetime) -> list[Reach]:
    """What `available` units are enough for: first where the account sends to most, then the usual destinations."""
    table, found = pricing_selectors.rates(Service.SMS_SEGMENT, now), []
    for prefix in list(dict.fromkeys([*_most_used(account, now), *USUAL_PREFIXES]))[:REACH_COUNT]:
        try:
            entry = table.find(prefix)
        except NoRate:
            continue
        country = destinations.names(prefix, entry.country_names, formats.locale())[0]
        found.append(Reach(country, entry.units, messages_for(available, entry.units)))
    return found


def _most_used(account: Account, now: datetime) -> list[str]:
    """The prefixes with the most messages of the last 90 days. Habits change slowly: they are counted once an hour."""
    key = f"most-used-prefixes:{account.public_id}"
    known: list[str] | None = cache.get(key)
    if known is None:
        recent = Message.objects.filter(account=account, created_at__gte=now - HABIT).order_by()
        counts = recent.values_list("country_prefix").annotate(count=Count("pk"))
        known = [prefix for prefix, _ in counts.order_by("-count", "country_prefix")[:REACH_COUNT]]
        cache.set(key, known, timeout=3600 if known else 60)
    return known


@dataclass(frozen=True, slots=True)
class Running:
    """A campaign under way: how many of its messages have left our hands."""

    campaign: Campaign
    done: int


def running(account: Account) -> list[Running]:
    """The account's campaigns that are not finished, newest first, in two queries."""
    campaigns = list(Campaign.objects.filter(account=account, settlement=None).order_by("-pk")[:5])
    if not campaigns:
        return []
    still = Q(state__in=[state.value for state in OPEN])
    counts = dict(
        Message.objects.filter(campaign__in=campaigns)
        .order_by()
        .values_list("campaign_id")
        .annotate(done=Count("pk", filter=~still))
    )
    return [Running(campaign, counts.get(campaign.pk, 0)) for campaign in campaigns]


@dataclass(frozen=True, slots=True)
class Steps:
    """The first steps in a new account, and which of them are done."""

    has_billing_details: bool
    has_card: bool
    has_bought: bool
    has_sent: bool

    @property
    def are_done(self) -> bool:
        return self.has_billing_details and self.has_card and self.has_bought and self.has_sent

    @property
    def done_count(self) -> int:
        return sum((self.has_billing_details, self.has_card, self.has_bought, self.has_sent))


def steps(account: Account, *, recharges: Sequence[Recharge], sent: int) -> Steps | None:
    """The first steps of a customer, or None once they lie behind; what the page has found is not asked for again."""
    if account.is_subaccount or account.is_operator:
        return None
    if sent and any(recharge.state == Recharge.State.PAID for recharge in recharges):
        return None
    paid = Recharge.objects.filter(account=OuterRef("pk"), state=Recharge.State.PAID)
    found = Account.objects.filter(pk=account.pk).values_list(
        Exists(BillingDetails.objects.filter(account=OuterRef("pk"))),
        Exists(PaymentMethod.objects.filter(account=OuterRef("pk"), removed_at=None)),
        Exists(paid),
        Exists(Message.objects.filter(account=OuterRef("pk"))),
    )
    has_billing_details, has_card, has_bought, has_sent = found.get()
    so_far = Steps(has_billing_details, has_card or has_bought, has_bought, has_sent)
    return None if so_far.are_done else so_far
