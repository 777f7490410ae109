"""Which gateway a message goes over: the longest prefix, then the lowest priority, of those that are open.

Numbers wait in lanes, one for each account and country prefix, so the choice is made for a lane; only where a route
leads to a part of a country are the numbers themselves looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from messaging.delivery.gateways import configured
from messaging.delivery.health import Standing, standings
from messaging.delivery.models import Route


@dataclass(frozen=True, slots=True)
class Share:
    """What of a lane goes over a route: the messages that `numbers` is true of."""

    route: Route
    numbers: Q


class Plan:
    """The routes of a moment, and how the gateways behind them stand."""

    def __init__(self, routes: Iterable[Route], standings: Mapping[str, Standing]) -> None:
        usable = [route for route in routes if not route.is_paused and route.gateway in standings]
        self._routes = sorted(usable, key=lambda route: (-len(route.prefix), route.priority, route.pk or 0))
        self._standings = standings

    def candidates(self, digits: str) -> list[Route]:
        """The routes to numbers that begin with `digits` (no plus sign), the first choice first, open or not."""
        return [route for route in self._routes if digits.startswith(route.prefix)]

    def choice(self, digits: str) -> Route | None:
        """The route they go over now: the first that is open, else the first that is demoted; None while none is."""
        candidates = self.candidates(digits)
        for standing in (Standing.OPEN, Standing.DEMOTED):
            for route in candidates:
                if self.standing(route) == standing:
                    return route
        return None

    def standing(self, route: Route) -> Standing:
        """How the route's gateway stands."""
        return self._standings[route.gateway]

    def shares(self, gateway: str, prefix: str) -> list[Share]:
        """What goes over `gateway` now of the numbers that begin with `prefix`."""
        finer = {route.prefix for route in self._routes if route.prefix.startswith(prefix) and route.prefix != prefix}
        conditions: dict[int, tuple[Route, Q]] = {}
        for each in sorted(finer | {prefix}):
            route = self.choice(each)
            if route and route.gateway == gateway:
                numbers = _within(each, finer) if finer else Q()
                known = conditions.get(id(route))
                conditions[id(route)] = (route, known[1] | numbers if known else numbers)
        return [Share(route, numbers) for route, numbers in conditions.values()]


def plan(now: datetime) -> Plan:
    """The plan of this moment. While there are no routes the gateways stand in for each other in their order."""
    routes: Sequence[Route] = list(Route.objects.valid(now))
    if not routes:
        routes = [Route(gateway=name, priority=place) for place, name in enumerate(configured())]
    return Plan(routes, standings(now))


def _within(prefix: str, finer: Iterable[str]) -> Q:
    """Numbers that begin with `prefix` and with none of the finer prefixes below it."""
    numbers = Q(recipient__startswith=f"+{prefix}")
    for each in finer:
        if each.startswith(prefix) and each != prefix:
            numbers &= ~Q(recipient__startswith=f"+{each}")
    return numbers
