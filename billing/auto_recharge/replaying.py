"""The last 60 days of an account, and what an automatic recharge would have made of them (product 4.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from billing.amounts import UNITS_PER_CREDIT
from billing.auto_recharge import simulate
from billing.auto_recharge.braking import Brakes, Price
from billing.auto_recharge.decide import Answer
from billing.auto_recharge.facts import cost_cents
from billing.auto_recharge.simulate import Past, Replay, Terms
from billing.ledger import entries
from billing.ledger.codes import TransferCode
from billing.ledger.entries import Period
from billing.ledger.models import Account as LedgerAccount
from billing.pricing import selectors as pricing_selectors
from billing.recharge import selectors as recharges_selectors
from portal.accounts.models import Account
from portal.templatetags import formats
from portal.templatetags.charts import Point

WINDOW: Final = timedelta(days=60)
MONTH: Final = timedelta(days=30)
MILLISECOND: Final = timedelta(milliseconds=1)
HOUR_MS: Final = 3_600_000

# What was bought, and what of it went back: the recharge that is tried out buys instead.
LEFT_OUT: Final = (TransferCode.PURCHASE, TransferCode.REFUND, TransferCode.REVERSAL)

HELD_BY: Final[dict[Answer, StrOrPromise]] = {
    Answer.PAUSED: _("A pause after a declined payment"),
    Answer.DAY_CAP: _("The limit of the day"),
    Answer.MONTH_CAP: _("The limit of the month"),
    Answer.PROVISIONAL: _("Our limit of direct debits that can still be returned"),
    Answer.ASKED: _("The question whether an unusual purchase is to be made"),
}

THRESHOLDS: Final = tuple(
    step * 10**power * UNITS_PER_CREDIT for power in range(1, 5) for step in (1, 2, 5) if step * 10**power <= 50_000
)
"""The thresholds that a recommendation chooses from: 10, 20, 50, 100 and so on up to 50,000 credits."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be tried out: the pair in units, the days until credits are there, and the most recharges a month."""

    threshold_units: int
    quantity_units: int
    days: int
    most_a_month: int

    @property
    def terms(self) -> Terms:
        """The wish as the replay takes it."""
        return Terms(self.threshold_units, self.quantity_units, timedelta(days=self.days) // MILLISECOND)


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase of the replay, to be shown."""

    at: datetime
    units: int
    available: int
    cents: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """What held a purchase of the replay back, from when until when, to be shown."""

    at: datetime
    until: datetime
    why: StrOrPromise


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pair would have come to: money in cents with VAT at today's price, None where it is not for sale."""

    terms: Terms
    made: Replay
    cents: int | None

    @property
    def hours_at_zero(self) -> int:
        """The hours without credits; one that has begun counts."""
        return -(-self.made.zero_ms // HOUR_MS)


def past(account: Account, now: datetime) -> Past:
    """What happened to the account's own credits in the last 60 days, or since it was opened, but for its purchases."""
    since = max(now - WINDOW, min(account.created_at, now))
    pot = LedgerAccount.objects.filter(wallet__account=account).first()
    if pot is None:
        return Past(in_ms(since), in_ms(now), 0, [], [])
    opening = entries.sums(pot, Period(since, None)).opening
    moments, amounts = entries.course(pot, since, now, without=LEFT_OUT)
    return Past(in_ms(since), in_ms(now), opening, moments, amounts)


def prices(account: Account, now: datetime) -> Price:
    """What a purchase of so many units costs the account today, in cents with VAT."""
    packs, assessment = pricing_selectors.packs(account, now), recharges_selectors.vat_assessment(account)
    return cache(lambda units: cost_cents(pricing_selectors.price_in(packs, units), assessment))


def outcome(past: Past, terms: Terms, price: Price, brakes: Brakes | None = None) -> Outcome:
    """Replay the past with a pair, and price its purchases."""
    made = simulate.replay(past, terms, brakes)
    return Outcome(terms, made, made.cents(price))


def recommendation(past: Past, quantities: Sequence[int], wish: Wish, brakes: Brakes | None = None) -> Terms | None:
    """The pair that ties up the least and would have been enough, with as many recharges a month as are wished at most."""
    days = timedelta(milliseconds=past.until - past.since)
    most = max(wish.most_a_month, round(wish.most_a_month * (days / MONTH)))
    return simulate.recommended(past, THRESHOLDS, quantities, wish.terms.delay, most, brakes)


def points(past: Past, made: Replay, zone: ZoneInfo) -> list[Point]:
    """The lowest number of credits of each day in the zone, for the chart."""
    first, last = (moment(at).astimezone(zone).date() for at in (past.since, past.until))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    midnights = [in_ms(datetime.combine(day, time(), zone)) for day in days[1:]]
    lows = simulate.lowest(past, made, [past.since, *midnights, past.until + 1])
    return [
        Point(formats.day(day), max(low, 0), formats.credits(max(low, 0))) for day, low in zip(days, lows, strict=True)
    ]


def bought(outcome: Outcome, price: Price) -> list[Bought]:
    """The purchases of the replay in order."""
    return [Bought(moment(each.at), each.units, each.available, price(each.units)) for each in outcome.made.purchases]


def held(outcome: Outcome) -> list[Held]:
    """What held a purchase back, in order."""
    return [Held(moment(each.at), moment(each.until), HELD_BY[each.why]) for each in outcome.made.held]


def in_ms(at: datetime) -> int:
    """The milliseconds since 1970."""
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) // MILLISECOND)


def moment(ms: int) -> datetime:
    """The moment of so many milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + ms * MILLISECOND
