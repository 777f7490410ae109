"""The audit of the ledger as the desk shows it: every transfer replayed, every balance and lot compared."""

import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.core.cache import cache

from billing.credits import selectors as credits_selectors
from billing.credits.selectors import LotDifference
from billing.ledger import selectors as ledger_selectors
from billing.ledger.models import Transfer
from billing.ledger.selectors import Difference

KEY: Final = "ledger-check"
FRESH_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Check:
    """What was found at a moment, how many transfers were replayed, and how long that took in seconds."""

    at: datetime
    seconds: Decimal
    transfer_count: int
    differences: tuple[Difference, ...]
    lot_differences: tuple[LotDifference, ...]

    @property
    def difference_count(self) -> int:
        """How many counters, balances and lots do not say what the transfers say; 0 when the books agree."""
        return len(self.differences) + len(self.lot_differences)


def run(now: datetime) -> Check:
    """Check the whole ledger, and remember the number of differences for the first page of the desk."""
    started = time.perf_counter()
    differences = tuple(ledger_selectors.differences())
    lot_differences = tuple(credits_selectors.lot_differences())
    seconds = Decimal(str(round(time.perf_counter() - started, 2)))
    check = Check(now, seconds, Transfer.objects.count(), differences, lot_differences)
    cache.set(KEY, check.difference_count, FRESH_SECONDS)
    return check


def latest_count(now: datetime) -> int:
    """How many differences the last few minutes' check has found, or a new one."""
    known = cache.get(KEY)
    return known if isinstance(known, int) else run(now).difference_count
