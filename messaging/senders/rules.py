"""What may stand as a sender name: a rule of networks and of good faith, decided without a database."""

import re
import unicodedata
from enum import StrEnum
from typing import Final

from messaging.encoding import alphabet

MAX_LENGTH: Final = 11
"""Characters a telephone shows of an alphanumeric sender (3GPP TS 23.040)."""

MAX_STORED: Final = 16
"""Characters of the longest sender: a plus sign and the fifteen digits of E.164."""

INSIDE: Final = frozenset(" -_&.")
"""Marks that may stand between letters and digits, never at either end."""

# Names that say nothing about who writes: networks block them and they invite fraud.
GENERIC: Final = frozenset(
    {"alert", "alerts", "code", "info", "news", "notice", "otp", "promo", "service", "sms", "test", "verify"}
)

# Names that fraud likes to borrow. Staff see every request anyway; these are refused before they do.
PROTECTED: Final = (
    "Amazon", "Ameli", "Apple", "Barclays", "Carabinieri", "Chronopost", "DHL", "Enel", "Facebook", "FedEx", "Google",
    "HMRC", "HSBC", "Impots", "INPS", "Instagram", "Intesa", "La Poste", "Microsoft", "Netflix", "Nexi", "PayPal",
    "Police", "Polizia", "Poste", "Poste Info", "PosteItalia", "Revolut", "Royal Mail", "Santander", "Telegram",
    "UniCredit", "Vodafone", "WhatsApp",
)  # fmt: skip

# Digits that are read as letters; "l" and "i" look alike in most fonts, so both become one.
_LOOKALIKES: Final = str.maketrans("013457li8", "oleastllb")


class NameFault(StrEnum):
    """Why a name cannot be a sender name."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"
    EDGE = "edge"
    NO_LETTER = "no_letter"
    GENERIC = "generic"
    PROTECTED = "protected"


class NameRefused(Exception):
    """The name breaks a rule; `fault` says which, `characters` what stands in it and may not."""

    def __init__(self, fault: NameFault, characters: str = "") -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.characters = characters


def check(raw: str) -> str:
    """Give the name as the network will show it (NFC, no space around it). Raises `NameRefused`.

    Product 6.2: up to 11 characters, at least one letter, GSM letters and digits, some marks inside; no generic name
    and no protected brand, however it is spelled.
    """
    name = unicodedata.normalize("NFC", raw).strip()
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
    """Give the shape a hurried reader sees: case, accents, marks and look-alike digits taken away ("Amaz0n" is "amazon")."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name.casefold()) if char.isalnum())
    return plain.translate(_LOOKALIKES)


_GENERIC_SHAPES: Final = frozenset(map(fold, GENERIC))
_PROTECTED_SHAPES: Final = frozenset(map(fold, PROTECTED))


def _may_stand(char: str) -> bool:
    return char in INSIDE or (char in alphabet.BASIC and char.isalnum())


def _refuse_borrowed(name: str) -> None:
    if fold(name) in _GENERIC_SHAPES:
        raise NameRefused(NameFault.GENERIC)
    words = re.split(r"[ \-_&.]+", name)
    if not _PROTECTED_SHAPES.isdisjoint({fold(name), *map(fold, words)}):
        raise NameRefused(NameFault.PROTECTED)
