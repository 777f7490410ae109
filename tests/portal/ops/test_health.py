"""What load balancers and alarms are told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from portal import health
from portal.tasks import HEARTBEAT_KEY, beat_heartbeat


@pytest.fixture
def ticking(db: None) -> None:
    """Beat has just ticked."""
    cache.clear()
    beat_heartbeat()


def test_the_process_answers_without_asking_anybody() -> None:
    response = Client().get("/healthz")  # no database is allowed here: a query would fail the test

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


def test_ready_when_all_is_well(ticking: None, client: Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    report = response.json()
    assert report["status"] == "ok", report
    assert (report["database"], report["migrations"], report["redis"]) == ("ok", "ok", "ok")
    assert report["beat_seconds"] <= 5


def test_neither_is_sent_to_https_or_to_the_login(ticking: None, client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_redis_gone_is_degraded_not_dead(db: None, client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}

    response = client.get("/readyz")

    assert response.status_code == 200
    assert (response.json()["status"], response.json()["redis"]) == ("degraded", "down")


def test_a_beat_that_stands_still_is_degraded(ticking: None, client: Client) -> None:
    cache.set(HEARTBEAT_KEY, (timezone.now() - timedelta(minutes=5)).isoformat(), timeout=None)

    report = client.get("/readyz").json()
    assert report["status"] == "degraded"
    assert 295 <= report["beat_seconds"] <= 305


def test_work_that_waits_too_long_is_degraded(ticking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    waiting = (
        health.Work("messages", lambda now: now - timedelta(minutes=10)),
        health.Work("invoices", lambda now: None),
    )
    monkeypatch.setattr(health, "WORK", waiting)

    report = health.ready_report(now)
    assert report["status"] == "degraded"
    assert report["waiting_seconds"] == {"messages": 600, "invoices": None}


def test_a_missing_migration_is_down(ticking: None, client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="ledger").delete()

    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "down", "database": "ok", "migrations": "missing"}


def test_without_its_database_it_is_down(db: None, client: Client) -> None:
    def away(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(away):
        response = client.get("/readyz")
        assert client.get("/healthz").status_code == 200

    assert response.status_code == 503
    assert response.json() == {"status": "down", "database": "down"}
