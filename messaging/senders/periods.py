"""What becomes of a country's periods when one is laid over them: pure, for the preview and for the change itself."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from messaging.senders.codes import RECEPTION_KINDS, Reception


@dataclass(frozen=True, slots=True)
class Terms:
    """What a country does with each sort of sender, and its price class."""

    alphanumeric: Reception
    numeric: Reception
    short_code: Reception
    relative_rate: int

    @property
    def receptions(self) -> list[tuple[str, str]]:
        """What happens to names, numbers and short codes: the badge and the word of each."""
        return [(RECEPTION_KINDS[each], str(each.label)) for each in (self.alphanumeric, self.numeric, self.short_code)]


@dataclass(frozen=True, slots=True)
class Period:
    """Terms from one moment until another (None: until they are changed)."""

    terms: Terms
    valid_from: datetime
    valid_until: datetime | None

    def contains(self, moment: datetime) -> bool:
        """Whether the terms are in force at the moment."""
        return self.valid_from <= moment and (self.valid_until is None or moment < self.valid_until)


def laid_over(periods: Iterable[Period], new: Period) -> list[Period]:
    """Give the periods, oldest first, after `new` has taken its time from the others; equal neighbours are one.

    A period that begins before `new` and ends after it goes on afterwards.
    """
    kept: list[Period] = []
    for each in periods:
        if each.valid_from < new.valid_from:
            kept.append(replace(each, valid_until=_earlier(each.valid_until, new.valid_from)))
        if new.valid_until and (each.valid_until is None or each.valid_until > new.valid_until):
            kept.append(replace(each, valid_from=max(each.valid_from, new.valid_until)))
    return _joined(sorted([*kept, new], key=lambda each: each.valid_from))


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _joined(periods: list[Period]) -> list[Period]:
    joined: list[Period] = []
    for each in periods:
        if joined and joined[-1].terms == each.terms and joined[-1].valid_until == each.valid_from:
            joined[-1] = replace(joined[-1], valid_until=each.valid_until)
        else:
            joined.append(each)
    return joined
