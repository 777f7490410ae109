"""Sweeps ask every few seconds: each question begins at an index that holds its few rows, whatever else there is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db.models import QuerySet

from billing.payments import mandates, selectors
from billing.payments.models import ProviderEvent, Reversal
from billing.recharge import bank_transfers
from tests.plans import is_found_by


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        pytest.param(selectors.due_attempts, "attempts_to_ask_about", id="due"),
        pytest.param(bank_transfers.stuck, "attempts_to_ask_about", id="stuck"),
        pytest.param(lambda _: bank_transfers.awaited(), "attempts_to_ask_about", id="awaited"),
        pytest.param(lambda _: selectors.unknown_payments(), "attempts_in_doubt", id="in doubt"),
        pytest.param(lambda _: selectors.strange_events()[:25], "events_set_aside", id="set aside"),
        pytest.param(ProviderEvent.objects.due, "events_to_deal_with", id="events"),
        pytest.param(
            lambda now: Reversal.objects.filter(state="asked", ask_again_at__lte=now),
            "reversals_to_ask_about",
            id="asked",
        ),
        pytest.param(lambda _: mandates.pending(), "mandates_being_checked", id="being checked"),
        pytest.param(mandates.unused, "mandates_by_use", id="unused"),
    ],
)
def test_a_question_of_every_few_seconds_begins_at_its_index(
    asked: Callable[[datetime], QuerySet[Any]], index: str, db: None, now: datetime
) -> None:
    assert is_found_by(asked(now), index)
