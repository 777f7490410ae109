"""The whole of Saldo as processes, an SMSC, and the means to hurt them: what the fault runner plays on."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import redis
from django.conf import settings

from portal.services_embedded.postgres import EmbeddedPostgres
from portal.services_embedded.processes import Child, spawn
from portal.services_embedded.redis import EmbeddedRedis
from tests.faults.smsc import tell

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = "italia"
WINDOW = 50
PARTS = ("worker", "beat", "gateway")


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.02)


@dataclass
class Stage:
    """Starts and hurts processes. `postgres` and `redis` are there when they are ours to stop."""

    folder: Path
    environment: Mapping[str, str]
    postgres: EmbeddedPostgres | None = None
    redis: EmbeddedRedis | None = None
    web_port: int = 0
    window: int = WINDOW
    book: Path = field(init=False)
    _running: dict[str, Child] = field(default_factory=dict)
    _smsc_port: int = 0
    _told_at: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.book = self.folder / "book.jsonl"

    def start_smsc(self, **manners: object) -> None:
        """Start the SMSC, on the port of its last life; it goes on writing its book."""
        words = [sys.executable, "-m", "tests.faults.smsc", "--book", str(self.book)]
        words += ["--port", str(self._smsc_port), "--told-at", str(self._told_at)]
        child = self._spawn("smsc", words, output=subprocess.PIPE)
        assert child.process.stdout is not None
        self._smsc_port, self._told_at = map(int, child.process.stdout.readline().split())
        self.tell(**manners)

    def tell(self, **manners: object) -> dict[str, int]:
        """Tell the SMSC how to behave; it says how many messages it has taken, of this life of its."""
        return tell(self._told_at, **manners)

    def taken(self) -> int:
        """How many messages are in the book, of all the SMSC's lives."""
        return self.book.read_bytes().count(b'"taken"') if self.book.exists() else 0

    def start(self, *names: str) -> None:
        """Start parts of Saldo."""
        celery = ("-m", "celery", "--app", "portal.celery", "--quiet")
        pool = ("--concurrency", "2", "--pool", "prefork", "--without-gossip", "--without-mingle")
        web = ("-m", "gunicorn", "portal.wsgi:application", "--bind", f"127.0.0.1:{self.web_port}", "--workers", "1")
        words = {
            "worker": (*celery, "worker", *pool),
            "beat": (*celery, "beat", "--schedule", str(self.folder / "beat"), "--pidfile="),
            "gateway": ("manage.py", "smpp_gateway", GATEWAY),
            "web": (*web, "--no-control-socket", "--graceful-timeout", "2"),
        }
        for name in names:
            self._spawn(name, [sys.executable, *words[name]])

    def kill(self, *names: str) -> None:
        """Kill -9 parts and their children."""
        for name in names:
            child = self._running.pop(name)
            child.kill()
            if child.process.stdout is not None:
                child.process.stdout.close()

    def ask_to_stop(self, *names: str, seconds: float = 40) -> None:
        """SIGTERM, as a deploy does, and wait for the end."""
        for name in names:
            self._running[name].ask_to_stop()
        for name in names:
            child = self._running.pop(name)
            child.process.wait(timeout=seconds)
            child.exit_code()

    def end(self) -> None:
        """Nothing that was started here lives on."""
        self.kill(*list(self._running))

    def web_answers(self) -> bool:
        """Whether the web process says that it is there."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.web_port}/healthz", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def flush_redis(self) -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()

    def _spawn(self, name: str, words: list[str], output: int | None = None) -> Child:
        environment = {
            **os.environ,
            **self.environment,
            "GATEWAYS": f"{GATEWAY}=smpp://saldo:secret@127.0.0.1:{self._smsc_port}?window={self.window}",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PYTHONWARNINGS": "ignore",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = spawn(name, words, cwd=ROOT, env=environment, output=output or log)
        return self._running[name]


Fault = Callable[[Stage, random.Random], None]


def _killed(name: str) -> Fault:
    def fault(stage: Stage, chance: random.Random) -> None:
        stage.kill(name)
        time.sleep(chance.uniform(0.1, 1))
        stage.start(name)
        if name == "web":
            wait_until(stage.web_answers)

    return fault


def _redis_flushed(stage: Stage, chance: random.Random) -> None:
    stage.flush_redis()


def _redis_down(stage: Stage, chance: random.Random) -> None:
    assert stage.redis is not None
    stage.redis.stop()
    time.sleep(30)
    stage.redis.start()


def _postgres_restarted(stage: Stage, chance: random.Random) -> None:
    assert stage.postgres is not None
    stage.postgres.child.kill()
    stage.postgres.start()


def _postgres_down(stage: Stage, chance: random.Random) -> None:
    assert stage.postgres is not None
    stage.postgres.stop()
    time.sleep(30)
    stage.postgres.start()


def _smsc_killed(stage: Stage, chance: random.Random) -> None:
    # It dies with a window full of messages that it has taken and not answered.
    stage.tell(latency=5.0)
    time.sleep(chance.uniform(0.5, 1))
    stage.kill("smsc")
    time.sleep(chance.uniform(0.1, 2))
    stage.start_smsc(receipts=0.1)


def _smsc_slow(stage: Stage, chance: random.Random) -> None:
    stage.tell(latency=3.0)
    time.sleep(10)
    stage.tell(latency=0.0)


def _smsc_throttling(stage: Stage, chance: random.Random) -> None:
    stage.tell(most_per_second=50)
    time.sleep(10)
    stage.tell(most_per_second=None)


def _receipts_doubled_and_shuffled(stage: Stage, chance: random.Random) -> None:
    stage.tell(doubled=True, shuffled=True, receipts=0.0)


def _deployed(stage: Stage, chance: random.Random) -> None:
    parts = [name for name in (*PARTS, "web") if name in stage._running]
    stage.ask_to_stop(*parts)
    stage.start(*parts)


FAULTS: dict[str, Fault] = {
    "kill -9 of a Celery worker": _killed("worker"),
    "kill -9 of the gateway process": _killed("gateway"),
    "kill -9 of beat": _killed("beat"),
    "kill -9 of the web process": _killed("web"),
    "Redis flushed": _redis_flushed,
    "Redis down for 30 s": _redis_down,
    "PostgreSQL killed and started at once": _postgres_restarted,
    "PostgreSQL down for 30 s": _postgres_down,
    "SMSC killed": _smsc_killed,
    "SMSC slow for 10 s": _smsc_slow,
    "SMSC throttling for 10 s": _smsc_throttling,
    "receipts doubled and shuffled": _receipts_doubled_and_shuffled,
    "SIGTERM of everything (a deploy)": _deployed,
}
# How many messages may at most be unknown afterwards: what was in flight, or in the hands of who was killed.
MOST_UNKNOWN = {
    "kill -9 of the gateway process": WINDOW,
    "SMSC killed": WINDOW,
    # The claim that was committed and whose answer was lost.
    "PostgreSQL killed and started at once": WINDOW,
    "PostgreSQL down for 30 s": WINDOW,
}
