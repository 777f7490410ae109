"""The gateways and routes as the operator sees them: how each stands and why, what it did, what waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from messaging.delivery import routes
from messaging.delivery.gateways import Configured, configured
from messaging.delivery.health import WINDOW, Standing, standing
from messaging.delivery.lanes import lanes
from messaging.delivery.models import GatewayMinute, GatewayState, Route

# How far back the share of delivered messages looks.
_HOUR = timedelta(hours=1)

STANDINGS: dict[Standing, tuple[str, str | Promise]] = {
    Standing.OPEN: ("ok", pgettext_lazy("gateway", "Open")),
    Standing.DEMOTED: ("warn", pgettext_lazy("gateway", "Demoted")),
    Standing.RESTING: ("warn", pgettext_lazy("gateway", "Resting")),
    Standing.GONE: ("bad", pgettext_lazy("gateway", "Not connected")),
    Standing.PAUSED: ("neutral", pgettext_lazy("gateway", "Paused")),
}
ROUTE_STATES: dict[str, tuple[str, str | Promise]] = {
    "valid": ("ok", pgettext_lazy("route", "In use")),
    "paused": ("neutral", pgettext_lazy("route", "Paused")),
    "planned": ("info", pgettext_lazy("route", "Planned")),
    "ended": ("neutral", pgettext_lazy("route", "Ended")),
    "idle": ("warn", gettext_lazy("Gateway not configured")),
}


@dataclass(frozen=True, slots=True)
class GatewayView:
    """A gateway: how it stands, what it did in the last minutes, and since when the oldest message waits for it."""

    name: str
    kind: str
    standing: Standing
    badge: tuple[str, str | Promise]
    state: GatewayState
    accepted_count: int
    refused_count: int
    fault_count: int
    per_minute: int
    delivered_share: Decimal | None
    oldest_waiting_at: datetime | None
    route_count: int

    @property
    def tried_count(self) -> int:
        """Messages that were tried in the last minutes."""
        return self.accepted_count + self.refused_count + self.fault_count


@dataclass(frozen=True, slots=True)
class Overview:
    """Every gateway, the time over which they are counted, and the prefixes to which no open gateway leads."""

    gateways: list[GatewayView]
    window_minutes: int
    stranded: list[str]


def gather(now: datetime) -> Overview:
    """Look at every gateway that is configured, in their order."""
    plan = routes.plan(now)
    waiting: dict[str, datetime] = {}
    stranded: dict[str, None] = {}
    for lane in lanes(now):
        route = plan.choice(lane.prefix) or next(iter(plan.candidates(lane.prefix)), None)
        if plan.choice(lane.prefix) is None:
            stranded[lane.prefix] = None
        if route:
            waiting[route.gateway] = min(lane.since, waiting.get(route.gateway, lane.since))
    states = {state.name: state for state in GatewayState.objects.all()}
    leading = list(Route.objects.valid(now).filter(is_paused=False).values_list("gateway", flat=True))
    views = [
        _view(gateway, states.get(gateway.name), waiting.get(gateway.name), leading.count(gateway.name), now)
        for gateway in configured().values()
    ]
    return Overview(views, int(WINDOW / timedelta(minutes=1)), list(stranded))


def route_state(route: Route, now: datetime) -> str:
    """Whether a route leads anywhere now: a key of `ROUTE_STATES`."""
    if route.valid_until and route.valid_until <= now:
        return "ended"
    if route.gateway not in configured():
        return "idle"
    if route.is_paused:
        return "paused"
    return "planned" if route.valid_from > now else "valid"


@dataclass(frozen=True, slots=True)
class Way:
    """A route that a number may take, how its gateway stands, and whether it is the one that is taken."""

    route: Route
    badge: tuple[str, str | Promise]
    is_taken: bool


def ways(digits: str, now: datetime) -> list[Way]:
    """The routes of a number (digits without the plus sign) in their order, with the one it would take now."""
    plan = routes.plan(now)
    taken = plan.choice(digits)
    return [Way(route, STANDINGS[plan.standing(route)], route is taken) for route in plan.candidates(digits)]


def _view(
    gateway: Configured, state: GatewayState | None, oldest: datetime | None, route_count: int, now: datetime
) -> GatewayView:
    stands = standing(gateway, state, now)
    recent = _sums(gateway.name, now - WINDOW, ("accepted_count", "refused_count", "fault_count"))
    delivered, undelivered = _sums(gateway.name, now - _HOUR, ("delivered_count", "undelivered_count"))
    ended = delivered + undelivered
    return GatewayView(
        name=gateway.name,
        kind=gateway.kind,
        standing=stands,
        badge=STANDINGS[stands],
        state=state or GatewayState(name=gateway.name),
        accepted_count=recent[0],
        refused_count=recent[1],
        fault_count=recent[2],
        per_minute=round(recent[0] / (WINDOW / timedelta(minutes=1))),
        delivered_share=Decimal(delivered) / ended if ended else None,
        oldest_waiting_at=oldest,
        route_count=route_count,
    )


def _sums(gateway: str, since: datetime, fields: Sequence[str]) -> list[int]:
    minutes = GatewayMinute.objects.filter(gateway=gateway, minute__gt=since)
    found = minutes.aggregate(**{field: Sum(field) for field in fields})
    return [found[field] or 0 for field in fields]
