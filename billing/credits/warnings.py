"""Telling people 30, 7 and 1 days before that credits expire: once for each wallet, day and distance.

What is found at a shorter distance than it could have been (credits that last ten days) is told of once, there.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import F, Sum

from billing.credits.models import CreditLot, ExpiryWarning, Wallet
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

STAGES: Final = (30, 7, 1)
"""Days before, the longest first."""

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """A warning that is to be given: of `units` in a wallet that expire on a day, the first of them `expires_at`."""

    wallet_id: int
    expires_on: date
    expires_at: datetime
    days_before: int
    units: int


def due(now: datetime) -> list[Due]:
    """The warnings that are to be given at `now` and were not yet, the soonest expiry first."""
    horizon = now + STAGES[0] * DAY
    lots = CreditLot.objects.filter(remaining__gt=0, expires_at__gt=now, expires_at__lte=horizon)
    # What is lent goes back before it expires, and is told of where it went.
    own = lots.exclude(returns_at__lte=F("expires_at")).order_by("expires_at", "wallet")
    days: dict[tuple[int, date], list[tuple[datetime, int]]] = defaultdict(list)
    for wallet_id, zone, expires_at, units in own.values_list(
        "wallet", "wallet__account__time_zone", "expires_at"
    ).annotate(Sum("remaining")):
        days[wallet_id, expires_at.astimezone(ZoneInfo(zone)).date()].append((expires_at, units))
    given = set(
        ExpiryWarning.objects.filter(expires_on__gte=now.date() - DAY).values_list(
            "wallet", "expires_on", "days_before"
        )
    )
    found = [
        Due(wallet_id, on, lots[0][0], _stage(lots[0][0] - now), sum(units for _, units in lots))
        for (wallet_id, on), lots in days.items()
    ]
    return [each for each in found if (each.wallet_id, each.expires_on, each.days_before) not in given]


def _stage(left: timedelta) -> int:
    return min(days for days in STAGES if left <= days * DAY)


@unit_of_work
def warn(*, due: Due, now: datetime) -> bool:
    """Write the warning down and announce it, both or neither; False when somebody else was faster."""
    warning, is_new = ExpiryWarning.objects.get_or_create(
        wallet_id=due.wallet_id,
        expires_on=due.expires_on,
        days_before=due.days_before,
        defaults={"units": due.units, "expires_at": due.expires_at, "created_at": now},
    )
    if is_new:
        wallet = Wallet.objects.select_related("account").get(pk=due.wallet_id)
        notices.announce(
            account=wallet.account,
            kind=Kind.CREDITS_EXPIRING,
            subject=f"wallet:{wallet.public_id}",
            context={
                "credits_units": warning.units,
                "expires_at": warning.expires_at.isoformat(),
                "days": -((now - warning.expires_at) // DAY),
            },
            reference=f"expiry:{wallet.public_id}:{due.expires_on.isoformat()}:{due.days_before}",
            now=now,
        )
    return is_new
