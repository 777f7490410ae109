"""What a customer quotes in a bank transfer: an RF creditor reference (ISO 11649) of 16 characters, digits after "RF".

Its two check digits notice every single wrong digit and every two that changed places. The number behind them is the
attempt's, scattered over twelve digits by a multiplication that has an inverse: no two attempts share one, and those of
neighbours do not look alike.
"""

import re
from typing import Final

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

SPACE: Final = 10**12
# Odd and no multiple of five, so prime to SPACE: number × FACTOR mod SPACE is different for each number below SPACE.
FACTOR: Final = 618_033_988_749
_SHAPE: Final = re.compile(r"(?=(RF\d{14}))")


def creditor_reference(number: int) -> str:
    """The reference of attempt `number`, without spaces: 1 → "RF…618033988749"."""
    if not 0 < number < SPACE:
        raise ValueError(number)
    digits = f"{number * FACTOR % SPACE:012}"
    return f"RF{mod_97_10.calc_check_digits(f'{digits}RF')}{digits}"


def grouped(reference: str) -> str:
    """The reference as people read it: "RF71 0452 1234 5678"."""
    return str(iso11649.format(reference))


def references_in(text: str) -> set[str]:
    """Every reference of our shape, with good check digits, that stands in `text`, however it is cut or spaced."""
    run_together = re.sub(r"[^0-9A-Z]", "", text.upper())
    return {found for found in _SHAPE.findall(run_together) if iso11649.is_valid(found)}
