"""The desk's gateways and routes: how each stands and why, and where a number goes."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from messaging.delivery import services
from messaging.delivery.codes import Purpose
from messaging.delivery.models import GatewayMinute, GatewayState, Route
from messaging.encoding.segments import Encoding
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from tests.conftest import SignedIn

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now() -> datetime:
    """The pages live by the real clock."""
    return timezone.now()


@pytest.fixture
def desk(olga: User, signed_in: SignedIn) -> Client:
    return signed_in(olga)


@pytest.fixture(autouse=True)
def gateways(settings: Settings) -> None:
    settings.GATEWAY_SIMULATOR_URL = ""
    settings.GATEWAYS = {"north": "simulator:http://127.0.0.1:9", "bind": "smpp://id:hush-hush@127.0.0.1:9"}


def page(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def typed(**changes: str) -> dict[str, str]:
    """The form of a route as staff fill it in."""
    terms = {"digits": "+39 347", "gateway": "north", "priority": "5", "per_second": "40"}
    return {**terms, "valid_from": "2026-11-20T10:30", "valid_until": "", **changes}


def test_each_gateway_says_how_it_stands_and_why(desk: Client, now: datetime) -> None:
    seen = page(desk, "desk_gateways")
    assert "Open" in seen
    assert "Its process is not running" in seen
    state = GatewayState.objects.create(name="north", retry_at=now + MINUTE, last_error="no route to host")
    seen = page(desk, "desk_gateways")
    assert "left alone until" in seen
    assert "no route to host" in seen
    state.retry_at, state.demoted_until, state.demoted_faults, state.demoted_of = None, now + MINUTE, 37, 80
    state.save()
    assert "37 of 80 messages went wrong there" in page(desk, "desk_gateways")
    state.is_paused = True
    state.save()
    assert "Paused by us" in page(desk, "desk_gateways")


def test_a_gateways_numbers_are_those_of_its_last_minutes(desk: Client, now: datetime) -> None:
    counts = {"accepted_count": 500, "refused_count": 4, "fault_count": 3, "delivered_count": 97}
    GatewayMinute.objects.create(gateway="north", minute=now - MINUTE, undelivered_count=3, **counts)
    GatewayMinute.objects.create(gateway="north", minute=now - 10 * MINUTE, accepted_count=9000)
    seen = page(desk, "desk_gateways")
    assert "(100 a minute)" in seen
    assert "3 of 507" in seen
    assert "97%" in seen


def test_no_secret_of_a_gateway_is_shown(desk: Client) -> None:
    assert "hush-hush" not in page(desk, "desk_gateways") + page(desk, "desk_routes")


def test_messages_that_no_gateway_takes_are_named(desk: Client, acme: Account, now: datetime) -> None:
    Route.objects.create(gateway="north", prefix="33", valid_from=now - MINUTE)
    draft = services.Draft("+393471000101", "39", "Ciao", Encoding.GSM7, 1, 7000)
    services.enqueue(
        account=acme, campaign=None, purpose=Purpose.CAMPAIGN, sender="Acme", drafts=[draft], now=now - MINUTE
    )
    seen = page(desk, "desk_gateways")
    assert "Messages wait that no gateway takes" in seen
    assert "+39." in seen


def test_without_a_gateway_the_page_says_what_to_do(desk: Client, settings: Settings) -> None:
    settings.GATEWAYS = {}
    assert "No gateway is configured" in page(desk, "desk_gateways")


def test_a_route_is_opened_and_changed_and_that_is_recorded(desk: Client, olga: User) -> None:
    desk.post(reverse("desk_route_new"), typed())
    route = Route.objects.get()
    assert (route.prefix, route.gateway, route.priority, route.per_second) == ("39347", "north", 5, 40)
    assert (route.valid_from, route.valid_until) == (datetime(2026, 11, 20, 9, 30, tzinfo=UTC), None)
    url = reverse("desk_route", args=[route.public_id])
    for _ in range(2):
        desk.post(url, typed(gateway="bind", is_paused="on", per_second=""))
    route.refresh_from_db()
    assert (route.gateway, route.is_paused, route.per_second) == ("bind", True, None)
    events = AuditEvent.objects.filter(action__startswith="route.").order_by("pk")
    assert [(event.action, event.actor) for event in events] == [("route.opened", olga), ("route.changed", olga)]
    assert "+39347" in page(desk, "desk_routes")
    assert 'value="39347"' in page(desk, "desk_route", route.public_id)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"digits": "0347"}, "without a zero in front"),
        ({"digits": "Italy"}, "Type the digits of the country first"),
        ({"gateway": "elsewhere"}, "Select a valid choice"),
        ({"per_second": "0"}, "greater than or equal to 1"),
        ({"valid_until": "2026-11-20T10:30"}, "The route ends before it begins"),
        ({"valid_from": "soon"}, "Enter a valid date/time"),
        ({"priority": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_route_that_cannot_be_is_not_saved(desk: Client, changes: dict[str, str], said: str) -> None:
    response = desk.post(reverse("desk_route_new"), typed(**changes))
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Route.objects.exists()


def test_a_route_that_does_not_exist_is_not_found(desk: Client) -> None:
    assert desk.get(reverse("desk_route", args=[uuid.uuid4()])).status_code == 404


def test_the_way_of_a_number_is_shown_in_its_order(desk: Client, now: datetime) -> None:
    Route.objects.create(gateway="bind", prefix="39", valid_from=now - MINUTE)
    Route.objects.create(gateway="north", prefix="", valid_from=now - MINUTE)
    seen = page(desk, "desk_routes", number="+39 347 100 0101")
    assert seen.index("bind <span") < seen.index("<strong>north</strong>")
    assert "It goes this way now." in seen
    Route.objects.filter(prefix="").delete()
    assert "No route leads there" in page(desk, "desk_routes", number="0033 6 12")
    assert "or the beginning of one" in page(desk, "desk_routes", number="Rome")


def test_every_state_of_a_route_has_its_badge(desk: Client, now: datetime) -> None:
    for fields in (
        {"gateway": "north"},
        {"gateway": "north", "is_paused": True},
        {"gateway": "north", "valid_from": now + MINUTE},
        {"gateway": "north", "valid_until": now},
        {"gateway": "gone"},
    ):
        Route.objects.create(**{"prefix": "39", "valid_from": now - MINUTE, **fields})
    seen = page(desk, "desk_routes")
    for label in ("In use", "Paused", "Planned", "Ended", "Gateway not configured"):
        assert label in seen
