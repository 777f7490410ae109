"""What one message costs, or why a number gets none. Pure.

`Pricer` is the one place that merges, counts and prices a message: the preview and the quote add up what it says, and
the rows that are charged are what it says. What is previewed is what is charged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from billing.pricing.quote import NoRate, RateTable
from messaging.campaigns.merge import Template
from messaging.encoding import alphabet, segments
from messaging.encoding.segments import Encoding

Addressee = tuple[str, Mapping[str, str]]
"""Somebody to write to: the number in E.164, and what is known for the merge fields."""


class Reason(StrEnum):
    """Why a number gets nothing."""

    DUPLICATE = "duplicate"
    OPTED_OUT = "opted_out"
    UNRATED = "unrated"
    SKIPPED = "skipped"
    MISSING_FIELD = "missing_field"


class Priced(NamedTuple):
    """A message to be: its number, the prefix of its rate, its own text as it is sent, its whole price in units."""

    number: str
    prefix: str
    text: str
    encoding: Encoding
    segment_count: int
    units: int


class LeftOut(NamedTuple):
    """A number that gets nothing; `detail` is the merge field it misses."""

    number: str
    reason: Reason
    detail: str = ""


class Counted(NamedTuple):
    """A text as it is sent, and what it takes on the network."""

    text: str
    encoding: Encoding
    segment_count: int


def counted(text: str) -> Counted:
    """Normalise and count a text."""
    text = segments.normalise(text)
    encoding = Encoding.GSM7 if alphabet.is_gsm(text) else Encoding.UCS2
    return Counted(text, encoding, segments.segment_count(text))


@dataclass(frozen=True)
class Terms:
    """How a text is priced: the text with its closing line, the rates, and what somebody decided about it.

    `closing` is what marketing ends in. `skipped` are prefixes that get nothing. Recipients who miss a merge field are
    left out; whether that is what was wanted is asked (`Problem.MISSING_FIELDS`) unless `leaves_out_missing`. A text that
    is literal has no merge fields.
    """

    text: str
    table: RateTable
    closing: str = ""
    skipped: frozenset[str] = frozenset()
    leaves_out_missing: bool = False
    is_literal: bool = False

    @property
    def whole(self) -> str:
        """The text with its closing line; a text of nothing stays nothing."""
        return f"{self.text.rstrip()}\n{self.closing}" if self.closing and self.text.strip() else self.text


class Pricer:
    """Prices one message after the other on the same terms."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._template = Template(terms.whole)
        self._same = counted(terms.whole) if terms.is_literal or not self._template.fields else None

    def price(self, number: str, fields: Mapping[str, str]) -> Priced | LeftOut:
        """The message to a number, or why it gets none."""
        try:
            rate = self.terms.table.find(number)
        except NoRate:
            return LeftOut(number, Reason.UNRATED)
        if rate.prefix in self.terms.skipped:
            return LeftOut(number, Reason.SKIPPED)
        own = self._same
        if own is None:
            merged = self._template.merged(fields)
            if merged.missing:
                return LeftOut(number, Reason.MISSING_FIELD, merged.missing)
            own = counted(merged.text)
            if not own.text.strip():  # all of it were fields with an empty default: nothing is left to send
                return LeftOut(number, Reason.MISSING_FIELD, self._template.names[0])
        return Priced(number, rate.prefix, *own, rate.units * own.segment_count)
