"""Credits as integers: one credit is 10,000 units, for ever.

Everything that is stored or added up is a whole number of units; a `Decimal` of credits exists only where a person
types or reads one. There are no floats.
"""

from decimal import Decimal
from typing import Final

UNITS_PER_CREDIT: Final = 10_000
SCALE: Final = 4
# What a BIGINT balance holds with room to add: about 90 billion credits.
MAX_UNITS: Final = 900_000_000_000_000


class NotRepresentable(ValueError):
    """The amount has more than four decimals, or is larger than a wallet can hold."""


def to_units(credits: Decimal) -> int:
    """Return `credits` in units; `NotRepresentable` when that is not exact."""
    units = credits.scaleb(SCALE)
    if not units.is_finite() or units != units.to_integral_value() or abs(units) > MAX_UNITS:
        raise NotRepresentable(str(credits))
    return int(units)


def to_credits(units: int) -> Decimal:
    """Return `units` as credits with four decimals."""
    return Decimal(units).scaleb(-SCALE)
