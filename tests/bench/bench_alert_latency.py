"""How long an alarm takes from the posting that crosses its threshold to the mail server, with 100 postings a second."""

import os
import re
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

import pytest
from django.db import connections
from django.utils import timezone

from billing.credits import services as credits
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from messaging.alerts import services
from portal.accounts.models import Account
from tests.bench.page import record
from tests.conftest import Grant
from tests.faults.test_delivery_killed import Portal, flush_redis, wait_until
from tests.messaging.alerts.conftest import MailServer, serving

POSTINGS_A_SECOND = 100
SECONDS = 15
CROSSINGS = POSTINGS_A_SECOND * SECONDS // 10
BUSY = 20
FULL, THRESHOLD, MUCH, LITTLE = 1_000_000, 500_000, 600_000, 100


class Arrivals(list[str]):
    """The mails that have arrived, and when each account's first one did."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, float] = {}

    def append(self, text: str) -> None:
        now = time.perf_counter()
        super().append(text)
        if found := re.search(r"Crosser \d+", text):
            self.at.setdefault(found[0], now)


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with serving() as server:
        server.taken = Arrivals()
        monkeypatch.setitem(os.environ, "EMAIL_PORT", str(server.server_address[1]))
        yield server


@pytest.fixture
def portal(tmp_path: Path, transactional_db: None, mail_server: MailServer) -> Iterator[Portal]:
    flush_redis()
    portal = Portal(tmp_path)
    yield portal
    portal.kill_all()
    flush_redis()


def opened(grant: Grant, name: str, now: datetime) -> Wallet:
    """A wallet of 100 credits with an alert at 50."""
    account = Account.objects.create(name=name)
    wallet = grant(account, "100")
    terms = services.Terms(THRESHOLD, True, "desk@acme.example", False, "")
    services.create(account=account, terms=terms, actor_id=None, now=now)
    return wallet


def spend(wallet: Wallet, units: int, reference: str) -> None:
    cause = credits.Cause(TransferCode.CAMPAIGN, reference, "bench")
    credits.spend(wallet=wallet, amount=units, cause=cause, now=timezone.now())


def post(crossers: list[Wallet], busy: list[Wallet], turn: int, turns: int, posted: dict[str, float]) -> None:
    """Every turn-th of the postings at its time; one in ten takes a wallet below its threshold."""
    begin = time.perf_counter()
    for number in range(turn, POSTINGS_A_SECOND * SECONDS, turns):
        time.sleep(max(0.0, begin + number / POSTINGS_A_SECOND - time.perf_counter()))
        if number % 10:
            spend(busy[number % BUSY], LITTLE, f"bench:{number}")
        else:
            wallet = crossers[number // 10]
            spend(wallet, MUCH, f"bench:{number}")
            posted[wallet.account.name] = time.perf_counter()
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_from_the_posting_to_the_mail_server(
    operator: Account, grant: Grant, portal: Portal, mail_server: MailServer, now: datetime
) -> None:
    crossers = [opened(grant, f"Crosser {number:03}", now) for number in range(CROSSINGS)]
    busy = [opened(grant, f"Busy {number}", now) for number in range(BUSY)]
    arrivals = mail_server.taken
    assert isinstance(arrivals, Arrivals)
    flush_redis()
    portal.worker()
    first = opened(grant, "Crosser first", now)
    spend(first, MUCH, "bench:first")
    wait_until(lambda: len(arrivals) == 1)  # the worker is awake

    posted: dict[str, float] = {}
    started = time.perf_counter()
    threads = [threading.Thread(target=post, args=(crossers, busy, turn, 4, posted)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    wait_until(lambda: len(arrivals) == 1 + CROSSINGS)
    waits = [arrivals.at[name] - at for name, at in posted.items()]
    load = os.getloadavg()[0]
    rate = POSTINGS_A_SECOND * SECONDS / took
    record(
        "From the posting to the mail server",
        f"{POSTINGS_A_SECOND * SECONDS:,} postings over {took:.0f} s, one in ten of which takes a wallet to its threshold; a Celery"
        " worker of two processes, Redis, PostgreSQL and a mail server on loopback, by bells alone. Seconds from the commit of the"
        f" posting until the mail server has the alarm. The load of the machine was {load:.0f}.",
        ["postings a second", "alarms", "p50, s", "p95, s", "longest, s"],
        [
            [
                f"{rate:.0f}",
                str(len(waits)),
                f"{median(waits):.2f}",
                f"{quantiles(waits, n=20)[18]:.2f}",
                f"{max(waits):.2f}",
            ]
        ],
    )
