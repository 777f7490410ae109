"""What a line of a bank statement is for: pure, so that it can be shown before it is done.

A line is booked by itself only when it quotes exactly one reference of ours whose purchase is still open. It pays what
is missing there and never more; the rest, and everything else, is for a person, who gets proposals.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

NEAR: Final = 0.85
MOST_PROPOSALS: Final = 5
# Legal forms say nothing about who somebody is.
FORMS: Final = frozenset(
    [
        "srl",
        "srls",
        "spa",
        "snc",
        "sas",
        "sapa",
        "sa",
        "sarl",
        "sasu",
        "eurl",
        "gmbh",
        "ag",
        "kg",
        "ug",
        "bv",
        "nv",
        "ltd",
        "llc",
        "plc",
        "inc",
        "soc",
        "coop",
    ]
)


class Standing(StrEnum):
    """How the purchase behind a reference stands."""

    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"


class Left(StrEnum):
    """Why a line, or the rest of it, is left to a person."""

    NOTHING = ""
    NO_REFERENCE = "no_reference"
    UNKNOWN_REFERENCE = "unknown_reference"
    SEVERAL_REFERENCES = "several_references"
    ALREADY_PAID = "already_paid"
    CLOSED = "closed"
    SURPLUS = "surplus"
    SEEN_BEFORE = "seen_before"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Expected:
    """Money that we asked for: which try, what is missing of it in cents, and how its purchase stands.

    `by_hand_cents` are the sums that were confirmed by hand for it and have not been seen on a statement yet.
    """

    attempt_id: int
    reference: str
    missing_cents: int
    standing: Standing
    company: str = ""
    ibans: frozenset[str] = frozenset()
    by_hand_cents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`cents` of the line go to the try `attempt_id`; or the whole line confirms what somebody confirmed by hand.

    `left` says why the rest, or all, is left to a person.
    """

    attempt_id: int | None = None
    cents: int = 0
    confirms: bool = False
    left: Left = Left.NOTHING


def decide(
    cents: int,
    references: set[str],
    expected: Mapping[str, Expected],
    *,
    seen_before: bool = False,
    is_return: bool = False,
) -> Verdict:
    """What becomes of a line of `cents` that quotes `references`; `expected` holds at least those of them that are ours.

    `seen_before` says that another file has brought a line like it; `is_return`, that we had sent the money ourselves:
    such a line quotes what we wrote, and pays nothing.
    """
    if is_return:
        return Verdict(left=Left.RETURNED)
    ours = references & expected.keys()
    if not ours:
        return Verdict(left=Left.UNKNOWN_REFERENCE if references else Left.NO_REFERENCE)
    if len(ours) > 1:
        return Verdict(left=Left.SEVERAL_REFERENCES)
    if seen_before:
        return Verdict(left=Left.SEEN_BEFORE)
    one = expected[ours.pop()]
    if cents in one.by_hand_cents:
        return Verdict(one.attempt_id, cents, confirms=True)
    if one.standing != Standing.OPEN or one.missing_cents <= 0:
        return Verdict(left=Left.CLOSED if one.standing == Standing.CLOSED else Left.ALREADY_PAID)
    paid = min(cents, one.missing_cents)
    return Verdict(one.attempt_id, paid, left=Left.SURPLUS if paid < cents else Left.NOTHING)


def after(one: Expected, verdict: Verdict) -> Expected:
    """What is expected once `verdict` has been carried out: for showing several lines of a file before it is done."""
    by_hand, missing, standing = list(one.by_hand_cents), one.missing_cents, one.standing
    if verdict.confirms:
        by_hand.remove(verdict.cents)
    else:
        missing -= verdict.cents
        standing = Standing.PAID if missing == 0 else standing
    return Expected(
        one.attempt_id, one.reference, missing, standing, one.company, one.ibans, by_hand_cents=tuple(by_hand)
    )


class Why(StrEnum):
    """What speaks for a proposal, the strongest first."""

    DIGITS = "digits"
    IBAN = "iban"
    AMOUNT = "amount"
    NAME = "name"


WEIGHTS: Final = {Why.DIGITS: 8, Why.IBAN: 4, Why.AMOUNT: 3, Why.NAME: 2}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A purchase that a line may be for, and what speaks for it."""

    attempt_id: int
    reasons: tuple[Why, ...]


def propose(cents: int, text: str, payer_name: str, payer_iban: str, open_ones: Iterable[Expected]) -> list[Proposal]:
    """The open purchases that a line may be for, the likeliest first: same amount, a payer of the same name, a bank
    account that paid for that customer before, or the digits of the reference with something else around them."""
    digits = "".join(char for char in text if char in "0123456789")
    found = []
    for one in open_ones:
        speaks = {
            Why.DIGITS: one.reference[4:] in digits,
            Why.IBAN: bool(payer_iban) and payer_iban in one.ibans,
            Why.AMOUNT: cents == one.missing_cents,
            Why.NAME: is_near(payer_name, one.company),
        }
        reasons = tuple(why for why, is_so in speaks.items() if is_so)
        if reasons:
            found.append(Proposal(one.attempt_id, reasons))
    found.sort(key=lambda each: (-sum(WEIGHTS[why] for why in each.reasons), each.attempt_id))
    return found[:MOST_PROPOSALS]


def is_near(one: str, other: str) -> bool:
    """Whether two names may be one company's: nearly the same letters, whatever the accents and the legal form."""
    mine, yours = _bare(one), _bare(other)
    if not mine or not yours:
        return False
    return mine == yours or SequenceMatcher(None, mine, yours).ratio() >= NEAR


def _bare(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace(".", ""))
    words = "".join(char if char.isalnum() else " " for char in decomposed if not unicodedata.combining(char)).split()
    return " ".join(word for word in words if word not in FORMS)
