"""Keeping what providers tell us: verified, stored once, answered at once. A sweep deals with it."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from billing.payments.models import ProviderEvent
from billing.payments.providers import PROVIDERS
from portal.transactions import unit_of_work

MOST_BYTES = 1_000_000

State, Verdict = ProviderEvent.State, ProviderEvent.Verdict


class UnknownProvider(Exception):
    """Nobody of this name is configured here."""


@unit_of_work
def keep(*, provider: str, body: bytes, headers: Mapping[str, str], now: datetime) -> ProviderEvent:
    """Store a webhook, once for each event. Raises `UnknownProvider`, `BadSignature`, `BadWebhook`.

    One from the other environment (test here, live there) is kept and set aside: its payments are not ours.
    """
    if provider not in PROVIDERS:
        raise UnknownProvider
    said = PROVIDERS[provider].read(body, headers, now)
    is_ours = said.is_live == settings.PRODUCTION
    event, _ = ProviderEvent.objects.get_or_create(
        provider=provider,
        event_id=said.event_id,
        defaults={
            "kind": said.kind[:64],
            "key": said.key[:64],
            "provider_reference": said.provider_reference[:120],
            "amount_cents": said.amount_cents,
            "body": body.decode("utf-8", "replace"),
            "state": State.WAITING if is_ours else State.SET_ASIDE,
            "verdict": Verdict.NONE if is_ours else Verdict.OTHER_ENVIRONMENT,
            "received_at": now,
            "handle_at": now,
        },
    )
    return event
