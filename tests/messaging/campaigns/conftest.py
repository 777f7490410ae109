"""Rates to send with: Italy 0.7, India 0.4, the United Kingdom 0.8 credits a segment."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from billing.pricing.codes import Service
from billing.pricing.models import Rate
from messaging.delivery.codes import State
from messaging.delivery.models import Message

ITALY = 7_000
INDIA = 4_000
BRITAIN = 8_000
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def rates(db: None) -> None:
    for prefix, country, units in (("39", "Italy", ITALY), ("91", "India", INDIA), ("44", "United Kingdom", BRITAIN)):
        Rate.objects.create(
            service=Service.SMS_SEGMENT, prefix=prefix, country_names=country, units=units, valid_from=LONG_AGO
        )


Become = Callable[..., None]


@pytest.fixture
def become(now: datetime) -> Become:
    """Let messages be in a state as if a gateway had answered: `become(State.DELIVERED, recipient="+39…")`."""

    def change(state: State, **which: object) -> None:
        handed_over = state not in (State.WAITING, State.REFUSED, State.CANCELLED)
        for message in Message.objects.filter(**which):
            message.state = state
            message.gateway_message_id = f"gw-{message.pk}" if handed_over else ""
            message.submitted_at = now if handed_over else None
            is_final = state not in (State.WAITING, State.SUBMITTING, State.UNKNOWN, State.ACCEPTED)
            message.final_at = now if is_final else None
            message.due_at = None if is_final else now
            message.save()

    return change
