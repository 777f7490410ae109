"""What one text to many numbers costs, and who is left out and why. Pure.

The one function behind the preview, the quote and the charge: what is previewed is what is charged.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from billing.pricing.quote import QuoteLine, RateTable
from billing.pricing.quote import quote as price
from messaging.encoding import segments
from messaging.encoding.numbers import NumberFault
from messaging.encoding.segments import Segments


class Problem(StrEnum):
    """Why a message cannot be sent to anybody at all."""

    NO_TEXT = "no_text"
    TEXT_TOO_LONG = "text_too_long"
    NO_RECIPIENTS = "no_recipients"


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom somebody asked to write to: each number (E.164) once, what was written twice, what is no number."""

    numbers: tuple[str, ...]
    duplicate_count: int = 0
    invalid: tuple[tuple[str, NumberFault], ...] = ()

    @classmethod
    def of(cls, numbers: Iterable[str]) -> "Recipients":
        """Take numbers in E.164 as they come; each repetition is a duplicate."""
        every = list(numbers)
        different = tuple(dict.fromkeys(every))
        return cls(different, len(every) - len(different))


@dataclass(frozen=True, slots=True)
class Priced:
    """A number that will be written to, the prefix of its rate, and the price of its whole message in units."""

    number: str
    prefix: str
    units: int


@dataclass(frozen=True)
class Quote:
    """A text as the network counts it, who gets it, what that costs at most (`total_units`), who does not and why."""

    segments: Segments
    recipients: tuple[Priced, ...]
    lines: tuple[QuoteLine, ...]
    total_units: int
    duplicate_count: int
    invalid: tuple[tuple[str, NumberFault], ...]
    opted_out: tuple[str, ...]
    unrated: tuple[str, ...]

    @property
    def recipient_count(self) -> int:
        return len(self.recipients)

    @property
    def segment_total(self) -> int:
        """The segments of all messages together."""
        return self.segments.segment_count * self.recipient_count

    @property
    def excluded_count(self) -> int:
        """The numbers and pieces that get nothing."""
        return self.duplicate_count + len(self.invalid) + len(self.opted_out) + len(self.unrated)

    @property
    def problem(self) -> Problem | None:
        """What stands in the way of sending; None when nothing does."""
        if not self.segments.text.strip():
            return Problem.NO_TEXT
        if self.segments.segment_count > segments.MAX_SEGMENTS:
            return Problem.TEXT_TOO_LONG
        return None if self.recipients else Problem.NO_RECIPIENTS

    @cached_property
    def fingerprint(self) -> str:
        """A digest of text, numbers and prices: two quotes with the same one send and cost the same."""
        digest = hashlib.sha256(self.segments.text.encode())
        for recipient in self.recipients:
            digest.update(f"\n{recipient.number} {recipient.units}".encode())
        return digest.hexdigest()


def quote(*, text: str, recipients: Recipients, opted_out: frozenset[str], table: RateTable) -> Quote:
    """Price `text` to everybody who may get it. Never raises: what stands in the way is `problem`."""
    counted = segments.count(text)
    wanted = [number for number in recipients.numbers if number not in opted_out]
    # Without a text there is nothing to price, but who would get it can be said already.
    segment_count = max(counted.segment_count, 1)
    priced = price(((number, segment_count) for number in wanted), table)
    unrated = frozenset(priced.unrated)
    has_text = counted.segment_count > 0
    return Quote(
        segments=counted,
        recipients=_each(wanted, unrated, counted.segment_count, table),
        lines=priced.lines if has_text else (),
        total_units=priced.total_units if has_text else 0,
        duplicate_count=recipients.duplicate_count,
        invalid=recipients.invalid,
        opted_out=tuple(number for number in recipients.numbers if number in opted_out),
        unrated=priced.unrated,
    )


def _each(numbers: Sequence[str], unrated: frozenset[str], segment_count: int, table: RateTable) -> tuple[Priced, ...]:
    priced = []
    for number in numbers:
        if number not in unrated:
            entry = table.find(number)
            priced.append(Priced(number, entry.prefix, entry.units * segment_count))
    return tuple(priced)
