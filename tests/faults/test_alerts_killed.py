"""Redis flushed or stopped, the worker killed with -9, the mail server silent: the alert still leaves.

Everything is real and a process of its own: the Celery worker, Redis, PostgreSQL; the mail server listens on loopback.
With `SALDO_BEAT=1` the sweeps come from a real beat at its own timetable, as for the figures in docs/reliability.md.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from celery import Task
from django.conf import settings
from django.utils import timezone
from kombu import Connection

from billing.amounts import to_units
from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from messaging.alerts import services, tasks
from messaging.alerts.codes import NoticeState
from messaging.alerts.models import BalanceAlert, Notice
from portal.accounts.models import Account
from portal.celery import app
from portal.services_embedded import EmbeddedRedis
from tests.conftest import Grant
from tests.faults.test_delivery_killed import Portal, flush_redis, wait_until
from tests.messaging.alerts.conftest import MailServer, serving

BEAT = bool(os.environ.get("SALDO_BEAT"))


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with serving() as server:
        monkeypatch.setitem(os.environ, "EMAIL_PORT", str(server.server_address[1]))
        yield server


@pytest.fixture
def processes(tmp_path: Path, transactional_db: None, mail_server: MailServer) -> Iterator[Portal]:
    flush_redis()
    processes = Portal(tmp_path)
    yield processes
    processes.kill_all()
    flush_redis()


@pytest.fixture
def watched(acme: Account, grant: Grant) -> Account:
    """Acme, with 100 credits and an alert at 50."""
    grant(acme, "100")
    terms = services.Terms(to_units(Decimal(50)), True, "desk@acme.example", False, "")
    services.create(account=acme, terms=terms, actor_id=None, now=timezone.now())
    return acme


def spend_60(account: Account) -> None:
    cause = credits.Cause(TransferCode.CAMPAIGN, "faults", "test")
    wallet = credits.open_wallet(account=account)
    credits.spend(wallet=wallet, amount=to_units(Decimal(60)), cause=cause, now=timezone.now())


def state() -> str:
    return Notice.objects.get().state


def test_an_alert_leaves_by_its_bells_alone(watched: Account, processes: Portal, mail_server: MailServer) -> None:
    processes.worker()
    spend_60(watched)
    wait_until(lambda: len(mail_server.taken) == 1)
    wait_until(lambda: state() == NoticeState.SENT)
    assert "desk@acme.example" in mail_server.taken[0]


def test_an_alert_leaves_although_every_bell_was_lost(
    watched: Account, processes: Portal, mail_server: MailServer
) -> None:
    spend_60(watched)
    flush_redis()
    processes.worker()
    tasks.evaluate_due.delay()  # as beat does
    wait_until(lambda: len(mail_server.taken) == 1)
    wait_until(lambda: state() == NoticeState.SENT)


def test_a_notice_whose_worker_was_killed_before_the_mail_server_took_it_is_sent_once(
    watched: Account, processes: Portal, mail_server: MailServer
) -> None:
    mail_server.silence()
    worker = processes.worker()
    spend_60(watched)
    wait_until(lambda: mail_server.asked > 0)
    assert state() == NoticeState.SENDING
    processes.kill(worker)
    flush_redis()
    mail_server.speak()

    processes.worker()
    tasks.deliver_waiting.delay()
    Notice.objects.update(lease_until=timezone.now() - timedelta(seconds=1))  # two minutes later
    tasks.deliver_waiting.delay()  # as beat does
    wait_until(lambda: state() == NoticeState.SENT)
    assert len(mail_server.taken) == 1
    assert Notice.objects.get().attempt_count == 2


@pytest.fixture
def own_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedRedis]:
    """A Redis for the portal's processes alone, which may be stopped."""
    with EmbeddedRedis(tmp_path / "redis", durable=False) as redis:
        monkeypatch.setitem(os.environ, "REDIS_URL", redis.url)
        yield redis


def swept_until(redis: EmbeddedRedis, true: Callable[[], bool], *sweeps: "Task[[], None]") -> None:
    """Put the sweeps into this Redis every five seconds, as beat does, until it is so.

    Once is not enough: two workers may take both at the same moment, and deliver before there is what to deliver.
    """
    due = 0.0

    def swept() -> bool:
        nonlocal due
        if not BEAT and time.monotonic() >= due:
            due = time.monotonic() + 5
            with Connection(redis.url, transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS) as connection:
                for task in sweeps:
                    app.send_task(task.name, connection=connection)
        return true()

    wait_until(swept)


def test_an_alert_leaves_within_a_minute_of_the_return_of_redis(
    watched: Account, own_redis: EmbeddedRedis, processes: Portal, mail_server: MailServer, tmp_path: Path
) -> None:
    sweeps = (tasks.evaluate_due, tasks.deliver_waiting)
    worker = processes.worker()
    if BEAT:
        processes.beat(tmp_path / "beat")
    services.test(alert=BalanceAlert.objects.get(), actor_id=None, now=timezone.now())
    swept_until(own_redis, lambda: len(mail_server.taken) == 1, *sweeps)  # everybody is awake
    own_redis.stop()
    spend_60(watched)
    own_redis.start()
    back = time.monotonic()

    def has_left() -> bool:
        nonlocal worker
        worker = processes.alive(worker)
        return len(mail_server.taken) == 2

    swept_until(own_redis, has_left, *sweeps)
    waited = time.monotonic() - back
    sys.stdout.write(f"\nThe alert left {waited:.1f} s after the return of Redis.\n")
    assert waited < 60
    assert list(Notice.objects.order_by("pk").values_list("kind", flat=True)) == ["test", "fired"]
