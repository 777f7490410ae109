"""The only writer of .csv files: as spreadsheets open them in the reader's language, and no cell becomes a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from django.utils import translation

from portal.templatetags import formats

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it spreadsheets take UTF-8 for their own old charset."""

CHUNK: Final = 1_000
"""Rows that are written together."""

# The wide ones are what Chinese and Japanese keyboards type; spreadsheets there take them for the narrow ones.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER: Final = re.compile(r"[+-]?[\d ().,/-]*\d[\d ().,/-]*")


def lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a file, its header first; to be streamed, in UTF-8.

    A response is streamed when the page's language is no longer the active one, so the rows are made in that of now.
    """
    separator = ";" if formats.locale().number_symbols["latn"]["decimal"] == "," else ","
    return _lines(header, iter(rows), separator, translation.get_language() or "")


def _lines(header: Sequence[str], rows: Iterator[Sequence[str]], separator: str, language: str) -> Iterator[str]:
    page = io.StringIO()
    writer = csv.writer(page, delimiter=separator)
    writer.writerow(header)
    yield BYTE_ORDER_MARK
    while True:
        with translation.override(language):
            chunk = list(islice(rows, CHUNK))
        writer.writerows([safe(cell) for cell in row] for row in chunk)
        yield page.getvalue()
        if not chunk:
            return
        page.seek(0)
        page.truncate()


def safe(cell: str) -> str:
    """The cell with an apostrophe before it if a spreadsheet would compute it; numbers and telephone numbers stay."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
