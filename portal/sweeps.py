"""How a sweep goes through its rows: one that fails does not hold up those behind it, and is not passed over in silence."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Row = TypeVar("Row")


def each(rows: Iterable[Row], act: Callable[[Row], object]) -> None:
    """Call `act` with every row; raise what went wrong together at the end, as an `ExceptionGroup`.

    Otherwise the first row that cannot be dealt with would stop all later ones, again at every sweep.
    """
    faults = []
    for row in rows:
        try:
            act(row)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is this row's alone
            faults.append(fault)
    if faults:
        raise ExceptionGroup(f"{len(faults)} rows of a sweep failed", faults)
