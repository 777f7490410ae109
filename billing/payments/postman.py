"""The sandbox's own life outside any request: its banks do the next thing, and its webhooks are posted, signed, to us."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import httpx
from django.conf import settings
from django.db.models import F, Q
from django.urls import reverse

from billing.payments.models import SandboxCharge
from billing.payments.providers import sandbox
from billing.payments.providers.base import Outcome

Post = Callable[[str, bytes, Mapping[str, str]], int]
# A bank takes days over a debit; the sandbox's takes this long.
PACE = timedelta(seconds=45)
AT_ONCE = 100


def post(path: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post to our own site over the network; return the status, 0 when nobody answered."""
    try:
        return httpx.post(settings.SITE_URL + path, content=body, headers=dict(headers), timeout=5).status_code
    except httpx.HTTPError:
        return 0


def move(now: datetime) -> None:
    """Give every debit under way its time, and let those whose time has come do the next thing."""
    waits = Q(outcome=Outcome.PENDING) | Q(token=sandbox.SEPA_RETURNED, outcome=Outcome.SUCCEEDED, reversals=[])
    moving = SandboxCharge.objects.filter(waits)
    due = list(moving.filter(moves_at__lte=now).values_list("key", flat=True)[:AT_ONCE])
    for key in due:
        sandbox.move_on(key=key)
    moving.filter(moves_at=None).update(moves_at=now + PACE)


def deliver(now: datetime, send: Post = post) -> None:
    """Post what no webhook has told yet; what is not answered with 2xx is posted again at the next round."""
    path = reverse("provider_events", args=["sandbox"])
    for charge in SandboxCharge.objects.filter(told__lt=F("serial")).order_by("pk")[:AT_ONCE]:
        body = json.dumps(
            {
                "id": f"sandbox:{charge.key}:{charge.serial}",
                "kind": f"charge.{charge.outcome}",
                "key": charge.key,
                "reference": charge.reference,
                "amount_cents": charge.amount_cents,
                "is_live": False,
            }
        ).encode()
        stamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "X-Timestamp": stamp,
            "X-Signature": sandbox.sign(body, stamp),
        }
        if 200 <= send(path, body, headers) < 300:
            SandboxCharge.objects.filter(pk=charge.pk, told__lt=charge.serial).update(told=charge.serial)
