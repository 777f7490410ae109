"""Whether this process answers, and whether Saldo can work: for load balancers, launchers and alarms."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis
from redis.exceptions import RedisError

from messaging.alerts import selectors as alerts_selectors
from messaging.delivery import selectors as delivery_selectors
from portal.accounts.access import public_view
from portal.reports import selectors as reports_selectors
from portal.tasks import HEARTBEAT_KEY

# Beat ticks every 15 seconds; work is found by a sweep within a minute. Beyond these something stands still.
BEAT_LATE = 60
WORK_LATE = 300


@dataclass(frozen=True, slots=True)
class Work:
    """Work that may wait, and how to ask since when, at a moment, the oldest of it does (None: nothing waits)."""

    name: str
    oldest: Callable[[datetime], datetime | None]


# Each asks the rows themselves, not the queue: what a lost bell left behind is waiting too.
WORK: tuple[Work, ...] = (
    Work("messages", delivery_selectors.oldest_waiting),
    Work("alerts", alerts_selectors.oldest_waiting),
    Work("reports", reports_selectors.oldest_waiting),
)


@public_view
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@public_view
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say as JSON whether Saldo can work: `ok`, `degraded` (it can, but something is late) or `down` (503)."""
    report = ready_report(timezone.now())
    return JsonResponse(report, status=503 if report["status"] == "down" else 200)


def ready_report(now: datetime) -> dict[str, Any]:
    """Look at database, migrations, Redis, beat and waiting work; ages in whole seconds, None where nothing is known."""
    report: dict[str, Any] = {"status": "down", "database": "down"}
    try:
        missing = _missing_migrations()
        report.update(database="ok", migrations="missing" if missing else "ok")
        if missing:
            return report
        waiting = {work.name: _age(work.oldest(now), now) for work in WORK}
    except (DatabaseError, InterfaceError):
        return {"status": "down", "database": "down"}
    redis = _redis_answers()
    beat = _beat_age(now)
    late = beat is None or beat > BEAT_LATE or any(age > WORK_LATE for age in waiting.values() if age is not None)
    report.update(
        status="ok" if redis and not late else "degraded",
        redis="ok" if redis else "down",
        beat_seconds=beat,
        waiting_seconds=waiting,
    )
    return report


def _missing_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _redis_answers() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def _beat_age(now: datetime) -> int | None:
    ticked = cache.get(HEARTBEAT_KEY)
    return _age(datetime.fromisoformat(ticked), now) if ticked else None


def _age(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else max(0, int((now - since).total_seconds()))
