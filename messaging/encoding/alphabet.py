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


_TO_SEPTETS: Final = str.maketrans(
    {char: chr(position) for position, char in enumerate(BASIC_TABLE) if char != ESCAPE}
    | {char: ESCAPE + chr(septet) for char, septet in EXTENSION_TABLE.items()}
)
_FROM_EXTENSION: Final = {chr(septet): char for char, septet in EXTENSION_TABLE.items()}


def encode(text: str) -> bytes:
    """Give the septets of a GSM text, one in an octet, an escape before each of the extension. KeyError for others."""
    if not is_gsm(text):
        raise KeyError(next(char for char in text if char not in GSM))
    return text.translate(_TO_SEPTETS).encode("latin-1")


def decode(septets: bytes) -> str:
    """Read septets that stand one in an octet, as a telephone does.

    What follows an escape and is not in the extension table is read by the basic one, and an octet that is no septet as
    U+FFFD; an escape at the end says nothing.
    """
    chars, is_escaped = [], False
    for septet in septets:
        if septet == ord(ESCAPE) and not is_escaped:
            is_escaped = True
            continue
        basic = BASIC_TABLE[septet] if septet < len(BASIC_TABLE) else "\ufffd"
        chars.append(_FROM_EXTENSION.get(chr(septet), basic) if is_escaped else basic)
        is_escaped = False
    return "".join(chars)
