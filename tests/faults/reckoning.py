"""Do the SMSC's book, our messages and the ledger agree? And the campaign that is asked about."""

import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import close_old_connections, connection
from django.utils import timezone

from billing.credits import selectors as credits_selectors
from billing.ledger import selectors as ledger_selectors
from messaging.campaigns import services as campaigns
from messaging.campaigns.models import Campaign
from messaging.delivery import resolution
from messaging.delivery.codes import CHARGED, State
from messaging.delivery.models import Message, Route
from portal.accounts.models import Account
from tests.faults.stage import GATEWAY, Fault, Stage, wait_until

FIRST_NUMBER = 3_471_000_000
# Longer than the slowest answer.
STILL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Found:
    """What one run came to; `faults` names what does not agree and is empty when all does."""

    sent_count: int
    unknown_count: int
    lost_count: int
    twice_count: int
    resumed_seconds: float
    faults: list[str]


def database_of_the_tests() -> dict[str, str]:
    """What a process reads that is to use the database of this test."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return {"DATABASE_URL": urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))}


def open_route() -> None:
    """All numbers go over the SMPP gateway, and nowhere else."""
    Route.objects.get_or_create(gateway=GATEWAY, prefix="", defaults={"valid_from": timezone.now() - timedelta(days=1)})


def launched(account: Account, actor_id: int, count: int, first: int = 0) -> Campaign:
    """A campaign to so many Italian numbers, held and queued; another `first`, other numbers."""
    return campaigns.launch(
        account=account,
        actor_id=actor_id,
        sender=None,
        text="Ciao",
        recipients=[f"+39{FIRST_NUMBER + first + each}" for each in range(count)],
        reference=f"faults-{time.monotonic_ns()}",
        now=timezone.now(),
    )


def run(stage: Stage, campaign: Campaign, count: int, fault: Fault, seed: int) -> Found:
    """Let the fault happen at a random moment of the campaign, wait until nothing moves, and compare."""
    chance = random.Random(seed)
    begun, funds = stage.taken(), _funds(campaign)
    moment = begun + int(count * chance.uniform(0.1, 0.7))
    wait_until(lambda: stage.taken() >= moment)
    fault(stage, chance)
    over, seen = time.monotonic(), stage.taken()
    wait_until(lambda: stage.taken() > seen or _waiting(campaign) == 0)
    resumed = time.monotonic() - over
    wait_until(lambda: _waiting(campaign) == 0, 240)
    _until_still(campaign)
    return compare(stage.book, campaign, funds, resumed)


def compare(book: Path, campaign: Campaign, funds: int, resumed: float) -> Found:
    """Compare as if 74 hours had gone by, so that what is unknown has ended too. `funds`: the wallet's before, in units."""
    messages = Message.objects.filter(campaign=campaign)
    unknown = set(messages.filter(state__in=[State.UNKNOWN, State.SUBMITTING]).values_list("recipient", flat=True))
    # The sweep comes by all the time: it first finds what nobody has in hand any more, and gives that up 72 hours after.
    for later in (timezone.now() + timedelta(hours=hours) for hours in (1, 74)):
        resolution.resolve(now=later)
    campaigns.settle(campaign=campaign, now=later)
    campaign.refresh_from_db()
    sent = Counter(f"+{json.loads(line)['to']}" for line in book.read_text().splitlines() if '"taken"' in line)
    states = dict(messages.values_list("recipient", "state"))
    charged = {number for number, state in states.items() if state in CHARGED}
    twice = [number for number, times in sent.items() if times > 1]
    lost = [number for number, state in states.items() if number not in sent and number not in unknown]
    price = sum(messages.filter(state__in=CHARGED).values_list("price_units", flat=True))
    after = credits_selectors.balance(campaign.account)
    said = {
        "sent twice": bool(twice),
        "lost": bool(lost),
        "charged and never sent": bool(charged - set(sent)),
        "sent, known, and not charged": bool(set(sent) - charged - unknown),
        "the campaign does not charge what was handed over": campaign.charged_units != price,
        "credits are still held": after.held != 0,
        "the wallet paid something else": funds - _funds(campaign) != price,
        "the ledger does not balance": bool(ledger_selectors.differences() or credits_selectors.lot_differences()),
    }
    faults = [sentence for sentence, is_true in said.items() if is_true]
    return Found(len(sent), len(unknown), len(lost), len(twice), resumed, faults)


def _funds(campaign: Campaign) -> int:
    balance = credits_selectors.balance(campaign.account)
    return balance.available + balance.held


def _waiting(campaign: Campaign) -> int:
    return _in_state(campaign, State.WAITING)


def _in_state(campaign: Campaign, state: State) -> int:
    # PostgreSQL may have been away since the last question.
    close_old_connections()
    return Message.objects.filter(campaign=campaign, state=state).count()


def _until_still(campaign: Campaign) -> None:
    """What is being handed over comes home, or is in nobody's hands any more: then it stays as it is."""
    left, since = -1, time.monotonic()
    while left and time.monotonic() - since < STILL_SECONDS:
        now = _in_state(campaign, State.SUBMITTING)
        if now != left:
            left, since = now, time.monotonic()
        time.sleep(0.1)
