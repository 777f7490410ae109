"""What the columns of a table mean: guessed from headings in Italian, English and French, and from what stands below."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from messaging.contacts.fields import field_name
from messaging.contacts.models import MAX_FIELDS
from messaging.contacts.selectors import NAME
from messaging.encoding import numbers
from messaging.encoding.numbers import InvalidNumber, NumberFault
from messaging.imports.files import Row

EXAMPLES: Final = 3

_NUMBER: Final = re.compile(
    r"(tele|tel\b|cell|mobil|phone|numer|number|msisdn|gsm|portable|sms|whatsapp|recapit|destinatar|recipient|handy)"
)
_LESS: Final = re.compile(
    r"(fax|fiss|casa|home|office|ufficio|bureau|domicile|ordin|order|command|cliente|client|civic)"
)
_MOBILE: Final = re.compile(r"(cell|mobil|portable|gsm|sms|msisdn|whatsapp)")
_NAME: Final = re.compile(
    r"(nome|name|nom|prenom|first ?name|full ?name|nominativo|nome e cognome|nom et prenom|contatto|contact|ragione sociale)"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is taken from which column (counted from 0), and where numbers without an international prefix belong.

    `region` is an ISO 3166 country; "" means that every number begins with its country's prefix, with or without "+".
    """

    number: int
    name: int | None = None
    fields: Mapping[str, int] = field(default_factory=dict)
    has_headings: bool = True
    region: str = ""

    def as_json(self) -> dict[str, Any]:
        """The plan as a row of the database keeps it; `Plan.of` reads it back."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> "Plan":
        """The plan that a row of the database keeps."""
        if kept is None:
            return cls(number=-1)
        # The database does not keep the order of the fields, which is that of their columns.
        fields = sorted(kept["fields"].items(), key=lambda pair: pair[1])
        return cls(**{**kept, "fields": dict(fields)})


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it stands in the file: its heading ("" without one) and its first texts."""

    heading: str
    examples: tuple[str, ...]


def columns(head: Sequence[Row], *, has_headings: bool) -> list[Column]:
    """The columns of a table whose first rows are `head`."""
    cells = [row for _, row in head]
    width = max(map(len, cells), default=0)
    headings = cells[0] if has_headings and cells else []
    below = cells[1:] if has_headings else cells
    return [
        Column(
            headings[place] if place < len(headings) else "",
            tuple([row[place] for row in below if place < len(row) and row[place]][:EXAMPLES]),
        )
        for place in range(width)
    ]


def guess(head: Sequence[Row], *, region: str) -> Plan | None:
    """The most likely plan for a table; None where no column holds telephone numbers.

    `region` is the country of the account, unless its numbers all begin with a prefix.
    """
    scores = [_share_of_numbers(head, place, region) for place in range(max((len(row) for _, row in head), default=0))]
    has_headings = _has_headings(head, scores)
    found = columns(head, has_headings=has_headings)
    ranks = [(share and share + _heading_bonus(found[place].heading), -place) for place, share in enumerate(scores)]
    best = max(ranks, default=(0, 0))
    if best[0] <= 0:
        return None
    number = -best[1]
    name = next((place for place, column in enumerate(found) if place != number and _is_name(column.heading)), None)
    fields: dict[str, int] = {}
    for place, column in enumerate(found):
        wanted = field_name(column.heading)
        is_free = wanted and wanted.casefold() not in {NAME, *(each.casefold() for each in fields)}
        if place not in {number, name} and is_free and column.examples and len(fields) < MAX_FIELDS:
            fields[wanted] = place
    return Plan(number, name, fields, has_headings, _region(head[has_headings:], number, region))


def looks_like_a_number(text: str, region: str) -> bool:
    """Whether a text is a telephone number, or was one before a spreadsheet shortened it."""
    return any(_fault(text, each) in {None, NumberFault.EXCEL_EXPONENT} for each in (region, ""))


def read_number(text: str, region: str) -> numbers.PhoneNumber:
    """Read a number of a file. Raises `InvalidNumber`. Without a region it begins with a prefix, be it without "+"."""
    if not region and text[:1].isdigit() and not text.startswith("00"):
        text = f"+{text}"
    elif not region and text.startswith("00"):
        text = f"+{text[2:]}"
    return numbers.parse(text, region=region)


def _fault(text: str, region: str) -> NumberFault | None:
    try:
        read_number(text, region)
    except InvalidNumber as error:
        return error.reason
    return None


def _share_of_numbers(head: Sequence[Row], place: int, region: str) -> float:
    texts = [row[place] for _, row in head if place < len(row) and row[place]]
    return sum(looks_like_a_number(text, region) for text in texts) / len(texts) if texts else 0


def _has_headings(head: Sequence[Row], scores: Sequence[float]) -> bool:
    """The first row is of headings if no cell of it is a number, and some column has numbers below."""
    first = head[0][1]
    if any(sum(map(str.isdigit, cell)) >= 5 for cell in first):
        return False
    return any(score > 0 for score in scores) or any(_NUMBER.search(_plain(cell)) for cell in first)


def _heading_bonus(heading: str) -> float:
    plain = _plain(heading)
    bonus = 0.4 * bool(_NUMBER.search(plain)) + 0.3 * bool(_MOBILE.search(plain))
    return bonus - 0.5 * bool(_LESS.search(plain))


def _is_name(heading: str) -> bool:
    return bool(_NAME.fullmatch(_plain(heading)))


def _region(below: Sequence[Row], number: int, region: str) -> str:
    texts = [row[number] for _, row in below if number < len(row) and row[number]]
    bare = [text for text in texts if not text.startswith(("+", "00"))]
    if not bare:
        return region
    at_home = sum(_fault(text, region) is None for text in bare)
    abroad = sum(_fault(text, "") is None for text in bare)
    return "" if abroad > at_home else region


def _plain(text: str) -> str:
    """Lower case without accents."""
    return "".join(char for char in unicodedata.normalize("NFD", text.casefold()) if unicodedata.category(char) != "Mn")
