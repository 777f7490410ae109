"""The GSM 7 bit default alphabet and its extension table, as 3GPP TS 23.038 (section 6.2.1) prints them."""

from __future__ import annotations

from typing import Final

ESCAPE: Final = "\x1b"

# In the order of the standard: the position of a character is its septet. The escape holds its place but is no text.
BASIC_TABLE: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    f"Δ_ΦΓΛΩΠΨΣΘΞ{ESCAPE}ÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

# Each of these follows an escape on the network, so it costs two septets.
EXTENSION_TABLE: Final[dict[str, int]] = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}

BASIC: Final = frozenset(BASIC_TABLE) - {ESCAPE}
EXTENSION: Final = frozenset(EXTENSION_TABLE)
GSM: Final = BASIC | EXTENSION


def is_gsm(text: str) -> bool:
    """Say whether every character of the text, taken as it stands, is in the GSM alphabet or its extension."""
    return GSM.issuperset(text)


def septets(char: str) -> int:
    """Give the septets one GSM character takes: 1, or 2 for the extension. KeyError for any other character."""
    if char in BASIC:
        return 1
    if char in EXTENSION:
        return 2
    raise KeyError(char)
