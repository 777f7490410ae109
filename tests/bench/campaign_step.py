"""One step of a large campaign in a process of its own: `campaign_step.py quote|send|prepare <draft> <database>`."""

import json
import os
import sys
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from messaging.campaigns import selectors, services  # noqa: E402
from messaging.campaigns.models import CampaignDraft  # noqa: E402
from tests.bench.memory import peak_megabytes  # noqa: E402


def main(name: str, draft_id: str, database: str) -> None:
    """Do it and print what it took."""
    connection.settings_dict["NAME"] = database
    now = timezone.now()
    if name == "quote":
        CampaignDraft.objects.filter(pk=draft_id).update(quoted_at=now, work_due_at=now)
    draft = CampaignDraft.objects.select_related("account", "campaign", "sender").get(pk=draft_id)
    started = perf_counter()
    if name == "quote":
        services.work_out_quote(draft=draft, clock=timezone.now)
    elif name == "send":
        quote = selectors.kept_quote(draft)
        assert quote is not None
        services.send_draft(draft=draft, fingerprint=quote.fingerprint, actor_id=draft.created_by_id or 0, now=now)
    else:
        services.prepare(draft=draft, clock=timezone.now)
    seconds = perf_counter() - started
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": peak_megabytes()}) + "\n")


main(*sys.argv[1:])
