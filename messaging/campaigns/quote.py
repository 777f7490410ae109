"""What one text to many numbers costs, and who is left out and why. Pure."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from billing.pricing.quote import QuoteLine
from messaging.campaigns.pricer import Addressee, LeftOut, Priced, Pricer, Reason, Terms
from messaging.encoding import segments
from messaging.encoding.numbers import NumberFault
from messaging.encoding.segments import Encoding, Segments

SHOWN = 20
"""How many numbers of a kind a quote names before it only counts them."""


class Problem(StrEnum):
    """Why a message cannot be sent as it is."""

    NO_TEXT = "no_text"
    TEXT_TOO_LONG = "text_too_long"
    NO_RECIPIENTS = "no_recipients"
    MISSING_FIELDS = "missing_fields"


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom somebody asked to write to: each number once, what was written twice, what is no number."""

    addressees: tuple[Addressee, ...]
    duplicate_count: int = 0
    invalid: tuple[tuple[str, NumberFault], ...] = ()

    @classmethod
    def of(cls, numbers: Iterable[str]) -> "Recipients":
        """Take numbers in E.164 as they come; each repetition is a duplicate."""
        every = list(numbers)
        different: tuple[Addressee, ...] = tuple((number, {}) for number in dict.fromkeys(every))
        return cls(different, len(every) - len(different))

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(number for number, _ in self.addressees)


class Bar(NamedTuple):
    """How many messages take so many segments in an encoding."""

    encoding: Encoding
    segment_count: int
    recipient_count: int


@dataclass(frozen=True)
class Quote:
    """A text as the network counts it, who gets it, what that costs at most (`total_units`), who does not and why.

    `text` is what was typed, with its closing line; `segments` counts the longest message. `samples` are the first, the longest and the shortest; `bars` and `lines`
    say how many segments and which countries. Of those who are left out `SHOWN` of each reason are named.
    `fingerprint` is the same for two quotes that send and cost the same.
    """

    text: str
    segments: Segments
    lines: tuple[QuoteLine, ...]
    bars: tuple[Bar, ...]
    samples: tuple[Priced, ...]
    total_units: int
    recipient_count: int
    counts: Mapping[Reason, int]
    examples: Mapping[Reason, tuple[LeftOut, ...]]
    missing: Mapping[str, int]
    invalid: tuple[tuple[str, NumberFault], ...]
    invalid_count: int
    leaves_out_missing: bool
    fingerprint: str

    @property
    def segment_total(self) -> int:
        """The segments of all messages together."""
        return sum(bar.segment_count * bar.recipient_count for bar in self.bars)

    @property
    def duplicate_count(self) -> int:
        return self.counts.get(Reason.DUPLICATE, 0)

    @property
    def excluded_count(self) -> int:
        """The numbers and pieces that get nothing."""
        return sum(self.counts.values()) + self.invalid_count

    @property
    def problem(self) -> Problem | None:
        """What stands in the way of sending; None when nothing does."""
        if not self.segments.text.strip():
            return Problem.NO_TEXT
        if self.missing and not self.leaves_out_missing:
            return Problem.MISSING_FIELDS
        if self.missing and not self.recipient_count:
            return Problem.NO_RECIPIENTS
        if self.segments.segment_count > segments.MAX_SEGMENTS:
            return Problem.TEXT_TOO_LONG
        return None if self.recipient_count else Problem.NO_RECIPIENTS


@dataclass
class Tally:
    """Adds up what a pricer says, one message after the other, in a memory that does not grow with them."""

    terms: Terms
    _lines: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    _bars: Counter[tuple[Encoding, int]] = field(default_factory=Counter)
    _samples: list[Priced] = field(default_factory=list)
    _counts: Counter[Reason] = field(default_factory=Counter)
    _examples: dict[Reason, list[LeftOut]] = field(default_factory=dict)
    _missing: Counter[str] = field(default_factory=Counter)
    _chain: bytes = b""

    def add(self, outcome: Priced | LeftOut) -> None:
        """Add one message, or one number that gets none."""
        if isinstance(outcome, LeftOut):
            self._leave_out(outcome)
            return
        number, prefix, text, encoding, segment_count, units = outcome
        line = self._lines.setdefault((prefix, units), [0, 0])
        line[0] += 1
        line[1] += segment_count
        self._bars[encoding, segment_count] += 1
        # Each link holds all before it, and can be kept between two batches.
        self._chain = hashlib.blake2b(f"{number} {units} {text}".encode(), key=self._chain, digest_size=32).digest()
        if not self._samples:
            self._samples = [outcome, outcome, outcome]
        elif (segment_count, len(text)) > (self._samples[1].segment_count, len(self._samples[1].text)):
            self._samples[1] = outcome
        elif (segment_count, len(text)) < (self._samples[2].segment_count, len(self._samples[2].text)):
            self._samples[2] = outcome

    def leave_out(self, reason: Reason, count: int) -> None:
        """Add numbers that get nothing and are not named."""
        self._counts[reason] += count

    def quote(self, invalid: tuple[tuple[str, NumberFault], ...] = ()) -> Quote:
        """What it has come to."""
        longest = self._samples[1].text if self._samples else self.terms.whole
        return Quote(
            text=segments.normalise(self.terms.whole),
            segments=segments.count(longest),
            lines=self._by_country(),
            bars=tuple(Bar(*key, count) for key, count in sorted(self._bars.items())),
            samples=tuple(self._samples),
            total_units=sum(units * count for (_, units), (count, _) in self._lines.items()),
            recipient_count=sum(count for count, _ in self._lines.values()),
            counts={reason: count for reason, count in self._counts.items() if count},
            examples={reason: tuple(some) for reason, some in self._examples.items()},
            missing=dict(self._missing),
            invalid=invalid[:SHOWN],
            invalid_count=len(invalid),
            leaves_out_missing=self.terms.leaves_out_missing,
            fingerprint=hashlib.sha256(self._chain + self.terms.whole.encode()).hexdigest(),
        )

    def _leave_out(self, outcome: LeftOut) -> None:
        self._counts[outcome.reason] += 1
        some = self._examples.setdefault(outcome.reason, [])
        if len(some) < SHOWN and outcome.reason is not Reason.DUPLICATE:
            some.append(outcome)
        if outcome.reason is Reason.MISSING_FIELD:
            self._missing[outcome.detail] += 1

    def _by_country(self) -> tuple[QuoteLine, ...]:
        """A line a country, the most recipients first; without a text there is nothing to pay for and no line."""
        sums: dict[str, list[int]] = {}
        for (prefix, units), (count, segment_count) in self._lines.items():
            line = sums.setdefault(prefix, [0, 0, 0])
            for place, more in enumerate((count, segment_count, units * count)):
                line[place] += more
        lines = [
            QuoteLine(prefix, self.terms.table.find(prefix).country_names, *line)
            for prefix, line in sums.items()
            if line[1]
        ]
        return tuple(sorted(lines, key=lambda line: (-line.recipient_count, line.prefix)))


def quote(*, terms: Terms, recipients: Recipients, opted_out: frozenset[str]) -> Quote:
    """Price a text to everybody who may get it. Never raises: what stands in the way is `problem`."""
    tally, pricer = Tally(terms), Pricer(terms)
    for number, fields in recipients.addressees:
        tally.add(LeftOut(number, Reason.OPTED_OUT) if number in opted_out else pricer.price(number, fields))
    tally.leave_out(Reason.DUPLICATE, recipients.duplicate_count)
    return tally.quote(recipients.invalid)
