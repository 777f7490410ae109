"""Every address, method and role, with own, a child's and foreign ids: nobody gets further than they may.

A new address is tried by itself; one with an unknown argument, or behind no door, fails here until it is named.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.handlers import exception as exceptions
from django.core.management import call_command
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from portal.accounts.capabilities import CAPABILITIES, Capability, Role
from portal.accounts.models import Account, User
from tests.conftest import NOW, let_in_an_owner, open_acme, open_globex, open_operator
from tests.house.world import Owned, furnish

METHODS = ("GET", "POST")
UNKNOWN_METHODS = ("PUT", "PATCH", "DELETE")
# Doors that others built and keep: allauth's flows and Django's admin.
FOREIGN_MODULES = ("allauth.", "django.contrib.admin", "django.contrib.contenttypes", "portal.admin")


@dataclass(frozen=True, slots=True)
class Address:
    """A named URL of ours, the arguments it takes, and the door it stands behind."""

    name: str
    arguments: tuple[str, ...]
    door: str
    capability: Capability | None

    def url(self, ids: dict[str, uuid.UUID]) -> str:
        return reverse(self.name, kwargs={argument: ids[argument] for argument in self.arguments})


def walk(patterns: list[Any], arguments: tuple[str, ...] = ()) -> Iterator[tuple[URLPattern, tuple[str, ...]]]:
    for pattern in patterns:
        taken = arguments + tuple(pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, taken)
        else:
            yield pattern, taken


def is_foreign(pattern: URLPattern) -> bool:
    module = getattr(pattern.callback, "__module__", "")
    is_admin = hasattr(pattern.callback, "model_admin") or hasattr(pattern.callback, "admin_site")
    return is_admin or module.startswith(FOREIGN_MODULES)


OURS = [(pattern, taken) for pattern, taken in walk(get_resolver().url_patterns) if not is_foreign(pattern)]
ADDRESSES = [
    Address(
        str(pattern.name),
        taken,
        getattr(pattern.callback, "door", "none"),
        getattr(pattern.callback, "capability", None),
    )
    for pattern, taken in OURS
]


def behind(door: str) -> list[Address]:
    return [address for address in ADDRESSES if address.door == door]


@dataclass(frozen=True, slots=True)
class World:
    acme: Owned
    globex: Owned

    def own(self, **other: uuid.UUID) -> dict[str, uuid.UUID]:
        return {"account": self.acme.account.public_id, **self.acme.ids, **other}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Both customers with all they have, made once; what a test changes is undone after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        open_operator()
        acme, globex = open_acme(), open_globex()
        alice = let_in_an_owner(acme, "alice@acme.example", "Alice")
        charlie = let_in_an_owner(globex, "charlie@globex.example", "Charlie")
        call_command("load_prices", stdout=StringIO())
        made = World(furnish(acme, alice, NOW), furnish(globex, charlie, NOW))
        # What is checked at a commit is checked here, once; otherwise each test would do it anew.
        connection.check_constraints()
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def operator(world: World, db: None) -> Account:
    return Account.objects.get(is_operator=True)


@pytest.fixture
def acme(world: World, db: None) -> Account:
    return Account.objects.get(pk=world.acme.account.pk)


@pytest.fixture
def alice(world: World, db: None) -> User:
    return User.objects.get(email="alice@acme.example")


@pytest.fixture
def charlie(world: World, db: None) -> User:
    return User.objects.get(email="charlie@globex.example")


Browser = Callable[[User], Client]


@pytest.fixture
def browser() -> Browser:
    """Sign a person in; what the pages look like is looked at elsewhere."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture(autouse=True)
def error_pages_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render each page of refusal once for each frame it stands in: most of a walk's time would go into them."""
    render, rendered = exceptions.get_exception_response, set()

    def respond(request: HttpRequest, resolver: URLResolver, status: int, exception: Exception) -> HttpResponse:
        account = getattr(request, "account", None)
        frame = (status, request.user.pk, account and account.pk, request.path.startswith("/desk/"))
        if frame in rendered:
            return HttpResponse(status=status)
        rendered.add(frame)
        return render(request, resolver, status, exception)

    monkeypatch.setattr(exceptions, "get_exception_response", respond)


def ask(client: Client, method: str, url: str) -> HttpResponse:
    response: HttpResponse = getattr(client, method.lower())(url)
    if response.streaming:
        response.getvalue()  # a file that is read to its end is closed
    return response


def leads_to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and response["Location"].startswith(reverse("account_login"))


