"""A campaign to a list of 100,000 (`SALDO_FULL=1`: 1,000,000): quoted, held, prepared; seconds and peak memory.

Each step runs in a process of its own, as in a worker, so that its memory is its own.
"""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from billing.credits import services as credits
from messaging.campaigns import services
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.contacts import services as contacts
from messaging.contacts.models import ContactList
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from tests.bench.page import record
from tests.conftest import Grant

PEOPLE = 1_000_000 if os.environ.get("SALDO_FULL") else 100_000
MOST_SECONDS = 60
MOST_MEGABYTES = 512
STEP = Path(__file__).with_name("campaign_step.py")

FILL = """
    INSERT INTO contacts_contact (public_id, contact_list_id, number, name, fields, created_at)
    SELECT gen_random_uuid(), %s, '+393' || (400000000 + n * 37), 'Anna ' || n,
           jsonb_build_object('town', (ARRAY['Roma', 'Milano', 'Forlì'])[1 + n %% 3]), now()
      FROM generate_series(1, %s) AS n
"""


def step(name: str, draft: CampaignDraft) -> dict[str, Any]:
    """Run one step in a new process; return its seconds and megabytes."""
    environment = {**os.environ, "SALDO_MODE": "test", "PYTHONPATH": str(settings.BASE_DIR)}
    database = connection.settings_dict["NAME"]
    done = subprocess.run(
        [sys.executable, str(STEP), name, str(draft.pk), database],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("text", ["Ciao, sabato si apre alle nove.", "Ciao {name}, sabato apriamo a {town}."])
def test_a_campaign_to_a_whole_list(
    acme: Account, alice: User, grant: Grant, prices: None, now: Any, text: str
) -> None:
    grant(acme, "5000000")
    people: ContactList = contacts.create_list(account=acme, name="All", entries=[], actor_id=alice.pk, now=now)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [people.pk, PEOPLE])
        cursor.execute("ANALYZE contacts_contact")
    draft = services.save_draft(
        account=acme,
        reference=uuid.uuid4(),
        name="",
        sender=None,
        text=text,
        pasted="",
        contact_list=people,
        actor_id=alice.pk,
        now=now,
    )
    steps = {name: step(name, draft) for name in ("quote", "send", "prepare")}
    campaign = Campaign.objects.get()
    assert campaign.state == "sending"
    assert Message.objects.filter(campaign=campaign).count() == campaign.recipient_count == PEOPLE
    assert campaign.prepared_units == campaign.held_units
    assert credits.open_wallet(account=acme).ledger_account.debits_pending == campaign.held_units
    total = sum(each["seconds"] for each in steps.values())
    most = max(each["megabytes"] for each in steps.values())
    kind = "with two merge fields" if "{" in text else "the same text for everybody"
    record(
        f"A campaign of {PEOPLE:,}, {kind}",
        "From the draft to messages that may leave: every recipient checked, priced, held and stored. Each step in a "
        "process of its own.",
        ["step", "seconds", "peak MB"],
        [
            *([name, f"{each['seconds']:.1f}", f"{each['megabytes']:.0f}"] for name, each in steps.items()),
            ["together", f"{total:.1f}", f"{most:.0f}"],
        ],
    )
    assert total <= MOST_SECONDS * PEOPLE / 1_000_000 + 5
    assert most <= MOST_MEGABYTES
