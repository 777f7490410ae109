"""What the launcher says, and which lines of its parts are worth a look."""

import json
import re
import sys

_ALARMING = re.compile(r"\b(?:WARNING|ERROR|CRITICAL)\b|^Traceback ")
_LEVELS = frozenset({"WARNING", "ERROR", "CRITICAL"})
_WIDTH = 400


def say(text: str, *, error: bool = False) -> None:
    """Write one line (or a few) for the person who started Saldo."""
    stream = sys.stderr if error else sys.stdout
    stream.write(f"{text.rstrip()}\n")
    stream.flush()


def worth_showing(line: str) -> str | None:
    """The text of a log line that deserves the terminal, or None: warnings and errors, JSON or plain."""
    if line.startswith("{"):
        try:
            record = json.loads(line)
        except ValueError:
            record = {}
        if record:
            return _of_record(record)
    return line[:_WIDTH] if _ALARMING.search(line) else None


def _of_record(record: dict[str, object]) -> str | None:
    level = record.get("level")
    # Django warns of each page a visitor did not find or may not see: theirs to mend, not ours.
    if level not in _LEVELS or (level == "WARNING" and record.get("logger") == "django.request"):
        return None
    text = f"{level} {record.get('message', '')}".splitlines()[0]
    if trace := str(record.get("exc_info") or "").strip():
        text = f"{text} ({trace.splitlines()[-1]})"
    return text[:_WIDTH]
