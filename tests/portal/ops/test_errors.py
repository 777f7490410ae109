"""When something goes wrong, the page says what and what to do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from psycopg import errors

from portal.accounts.models import User
from tests.conftest import PASSWORD

SignedIn = Callable[[User], Client]


@pytest.fixture
def unforgiving() -> Client:
    """A browser that is shown the error page instead of the error."""
    return Client(raise_request_exception=False)


def test_a_body_that_is_too_large_gets_a_sentence_and_changes_nothing(alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).post("/me/", {"first_name": "x" * 10_000_000})

    alice.refresh_from_db()
    assert response.status_code == 400
    assert "too large: a page takes at most 4 MB" in response.content.decode()
    assert alice.first_name == "Alice"


def test_an_unreadable_request_gets_another(rf: Any, unforgiving: Client) -> None:
    response = unforgiving.get("/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert "could not be read" in response.content.decode()


def failing_with(error: BaseException) -> Callable[..., Any]:
    def execute(call: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise error

    return execute


def refused(code: str | None) -> OperationalError:
    cause = errors.OperationalError("the database says no") if code is None else errors.lookup(code)("no")
    error = OperationalError("no")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("code", [None, "08006", "53300", "57P01", "57P03"])
def test_without_the_database_saldo_says_it_is_away(alice: User, unforgiving: Client, code: str | None) -> None:
    unforgiving.force_login(alice)
    with connection.execute_wrapper(failing_with(refused(code))):
        response = unforgiving.get("/me/")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert "not available right now" in response.content.decode()


@pytest.mark.parametrize("error", [refused("40P01"), ZeroDivisionError()])
def test_any_other_fault_is_ours(alice: User, unforgiving: Client, error: BaseException) -> None:
    unforgiving.force_login(alice)
    with connection.execute_wrapper(failing_with(error)):
        response = unforgiving.get("/me/")

    assert response.status_code == 500
    assert "went wrong on our side" in response.content.decode()


def test_trying_too_often_is_answered_with_patience(db: None, client: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    for _ in range(2):
        response = client.post("/login/", {"login": "a@b.example", "password": "x"})

    assert response.status_code == 429
    assert "Too many attempts" in response.content.decode()


def test_a_form_without_its_token_is_refused_with_a_sentence(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    response = client.post("/me/", {"first_name": "Mallory"})

    alice.refresh_from_db()
    assert response.status_code == 403
    assert "open for too long" in response.content.decode()
    assert alice.first_name == "Alice"


def test_login_works_without_redis(alice: User, client: Client, settings: Any) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}

    response = client.post("/login/", {"login": alice.email, "password": PASSWORD})

    assert response.headers["Location"] == "/"
    assert client.get("/me/").status_code == 200
