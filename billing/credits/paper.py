"""The statement on paper: a period as a PDF in the reader's language and time zone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing.credits import statement, wording
from billing.credits.statement import Book, Line
from billing.ledger import entries
from billing.ledger.entries import Period, Sums
from portal import pdf
from portal.templatetags import formats

MOST: Final = 1_000
"""Entries on paper: about thirty pages, made in two seconds while somebody waits."""

SHEETS: Final = ("paper.css", "statement-paper.css")


class TooLong(Exception):
    """The period has more entries than are put on paper: more than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


def advice(limit: int) -> str:
    """What to do about a period that is too long for paper."""
    return _(
        "A PDF holds %(limit)s movements, and this period has more. Choose a shorter period, or take the Excel file."
    ) % {"limit": formats.number(limit)}


def render(book: Book, period: Period, *, made_at: datetime) -> bytes:
    """Return the statement of `period` as it was at `made_at`, the oldest entry first. Raises `TooLong`."""
    last_at = min(period.end - timedelta(microseconds=1), made_at) if period.end else made_at
    found = entries.newer(book.pot, period, MOST + 1) if book.pot else []
    if len(found) > MOST:
        raise TooLong(MOST)
    lines = list(statement.lines(book, found))
    context = {
        "book": book,
        "seller": settings.SELLER,
        "language": translation.get_language(),
        "zone": timezone.get_current_timezone_name(),
        "first_at": period.start,
        "last_at": last_at,
        "made_at": made_at,
        "sums": _sums(lines) or statement.sums(book, period),
        "lines": [{"line": line, "why": wording.why(line), "who": wording.who(line)} for line in lines],
    }
    return pdf.render("billing/credits/statement_pdf.html", context, sheets=SHEETS)


def _sums(lines: Sequence[Line]) -> Sums | None:
    """The sums of the very lines that are shown, whatever is booked meanwhile; None without any."""
    if not lines:
        return None
    added, taken = (sum(kept(line.change, 0) for line in lines) for kept in (max, min))
    return Sums(lines[0].balance - lines[0].change, added, taken)
