"""Which characters make a text cost more, how many segments each is to blame for, and what could stand instead. Pure."""

import json
from dataclasses import dataclass, replace

from messaging.encoding import alphabet, segments
from messaging.encoding.replacements import replacement_for

# Beyond so many different ones each is named, but not tried alone: the text is not meant for the GSM alphabet.
_TRIED = 12


@dataclass(frozen=True, slots=True)
class Cut:
    """A costly character: how often it stands in the text, what could stand instead (None: nothing says the same).

    `saved` are the segments one message has fewer without it, everything else left as it is; 0 where another
    character forces the same alphabet.
    """

    char: str
    count: int
    replacement: str | None
    saved: int

    @property
    def code_point(self) -> str:
        """How standards name it, for characters that cannot be seen: "U+00A0"."""
        return f"U+{ord(self.char):04X}"

    @property
    def is_visible(self) -> bool:
        return self.char.isprintable() and not self.char.isspace()

    def without(self, text: str) -> str:
        """The text with what could stand instead, or without the character where nothing could."""
        return segments.normalise(text).replace(self.char, self.replacement or "")

    @property
    def instruction(self) -> str:
        """What the page replaces, as JSON."""
        return json.dumps({self.char: self.replacement})


@dataclass(frozen=True, slots=True)
class Operation:
    """All costly characters of a text, and the segments that a message has fewer when all that can be are replaced."""

    cuts: tuple[Cut, ...]
    saved: int

    def replaced(self, text: str) -> str:
        """The text with all that can be replaced."""
        text = segments.normalise(text)
        for cut in self.cuts:
            text = text.replace(cut.char, cut.char if cut.replacement is None else cut.replacement)
        return text

    @property
    def can_all_go(self) -> bool:
        return bool(self.cuts) and all(cut.replacement is not None for cut in self.cuts)

    @property
    def instruction(self) -> str:
        """What the page replaces with one click, as JSON."""
        return json.dumps({cut.char: cut.replacement for cut in self.cuts if cut.replacement is not None})

    @property
    def helps(self) -> bool:
        """Whether anything can be replaced at all."""
        return any(cut.replacement is not None for cut in self.cuts)


def examine(text: str) -> Operation:
    """Find the characters that force the dear alphabet, or fill a segment because they count twice."""
    text = segments.normalise(text)
    now = segments.segment_count(text)
    costly = [char for char in dict.fromkeys(text) if char not in alphabet.GSM]
    if not costly:
        costly = [char for char in dict.fromkeys(text) if char in alphabet.EXTENSION]
        costly = [char for char in costly if segments.segment_count(text.replace(char, ".")) < now]
    cuts = [
        Cut(char, text.count(char), _instead(char), _saved(text, char, now) if place < _TRIED else 0)
        for place, char in enumerate(costly)
    ]
    cuts.sort(key=lambda cut: -cut.saved)
    operation = Operation(tuple(cuts), 0)
    return replace(operation, saved=max(now - segments.segment_count(operation.replaced(text)), 0))


def _instead(char: str) -> str | None:
    return _CHEAPER.get(char) if char in alphabet.EXTENSION else replacement_for(char)


def _saved(text: str, char: str, now: int) -> int:
    replacement = _instead(char)
    without = text.replace(char, "" if replacement is None else replacement)
    return max(now - segments.segment_count(without), 0)


# These count twice in the GSM alphabet; what says the same counts once.
_CHEAPER = {"[": "(", "]": ")", "~": "-", "|": "/", "\\": "/", "^": "'", "\f": "\n"}
