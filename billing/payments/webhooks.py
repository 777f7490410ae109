"""Keeping what providers tell us: verified, stored once, answered at once. A sweep deals with it."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from billing.payments.models import ProviderEvent
from billing.payments.providers import PROVIDERS
from billing.payments.providers.base import BadWebhook, Notification
from portal.transactions import unit_of_work

MOST_BYTES = 1_000_000
# Of the event's name, our key, and the provider's reference, as the table keeps them.
MOST_CHARACTERS = (120, 64, 120)

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
    said = _read(provider, body, headers, now)
    is_ours = said.is_live == settings.PRODUCTION
    event, _ = ProviderEvent.objects.get_or_create(
        provider=provider,
        event_id=said.event_id,
        defaults={
            "kind": said.kind[:64],
            "key": said.key,
            "provider_reference": said.provider_reference,
            "amount_cents": said.amount_cents,
            "body": body.decode("utf-8", "replace"),
            "state": State.WAITING if is_ours else State.SET_ASIDE,
            "verdict": Verdict.NONE if is_ours else Verdict.OTHER_ENVIRONMENT,
            "received_at": now,
            "handle_at": now,
        },
    )
    return event


def _read(provider: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Notification:
    """What a webhook says. A good signature does not make sense of nonsense: what no table can hold is refused, too."""
    try:
        said = PROVIDERS[provider].read(body, headers, now)
    except (RecursionError, OverflowError) as error:
        raise BadWebhook from error
    texts = (said.event_id, said.kind, said.key, said.provider_reference)
    if any("\x00" in text or any("\ud800" <= char <= "\udfff" for char in text) for text in texts):
        raise BadWebhook
    lengths = (len(said.event_id), len(said.key), len(said.provider_reference))
    if (
        any(length > most for length, most in zip(lengths, MOST_CHARACTERS, strict=True))
        or abs(said.amount_cents or 0) >= 2**63
    ):
        raise BadWebhook
    return said
