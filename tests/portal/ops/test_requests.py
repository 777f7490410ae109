"""Each request leaves a line that can be found again."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client, RequestFactory
from pythonjsonlogger.json import JsonFormatter

from portal.accounts.models import User
from portal.logs import RequestIdFilter
from portal.middleware import client_address

SignedIn = Callable[[User], Client]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the portal's log would hold, written as production writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    form = cast("dict[str, dict[str, Any]]", django_settings.LOGGING["formatters"])["json"]
    handler.setFormatter(JsonFormatter(**{name: value for name, value in form.items() if name != "()"}))
    handler.addFilter(RequestIdFilter())
    logging.getLogger("portal").addHandler(handler)
    yield stream
    logging.getLogger("portal").removeHandler(handler)


def test_a_request_is_one_line_of_json_with_its_id(lines: io.StringIO, alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).get("/me/?secret=1", headers={"X-Request-ID": "abcdef-0123456789"})

    (line,) = map(json.loads, lines.getvalue().splitlines())
    assert line["at"].endswith("+00:00")
    assert response.headers["X-Request-ID"] == line["request_id"] == "abcdef-0123456789"
    assert (line["message"], line["status"], line["level"]) == ("GET /me/", 200, "INFO")


@pytest.mark.parametrize("given", ["", "short", "x" * 65, 'a"b{injected}', "line break"])
def test_an_id_that_is_none_is_replaced(given: str) -> None:
    headers = {"X-Request-ID": given}

    assert Client().get("/healthz", headers=headers).headers["X-Request-ID"] not in {given, ""}


def test_a_key_in_an_address_is_not_written_down(lines: io.StringIO, client: Client, db: None) -> None:
    client.get("/password/reset/key/3-c0ffee-secret/")

    assert json.loads(lines.getvalue())["message"] == "GET /password/reset/key/3-…/"


def test_health_checks_leave_no_line(lines: io.StringIO) -> None:
    Client().get("/healthz")

    assert lines.getvalue() == ""


@pytest.mark.parametrize(
    ("behind", "forwarded", "address"),
    [
        (False, "6.6.6.6", "127.0.0.1"),
        (True, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (True, "2001:db8::1", "2001:db8::1"),
        (True, "", "127.0.0.1"),
        (True, "nonsense", None),
    ],
)
def test_the_address_is_the_proxys_word_only_behind_one(
    rf: RequestFactory, settings: Any, behind: bool, forwarded: str, address: str | None
) -> None:
    settings.BEHIND_PROXY = behind

    assert client_address(rf.get("/", headers={"X-Forwarded-For": forwarded})) == address


def test_a_session_says_when_it_was_used_once_a_minute(alice: User, signed_in: SignedIn) -> None:
    browser = signed_in(alice)
    browser.get("/me/")
    seen = UserSession.objects.get(user=alice).last_seen_at
    browser.get("/me/")
    assert UserSession.objects.get(user=alice).last_seen_at == seen
    cache.delete(f"session-seen:{browser.session.session_key}")
    browser.get("/me/")
    assert UserSession.objects.get(user=alice).last_seen_at > seen


def test_pages_of_a_person_are_nobody_elses_and_are_asked_for_each_time(
    client: Client, alice: User, signed_in: SignedIn
) -> None:
    browser = signed_in(alice)
    for path in ("/me/", "/", "/nowhere/"):
        assert browser.get(path).headers["Cache-Control"] == "private, no-cache"
    assert not client.get("/").has_header("Cache-Control")
