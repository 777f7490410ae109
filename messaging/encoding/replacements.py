"""What to write instead of a character that the GSM alphabet lacks, where something says the same.

A replacement must not change what a reader understands: "½" has none, because "10½" would become "101/2".
"""

from __future__ import annotations

import unicodedata
from typing import Final

from messaging.encoding import alphabet

_BY_REPLACEMENT: Final[dict[str, str]] = {
    "'": "‘’‚‛′ʹʻʼ´`＇",
    '"': "“”„‟″«»＂",
    "<": "‹",
    ">": "›",
    "-": "‐‑‒–—―−•‣·∙",
    "...": "…",
    "..": "‥",
    ".": "․",
    ",": "，",
    "/": "⁄∕÷",
    "x": "×",
    "->": "→",
    "<-": "←",
    "<=": "≤",
    ">=": "≥",
    "a": "ª",
    "o": "º",
    "oe": "œ",
    "OE": "Œ",
    "SS": "ẞ",
    "ff": "ﬀ",
    "fi": "ﬁ",
    "fl": "ﬂ",
    "ffi": "ﬃ",
    "ffl": "ﬄ",
    "l": "ł",
    "L": "Ł",
    "d": "đ",
    "D": "Đ",
    "i": "ı",
    # The grave E stands alone as "it is" in Italian: a plain E would read as "and". The acute E is one septet.
    "É": "È",
    "(C)": "©",
    "(R)": "®",
    "TM": "™",
    "No": "№",
    "\n": "\x0b\x85\u2028\u2029",
    " ": "\t\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
}

# Invisible, and of no use in a text of GSM letters: soft hyphen, zero-width marks, directions, variation selectors.
_DROPPED_RANGES: Final = (
    (0x00, 0x1F),
    (0x7F, 0x9F),
    (0xAD, 0xAD),
    (0x0300, 0x036F),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2064),
    (0x2066, 0x2069),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
)

_DROPPED: Final = {chr(code): "" for first, last in _DROPPED_RANGES for code in range(first, last + 1)}
_WRITTEN: Final = {char: instead for instead, chars in _BY_REPLACEMENT.items() for char in chars}
REPLACEMENTS: Final[dict[str, str]] = {
    char: instead for char, instead in {**_DROPPED, **_WRITTEN}.items() if char not in alphabet.GSM
}


def replacement_for(char: str) -> str | None:
    """Give GSM text that can stand for this character: "" where it can go, None where nothing says the same.

    Accented letters without an entry of their own lose the accent, as Unicode decomposes them.
    """
    if char in REPLACEMENTS:
        return REPLACEMENTS[char]
    decomposed = unicodedata.normalize("NFD", char)
    letter, marks = decomposed[:1], decomposed[1:]
    if marks and letter in alphabet.GSM and all(map(unicodedata.combining, marks)):
        return letter
    return None
