"""What may stand as a sender name: a rule of networks and of good faith, decided without a database."""

import re
import unicodedata
from enum import StrEnum
from typing import Final

from messaging.encoding import alphabet, numbers
from messaging.encoding.numbers import InvalidNumber

MAX_LENGTH: Final = 11
"""Characters a telephone shows of an alphanumeric sender (3GPP TS 23.040)."""

MAX_STORED: Final = 16
"""Characters of the longest sender: a plus sign and the fifteen digits of E.164."""

INSIDE: Final = frozenset(" -_&.")
"""Marks that may stand between letters and digits, never at either end."""

# Names that say nothing about who writes: networks block them and they invite fraud.
GENERIC: Final = frozenset(
    {
        *("alert", "alerts", "auth", "bank", "code", "delivery", "help", "info", "infosms", "login", "message", "news"),
        *("notice", "notify", "offer", "otp", "pin", "promo", "sale", "secure", "service", "shop", "sms", "support"),
        *("test", "verify", "verified"),
        *(
            "assistenza",
            "avviso",
            "avvisi",
            "banca",
            "codice",
            "conferma",
            "messaggio",
            "negozio",
            "notifica",
            "novita",
        ),
        *("offerta", "offerte", "servizio", "sconti", "verifica"),
        *("alerte", "avis", "banque", "boutique", "livraison", "offre", "promotion", "securite", "soldes"),
    }
)

# Names that fraud likes to borrow. Staff see every request anyway; these are refused before they do.
PROTECTED: Final = (
    "Amazon", "Ameli", "Apple", "Barclays", "Carabinieri", "Chronopost", "DHL", "Enel", "Facebook", "FedEx", "Google",
    "HMRC", "HSBC", "Impots", "INPS", "Instagram", "Intesa", "La Poste", "Microsoft", "Netflix", "Nexi", "PayPal",
    "Police", "Polizia", "Poste", "Poste Info", "PosteItalia", "Revolut", "Royal Mail", "Santander", "Telegram",
    "UniCredit", "Vodafone", "WhatsApp",
)  # fmt: skip

# Digits that are read as letters; "l" and "i" look alike in most fonts, so both become one. The Greek capitals of the
# GSM alphabet, in small letters as `casefold` leaves them, become what they are drawn like.
_LOOKALIKES: Final = str.maketrans("013457li8øδθλξπσφψωγ", "oleastllboaoaenefyor")
# Pairs of letters that a hurried eye reads as one.
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("æ", "ae"))


class Nearness(StrEnum):
    """How two names are alike: staff are told, customers never."""

    LOOKS_THE_SAME = "looks_the_same"
    FEW_LETTERS = "few_letters"
    CONTAINED = "contained"


class NameFault(StrEnum):
    """Why a name cannot be a sender name."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"
    EDGE = "edge"
    NO_LETTER = "no_letter"
    GENERIC = "generic"
    PROTECTED = "protected"
    NUMBER = "number"


class NameRefused(Exception):
    """The name breaks a rule; `fault` says which, `characters` what stands in it and may not."""

    def __init__(self, fault: NameFault, characters: str = "") -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.characters = characters


def check(raw: str) -> str:
    """Give the name as the network will show it (NFC, no space around it). Raises `NameRefused`.

    Product 6.2: up to 11 characters, at least one letter, GSM letters and digits, some marks inside; no generic name
    and no protected brand, however it is spelled. What begins with a plus sign is a number, given in E.164.
    """
    name = unicodedata.normalize("NFC", raw).strip()
    if name.startswith("+"):
        return _number(name)
    if not name:
        raise NameRefused(NameFault.EMPTY)
    strange = "".join(dict.fromkeys(char for char in name if not _may_stand(char)))
    if strange:
        raise NameRefused(NameFault.CHARACTERS, strange)
    if len(name) > MAX_LENGTH:
        raise NameRefused(NameFault.TOO_LONG)
    if name[0] in INSIDE or name[-1] in INSIDE:
        raise NameRefused(NameFault.EDGE)
    if not any(map(str.isalpha, name)):
        raise NameRefused(NameFault.NO_LETTER)
    _refuse_borrowed(name)
    return name


def fold(name: str) -> str:
    """Give the shape a hurried reader sees: case, accents, marks and look-alikes taken away ("Amaz0n" is "amazon")."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name.casefold()) if char.isalnum())
    shape = plain.translate(_LOOKALIKES)
    for pair, letter in _PAIRS:
        shape = shape.replace(pair, letter)
    return shape


def nearness(name: str, other: str) -> Nearness | None:
    """Say how near two names are, the nearest way first; None where nobody would take one for the other.

    One letter may differ in a name of four letters or more, two in one of eight or more; a name of five letters or
    more may not stand inside another.
    """
    shorter, longer = sorted((fold(name), fold(other)), key=len)
    if shorter == longer:
        return Nearness.LOOKS_THE_SAME
    allowed = 0 if len(longer) < 4 else 1 if len(longer) < 8 else 2
    if len(longer) - len(shorter) <= allowed and _distance(shorter, longer) <= allowed:
        return Nearness.FEW_LETTERS
    return Nearness.CONTAINED if len(shorter) >= 5 and shorter in longer else None


def near_brand(name: str) -> str:
    """Give the protected brand that a name comes near, for staff to look at; "" where there is none."""
    return next((brand for brand in PROTECTED if nearness(name, brand)), "")


def _distance(one: str, other: str) -> int:
    """Count the letters to type anew, leave out, add or swap with the next (optimal string alignment)."""
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (char != against))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
        before_last, last = last, row
    return last[-1]


_GENERIC_SHAPES: Final = frozenset(map(fold, GENERIC))
_PROTECTED_SHAPES: Final = frozenset(map(fold, PROTECTED))


def _number(written: str) -> str:
    try:
        return numbers.parse(written, region="").e164
    except InvalidNumber as error:
        raise NameRefused(NameFault.NUMBER) from error


def _may_stand(char: str) -> bool:
    return char in INSIDE or (char in alphabet.BASIC and char.isalnum())


def _refuse_borrowed(name: str) -> None:
    if fold(name) in _GENERIC_SHAPES:
        raise NameRefused(NameFault.GENERIC)
    words = re.split(r"[ \-_&.]+", name)
    if not _PROTECTED_SHAPES.isdisjoint({fold(name), *map(fold, words)}):
        raise NameRefused(NameFault.PROTECTED)
