"""Redis flushed and the worker killed with -9 in the middle of 1,000 messages: all sent once, none charged twice.

Everything is real and a process of its own: the Celery worker, the gateway simulator, Redis, PostgreSQL.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from billing.credits import selectors as credits_selectors
from billing.ledger import selectors as ledger_selectors
from messaging.campaigns import services as campaigns
from messaging.campaigns import tasks as campaigns_tasks
from messaging.campaigns.models import Campaign
from messaging.delivery import resolution, selectors, tasks
from messaging.delivery.codes import State
from messaging.delivery.gateways import simulator as supplier
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from tests.conftest import Grant

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 1000
ITALIAN_RATE = 7000


class Portal:
    """Starts the portal's processes against the test's own database, and kills them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self.memory = folder / "simulator.jsonl"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def worker(self) -> subprocess.Popen[bytes]:
        words = ("worker", "--concurrency", "2", "--pool", "prefork", "--without-gossip", "--without-mingle")
        return self._start("-m", "celery", "--app", "portal.celery", "--quiet", *words)

    def alive(self, worker: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """This worker, or another where it has ended, as any supervisor sees to it: kombu 5.7 lets a worker end when
        Redis goes while it holds a task.
        """
        if worker.poll() is None:
            return worker
        self._running.remove(worker)
        return self.worker()

    def beat(self, schedule: Path) -> subprocess.Popen[bytes]:
        return self._start("-m", "celery", "--app", "portal.celery", "--quiet", "beat", "--schedule", str(schedule))

    def gateway(self, *words: str) -> subprocess.Popen[bytes]:
        given = ("--port", str(self.port), "--memory", str(self.memory), "--no-receipts", "--calm")
        return self._start("manage.py", "gateway_simulator", *given, *words)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill -9 the process and its children."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._running.remove(process)

    def kill_all(self) -> None:
        for process in list(self._running):
            self.kill(process)

    def lines(self, word: str) -> list[str]:
        """What the network noted under this word."""
        if not self.memory.exists():
            return []
        said = [json.loads(line) for line in self.memory.read_text().splitlines() if line.endswith("}")]
        return [line[word] for line in said if word in line]

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        parts = urlsplit(os.environ["DATABASE_URL"])
        environment = {
            **os.environ,
            "DATABASE_URL": urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}")),
            "GATEWAY_SIMULATOR_URL": f"http://127.0.0.1:{self.port}",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PYTHONWARNINGS": "ignore",
        }
        with (self._folder / "output.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._running.append(process)
        return process


@pytest.fixture
def portal(tmp_path: Path, transactional_db: None, settings: Settings) -> Iterator[Portal]:
    portal = Portal(tmp_path)
    settings.GATEWAY_SIMULATOR_URL = f"http://127.0.0.1:{portal.port}"
    supplier.client.cache_clear()
    flush_redis()
    yield portal
    supplier.client.cache_clear()
    portal.kill_all()
    flush_redis()


def flush_redis() -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.02)


def in_state(state: State) -> int:
    return Message.objects.filter(state=state).count()


def launched(account: Account, person: User) -> Campaign:
    """A campaign to a thousand Italian numbers, held and queued, its bell rung."""
    call_command("load_prices", verbosity=0)
    return campaigns.launch(
        account=account,
        actor_id=person.pk,
        sender=None,
        text="Ciao",
        recipients=[f"+39{3_471_000_100 + each}" for each in range(MESSAGES)],
        reference="faults",
        now=timezone.now(),
    )


def test_a_worker_killed_and_redis_flushed_amid_1000_messages_sends_and_charges_each_once(
    acme: Account, alice: User, grant: Grant, portal: Portal
) -> None:
    grant(acme, "1000")
    portal.gateway("--latency", "3", "--rate", "0")
    worker = portal.worker()
    campaign = launched(acme, alice)
    # The network has the first batch and has not answered; the second waits.
    wait_until(lambda: len(portal.lines("taken")) > 0)
    portal.kill(worker)
    flush_redis()
    assert in_state(State.SUBMITTING) > 0
    assert in_state(State.WAITING) > 0
    assert selectors.progress(campaign).charged_units == 0

    portal.worker()
    tasks.submit_waiting.delay()  # as beat does
    wait_until(lambda: in_state(State.WAITING) == 0 and len(portal.lines("taken")) == MESSAGES)
    wait_until(lambda: in_state(State.ACCEPTED) > 0)
    resolution.resolve(now=timezone.now() + timedelta(seconds=61))  # as the sweep does when the lease has run out
    campaigns_tasks.settle_finished.delay()
    wait_until(lambda: Campaign.objects.filter(settlement=None).count() == 0)

    taken = portal.lines("taken")
    assert len(taken) == len(set(taken)) == MESSAGES
    assert portal.lines("again") == []
    assert in_state(State.ACCEPTED) == MESSAGES
    campaign.refresh_from_db()
    assert campaign.charged_units == campaign.held_units == MESSAGES * ITALIAN_RATE
    assert credits_selectors.balance(acme).available == 10_000_000 - MESSAGES * ITALIAN_RATE
    assert credits_selectors.balance(acme).held == 0
    assert ledger_selectors.differences() == []
    assert credits_selectors.lot_differences() == []
