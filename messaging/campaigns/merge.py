"""Merge fields: `{name}` in a text stands for what is known of each recipient, `{name|customer}` has a default. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

# A field begins with a letter, so that "{1}", "{}" or "{ :-) }" stay the text they are.
_FIELD: Final = re.compile(r"\{([^\W\d_][^{}|\n]{0,39})(?:\|([^{}]*))?\}")
_OPEN, _CLOSE = "{", "}"
_NAME: Final = "name"
NAME_WORDS: Final = frozenset({_NAME, "nome", "nom"})
"""What the languages we speak call the name of a contact; each stands for it."""


@dataclass(frozen=True, slots=True)
class Field:
    """A merge field of a text; `default` None means that a recipient without it misses it."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Merged:
    """A text for one recipient, and the first field that is missing in it ("" where none is)."""

    text: str
    missing: str


@dataclass(frozen=True)
class Template:
    """A text as somebody typed it, taken apart at its fields."""

    text: str

    @cached_property
    def parts(self) -> tuple[str | Field, ...]:
        """The text in pieces: what is the same for everybody, and the fields between."""
        parts: list[str | Field] = []
        end = 0
        for found in _FIELD.finditer(self.text):
            parts += [self.text[end : found.start()], Field(found[1].strip(), found[2])]
            end = found.end()
        return (*parts, self.text[end:])

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields in the order of the text; one that stands there twice is there twice."""
        return tuple(part for part in self.parts if isinstance(part, Field))

    @property
    def names(self) -> tuple[str, ...]:
        """The different names of the fields, as they were typed."""
        return tuple(dict.fromkeys(field.name for field in self.fields))

    def merged(self, values: Mapping[str, str]) -> Merged:
        """The text with the recipient's values; upper and lower case of a field's name are the same.

        A column that the list itself calls {nome} goes before the contact's name.
        """
        pieces, missing = [], ""
        for part in self.parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            value = (values.get(part.name) or _folded(values, part.name)).strip()
            if not value and part.default is None:
                missing = missing or part.name
            pieces.append(value or part.default or "")
        return Merged("".join(pieces), missing)


def _folded(values: Mapping[str, str], name: str) -> str:
    wanted = name.casefold()
    own = next((value for key, value in values.items() if key.casefold() == wanted), "")
    return own or (values.get(_NAME, "") if wanted in NAME_WORDS else "")


def with_default(text: str, name: str, default: str) -> str:
    """`text` in which the field `name` has a default wherever it had none; braces and bars in the default are dropped."""
    clean = re.sub(r"[{}|\n]", "", default).strip()

    def give(found: re.Match[str]) -> str:
        wanted = found[1].strip().casefold() == name.casefold() and found[2] is None
        return f"{_OPEN}{found[1].strip()}|{clean}{_CLOSE}" if wanted else found[0]

    return _FIELD.sub(give, text)
