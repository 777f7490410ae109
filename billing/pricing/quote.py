"""What sending costs: the rate of each number by its longest prefix, and the sum over a list. Knows no database.

The same function prices what is previewed and what is charged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class NoRate(LookupError):
    """Nothing is sold to this number: no prefix of it has a rate."""

    def __init__(self, e164: str) -> None:
        super().__init__(e164)
        self.e164 = e164


@dataclass(frozen=True, slots=True)
class RateEntry:
    """The price in units of one segment (or minute) to the numbers behind `prefix`; English country names."""

    prefix: str
    country_names: str
    units: int


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """All numbers behind one prefix: how many, their segments together, and what those cost in units."""

    prefix: str
    country_names: str
    recipient_count: int
    segment_count: int
    units: int


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of a list. The counts and `total_units` cover what has a rate; `unrated` are the numbers without."""

    lines: tuple[QuoteLine, ...]
    total_units: int
    recipient_count: int
    segment_count: int
    unrated: tuple[str, ...]


class RateTable:
    """The rates of one service that are valid at one moment, by prefix ("39", without "+")."""

    __slots__ = ("_entries", "_lengths")

    def __init__(self, entries: Mapping[str, RateEntry]) -> None:
        self._entries = dict(entries)
        self._lengths = sorted({len(prefix) for prefix in self._entries}, reverse=True)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> tuple[RateEntry, ...]:
        """Every rate, by prefix."""
        return tuple(self._entries[prefix] for prefix in sorted(self._entries))

    def find(self, e164: str) -> RateEntry:
        """The rate of a number ("+39…"): the longest prefix counts (product 3.1). Raises `NoRate`."""
        digits = e164.removeprefix("+")
        for length in self._lengths:
            entry = self._entries.get(digits[:length])
            if entry is not None:
                return entry
        raise NoRate(e164)


def quote(items: Iterable[tuple[str, int]], table: RateTable) -> Quote:
    """Price a list of (number in E.164, segments of its message).

    The lines come with the most recipients first. Raises `ValueError` for a message of no segments.
    """
    counts: dict[RateEntry, list[int]] = {}
    unrated: list[str] = []
    for e164, segment_count in items:
        if segment_count < 1:
            raise ValueError(f"A message has at least one segment, not {segment_count}.")
        try:
            count = counts.setdefault(table.find(e164), [0, 0])
        except NoRate:
            unrated.append(e164)
        else:
            count[0] += 1
            count[1] += segment_count
    lines = sorted(
        (
            QuoteLine(entry.prefix, entry.country_names, recipients, segments, segments * entry.units)
            for entry, (recipients, segments) in counts.items()
        ),
        key=lambda line: (-line.recipient_count, line.prefix),
    )
    return Quote(
        lines=tuple(lines),
        total_units=sum(line.units for line in lines),
        recipient_count=sum(line.recipient_count for line in lines),
        segment_count=sum(line.segment_count for line in lines),
        unrated=tuple(sorted(unrated)),
    )


def messages_for(units: int, rate_units: int) -> int:
    """How many messages of one segment `units` buy at `rate_units` each, rounded down (product 3.2)."""
    return max(units, 0) // rate_units
