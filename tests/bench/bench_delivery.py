"""A campaign over SMPP from the queue to its last receipt, everything stored and charged: messages a second."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from billing.ledger import selectors as ledger_selectors
from messaging.campaigns import services as campaigns
from messaging.delivery.codes import State
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from tests.bench.page import record
from tests.conftest import Grant
from tests.faults import reckoning
from tests.faults.stage import Stage, wait_until

MESSAGES = 20_000
WINDOW = 200
LEAST = 1_500


@pytest.fixture
def stage(tmp_path: Path, transactional_db: None) -> Iterator[Stage]:
    stage = Stage(tmp_path, reckoning.database_of_the_tests(), window=WINDOW)
    yield stage
    stage.end()


def test_a_campaign_is_sent_reported_and_charged_quickly(
    acme: Account, alice: User, grant: Grant, stage: Stage
) -> None:
    call_command("load_prices", verbosity=0)
    grant(acme, str(2 * MESSAGES))
    reckoning.open_route()
    campaign = reckoning.launched(acme, alice.pk, MESSAGES)
    stage.start_smsc(receipts=0.0)
    stage.start("gateway")
    wait_until(lambda: stage.tell()["bound"] > 0)
    begun = time.monotonic()
    wait_until(lambda: not Message.objects.filter(campaign=campaign).exclude(state=State.DELIVERED).exists(), 120)
    assert campaigns.settle(campaign=campaign, now=timezone.now())
    seconds = time.monotonic() - begun
    campaign.refresh_from_db()
    assert campaign.charged_units == campaign.held_units
    assert ledger_selectors.differences() == []
    rate = MESSAGES / seconds
    record(
        "From the queue to the receipt",
        f"A campaign of {MESSAGES:,} messages through one SMPP gateway process, a window of {WINDOW}, and an SMSC on loopback "
        "that reports each message at once: claimed, sent, written down, its receipt kept and matched, the campaign settled. "
        "PostgreSQL does not wait for the disk here.",
        ["messages", "seconds", "messages/s"],
        [[f"{MESSAGES:,}", f"{seconds:.1f}", f"{round(rate, -2):,.0f}"]],
    )
    assert rate >= LEAST