def test_every_address_stands_behind_a_door() -> None:
    assert [address.name for address in ADDRESSES if address.door == "none"] == []
    assert [address.name for address in ADDRESSES if address.name == "None"] == []


def test_every_argument_is_known(world: World) -> None:
    known = set(world.own())
    assert {argument for address in ADDRESSES for argument in address.arguments} <= known


def test_an_account_in_the_address_means_the_accounts_door() -> None:
    assert [a.name for a in ADDRESSES if ("account" in a.arguments) != (a.door == "account")] == []


@pytest.mark.parametrize("method", METHODS)
def test_who_is_not_signed_in_is_led_to_sign_in(world: World, db: None, method: str) -> None:
    client = Client()
    behind_doors = behind("account") + behind("staff") + behind("person")
    let_in = [a.name for a in behind_doors if not leads_to_sign_in(ask(client, method, a.url(world.own())))]
    assert let_in == []


@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_finds_nothing(world: World, charlie: User, browser: Browser, method: str) -> None:
    client = browser(charlie)
    mixed = world.own(**world.globex.ids)
    found = [
        f"{address.name} {status}"
        for address in behind("account")
        for url in {address.url(world.own()), address.url(mixed)}
        if (status := ask(client, method, url).status_code) != 404
    ]
    assert found == []


@pytest.mark.parametrize("method", METHODS)
def test_an_owner_finds_nothing_of_another_customer(world: World, alice: User, browser: Browser, method: str) -> None:
    client = browser(alice)
    found = []
    for address in behind("account"):
        for argument in set(address.arguments) - {"account", "customer"}:
            ids = world.own(**{argument: world.globex.ids[argument]})
            status = ask(client, method, address.url(ids)).status_code
            # A wrong method is refused before anything is looked up.
            if status not in {404, 405}:
                found.append(f"{address.name} with a foreign {argument}: {status}")
    assert found == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("role", Role.values)
def test_a_role_opens_what_it_carries_and_nothing_else(
    world: World, acme: Account, bob: User, browser: Browser, method: str, role: str
) -> None:
    acme.members.filter(user=bob).update(role=role, may_spend=False)
    client = browser(bob)
    wrong = []
    for address in behind("account"):
        assert address.capability is not None
        may = address.capability in CAPABILITIES[Role(role)] and address.capability != Capability.SEND
        status = ask(client, method, address.url(world.own())).status_code
        if status >= 500 or (status == 403) == may:
            wrong.append(f"{address.name}: {status}")
    assert wrong == []


@pytest.mark.parametrize("method", METHODS)
def test_a_sub_accounts_member_never_sees_its_parent(
    world: World, acme: Account, charlie: User, browser: Browser, method: str
) -> None:
    below = acme.subaccounts.get()
    charlie.memberships.update(account=below)
    client = browser(charlie)
    seen = [
        f"{address.name} {status}"
        for address in behind("account")
        if (status := ask(client, method, address.url(world.own())).status_code) != 404
    ]
    assert seen == []


@pytest.mark.parametrize("method", METHODS)
def test_the_back_office_is_not_there_for_customers(world: World, alice: User, browser: Browser, method: str) -> None:
    client = browser(alice)
    found = [a.name for a in behind("staff") if ask(client, method, a.url(world.own())).status_code != 404]
    assert found == []


@pytest.mark.parametrize("method", METHODS)
def test_staff_and_the_public_never_meet_a_failure(world: World, olga: User, browser: Browser, method: str) -> None:
    desk, client = browser(olga), Client()
    failed = [a.name for a in behind("staff") if ask(desk, method, a.url(world.own())).status_code >= 500]
    failed += [
        a.name
        for a in behind("public") + behind("person")
        for who in (desk, client)
        if ask(who, method, a.url(world.own())).status_code >= 500
    ]
    assert failed == []


def test_an_unknown_method_changes_nothing(world: World, alice: User, olga: User, browser: Browser) -> None:
    let_in = [
        f"{method} {address.name}"
        for who, door in ((browser(alice), "account"), (browser(olga), "staff"))
        for address in behind(door)
        for method in UNKNOWN_METHODS
        if ask(who, method, address.url(world.own())).status_code != 405
    ]
    assert let_in == []


def test_the_walk_would_notice_a_view_without_a_door() -> None:
    def naked(request: object) -> HttpResponse:
        return HttpResponse()

    assert getattr(login_not_required(naked), "door", "none") == "none"
