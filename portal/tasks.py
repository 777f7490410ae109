"""The hall's own chores."""

from celery import shared_task
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

HEARTBEAT_KEY = "beat-heartbeat"


@shared_task
def beat_heartbeat() -> None:
    """Write down that beat ticks and a worker answers; `/readyz` reads it."""
    cache.set(HEARTBEAT_KEY, timezone.now().isoformat(), timeout=None)


@shared_task
def clear_sessions() -> None:
    """Delete the sessions that have ended."""
    call_command("clearsessions")
