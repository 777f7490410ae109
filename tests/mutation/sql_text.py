"""Small changes of SQL, one at a time: each comparison, sign, order, lock, and each step that could be missing."""

import re
from collections.abc import Iterator
from typing import Final

CHANGES: Final = [
    (r" < ", " <= "),
    (r" <= ", " < "),
    (r" > ", " >= "),
    (r" >= ", " > "),
    (r"(?<!:) = ", " <> "),
    (r" <> ", " = "),
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r"(?<![A-Z]) \* ", " + "),
    (r"(?<=[ (=])-(?=[a-z])", ""),
    (r"\bAND\b", "OR"),
    (r"\bOR\b(?! REPLACE)", "AND"),
    (r"\bNOT (?!FOUND|NULL|DISTINCT|EXISTS)", ""),
    (r"\bIF NOT FOUND\b", "IF FOUND"),
    (r"\bIF FOUND\b", "IF NOT FOUND"),
    (r"\bNOT EXISTS\b", "EXISTS"),
    (r"\bIS NOT DISTINCT FROM\b", "IS DISTINCT FROM"),
    (r"\bIS DISTINCT FROM\b", "IS NOT DISTINCT FROM"),
    (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r" DESC\b", ""),
    (r" FOR (NO KEY )?UPDATE\b", ""),
    (r"\bgreatest\(", "least("),
    (r"\bleast\(", "greatest("),
    (r"\bsum\(", "max("),
    (r"\bmin\(", "max("),
    (r"\bcoalesce\(", "nullif("),
    (r"\bUNION ALL\b", "UNION"),
    (r"\bLEFT JOIN\b", "JOIN"),
    (r"'single', 'post'", "'single'"),
    (r"'single', 'post'", "'post'"),
    (r" RETURN;", ""),
    (r"^ +PERFORM [^;]*;", ""),
    (r"(?<=THEN )?\b(posted|pending) := [^;]*;", "NULL;"),
    (r"\b[a-z_]+ := [^;]*;", "NULL;"),
    (r"^ +UPDATE [^;]*;", ""),
    (r", last_entry_at = p_at", ""),
    (r"\bTHEN (?='[a-z_]+')", "THEN 'x' || "),
]


def mutated_sql(text: str) -> Iterator[str]:
    """Yield `text` with one change each time; comments are left alone."""
    seen = {text}
    comments = [match.span() for match in re.finditer(r"--.*", text)]
    for pattern, instead in CHANGES:
        for match in re.finditer(pattern, text, re.MULTILINE):
            if any(start <= match.start() < end for start, end in comments):
                continue
            changed = text[: match.start()] + instead + text[match.end() :]
            if changed not in seen:
                seen.add(changed)
                yield changed
