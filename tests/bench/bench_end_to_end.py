"""A campaign from its launch to its settlement over an SMPP gateway: every message and receipt stored, all of it charged.

Everything is a process of its own, as in production: gateway, worker, beat, an SMSC that keeps a book, PostgreSQL, Redis.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import call_command
from django.db import connection

from messaging.delivery.codes import State
from messaging.delivery.models import DeliveryReceipt, GatewayState, Message
from portal.accounts.models import Account, User
from tests.bench.page import record
from tests.conftest import Grant
from tests.faults import reckoning
from tests.faults.stage import PARTS, Stage, wait_until

MESSAGES = 100_000 if os.environ.get("SALDO_FULL") else 20_000
LEAST_PER_SECOND = 1_500
# As suppliers of such a rate allow.
WINDOW = 200


@pytest.fixture
def stage(tmp_path: Path, transactional_db: None) -> Iterator[Stage]:
    parts = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    stage = Stage(tmp_path, {"DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}"))}, window=WINDOW)
    stage.flush_redis()
    yield stage
    stage.end()
    stage.flush_redis()


def test_a_campaign_end_to_end(acme: Account, alice: User, grant: Grant, stage: Stage) -> None:
    call_command("load_prices", verbosity=0)
    grant(acme, str(MESSAGES))
    reckoning.open_route()
    stage.start_smsc(receipts=0.0)
    stage.start(*PARTS)
    wait_until(lambda: GatewayState.objects.filter(alive_until__isnull=False).exists())
    begun = time.perf_counter()
    campaign = reckoning.launched(acme, alice.pk, MESSAGES)
    accepted = time.perf_counter() - begun

    def is_settled() -> bool:
        campaign.refresh_from_db()
        return campaign.settlement_id is not None

    def is_delivered() -> bool:
        return not Message.objects.exclude(state=State.DELIVERED).exists()

    wait_until(is_settled, 600)
    settled = time.perf_counter() - begun
    wait_until(is_delivered, 600)
    seconds = time.perf_counter() - begun
    assert DeliveryReceipt.objects.filter(message__campaign=campaign).count() == MESSAGES
    assert campaign.charged_units == campaign.held_units
    per_second = MESSAGES / seconds
    rows = [
        (f"{MESSAGES:,}", f"{accepted:.1f}", f"{settled:.1f}", f"{seconds:.1f}", f"{per_second:,.0f}"),
    ]
    method = (
        "One campaign over `manage.py smpp_gateway` to an SMSC on loopback that answers at once and sends each receipt at"
        f" once, window {WINDOW}. Seconds from the launch until it is held and queued, until it is settled, and until the"
        " last receipt is stored; messages a second over all of it. One run."
    )
    header = ("messages", "accepted, s", "settled, s", "last receipt, s", "messages a second")
    record("Messages end to end", method, header, rows)
    assert per_second >= LEAST_PER_SECOND
