"""An entry of a bank statement, as read from whichever file, and the key under which it is kept once."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

MAX_BYTES: Final = 20_000_000
MAX_ENTRIES: Final = 20_000
MAX_CENTS: Final = 10**13
# What a bank books on another day than one of these has no day.
YEARS: Final = range(2000, 2200)
CURRENCY: Final = "EUR"


class Fault(StrEnum):
    """Why a file is no statement that can be imported."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    NO_STATEMENT = "no_statement"
    OTHER_ACCOUNT = "other_account"
    DAMAGED = "damaged"


class Unreadable(Exception):
    """The file cannot be imported; `fault` says why, `detail` names what is wrong where that helps (an IBAN)."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(fault.value)
        self.fault, self.detail = fault, detail


class LeftOut(StrEnum):
    """Why an entry of a readable file is not taken."""

    EMPTY = "empty"
    NOT_BOOKED = "not_booked"
    CURRENCY = "currency"
    NO_AMOUNT = "no_amount"
    NO_DAY = "no_day"


@dataclass(frozen=True, slots=True)
class Entry:
    """Money that came: the day it was booked, cents, who paid, and every text in which a reference may stand.

    `is_return` when the bank says that it is money we had sent, and which did not arrive. Of money that went out it is
    the same the other way round: who got it, and `is_return` when the bank took back what had come.
    """

    booked_on: date
    amount_cents: int
    payer_name: str = ""
    payer_iban: str = ""
    text: str = ""
    structured: str = ""
    bank_reference: str = ""
    is_return: bool = False


@dataclass(slots=True)
class Contents:
    """What a file holds: whose account it is of (empty where it does not say), the money that came, what went out, and
    what was left out."""

    iban: str = ""
    entries: list[Entry] = field(default_factory=list)
    outgoing: list[Entry] = field(default_factory=list)
    left_out: Counter[LeftOut] = field(default_factory=Counter)

    @property
    def entry_count(self) -> int:
        """How many entries there are, in both directions."""
        return len(self.entries) + len(self.outgoing)


def keys(iban: str, entries: Sequence[Entry]) -> list[str]:
    """The key of each entry: everything it says, and which of its equals it is.

    The bank's own reference alone will not do: some banks number the entries of each statement from one, or give a
    whole batch one reference. Two entries that say exactly the same in one file are two; in two files they are the same.
    """
    seen: Counter[str] = Counter()
    found = []
    for entry in entries:
        said = [
            iban,
            entry.booked_on.isoformat(),
            entry.amount_cents,
            *(_plain(part) for part in (entry.payer_name, entry.payer_iban, entry.text)),
            *(_plain(part) for part in (entry.structured, entry.bank_reference)),
        ]
        facts = json.dumps(said, ensure_ascii=True)
        found.append(hashlib.sha256(f"{facts}#{seen[facts]}".encode()).hexdigest())
        seen[facts] += 1
    return found


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
