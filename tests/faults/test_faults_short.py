"""Faults in the middle of a campaign over SMPP, in short; `make faults` has all of them, ten times as many messages."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from messaging.delivery.codes import State
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from tests.conftest import Grant
from tests.faults import reckoning
from tests.faults.stage import FAULTS, WINDOW, Stage, wait_until

MESSAGES = 1000


@pytest.fixture
def stage(tmp_path: Path, transactional_db: None) -> Iterator[Stage]:
    stage = Stage(tmp_path, reckoning.database_of_the_tests())
    stage.flush_redis()
    yield stage
    stage.end()
    stage.flush_redis()


def test_a_campaign_survives_what_happens_to_its_gateway_and_its_smsc(
    acme: Account, alice: User, grant: Grant, stage: Stage
) -> None:
    """The gateway is killed, the SMSC dies, everything is deployed anew, all while receipts come twice and anyhow."""
    call_command("load_prices", verbosity=0)
    grant(acme, "2000")
    reckoning.open_route()
    campaign = reckoning.launched(acme, alice.pk, MESSAGES)
    stage.start_smsc(receipts=0.0, doubled=True, shuffled=True, most_per_second=400)
    stage.start("gateway")

    def all_of_it(stage: Stage, chance: random.Random) -> None:
        FAULTS["kill -9 of the gateway process"](stage, chance)
        wait_until(lambda: Message.objects.filter(state=State.WAITING).count() < MESSAGES // 2)
        FAULTS["SMSC killed"](stage, chance)
        stage.flush_redis()
        wait_until(lambda: Message.objects.filter(state=State.WAITING).count() < MESSAGES // 4)
        FAULTS["SIGTERM of everything (a deploy)"](stage, chance)

    found = reckoning.run(stage, campaign, MESSAGES, all_of_it, seed=1)
    assert found.faults == []
    # What the killed one had in hand, and what was under way when the SMSC died.
    assert found.unknown_count <= 2 * WINDOW
    assert found.sent_count >= MESSAGES - 2 * WINDOW
    assert found.resumed_seconds < 60
