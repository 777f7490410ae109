"""The names of merge fields. Pure."""

import re
from typing import Final

from messaging.contacts.models import MAX_FIELD_NAME

MAX_VALUE: Final = 300
"""Characters of the text that a contact has for a field."""

_MARKS: Final = re.compile(r"[{}|<>\x00-\x1f]")


def field_name(text: str) -> str:
    """A text as the name of a merge field: no braces, which mark a field in a message, and not too long."""
    return " ".join(_MARKS.sub(" ", text).split())[:MAX_FIELD_NAME].strip()
