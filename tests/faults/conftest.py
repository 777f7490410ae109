"""The portal's processes, started against the test's own database and killed at will."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.conf import settings
from django.db import connection
from pytest_django import Settings

from messaging.delivery.gateways import simulator as supplier

ROOT = Path(__file__).resolve().parents[2]


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
    end = time.monotonic() + 40
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.02)
