"""Issuing an invoice in one line."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from billing.invoices import selectors, services
from billing.invoices.models import Invoice
from portal.accounts.models import Account

Issue = Callable[..., Invoice]


@pytest.fixture
def issue(now: datetime) -> Issue:
    """Issue an invoice for 100 credits at EUR 4.20, paid by card; every argument of the service may be given."""
    given = iter(range(1_000_000))

    def make(account: Account, **changes: Any) -> Invoice:
        wanted: dict[str, Any] = {
            "line": services.Line(credits_units=1_000_000, net_cents=420),
            "paid_at": now,
            "payment_reference": "Visa 4242",
            "reference": f"test:{account.pk}:{next(given)}",
            "actor_id": None,
            "now": now,
            **changes,
        }
        wanted.setdefault("assessment", selectors.assessment(account))
        return services.issue(account=account, **wanted)

    return make


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    """Files of a test stay in its own folder."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path
