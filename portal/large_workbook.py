"""Workbooks of a million rows: the same cells as `portal.workbook` writes, five times as fast, in 30 MB.

The rows are pulled, so what the cover says is known before them; whoever gives them adds them up again and compares. The
engine is written in Rust and young: it is used here and nowhere else, and where it cannot be loaded the same file is
written by `portal.workbook`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from portal.workbook import (
    COVER_WIDTHS,
    MAX_ROWS,
    NUMBER_FORMATS,
    Column,
    Fact,
    Kind,
    Value,
    cut,
    numbered,
    sheet_name,
    workbook,
)

engine: Any
try:
    engine = import_module("rustpy_xlsxwriter")
except ImportError:  # no wheel for this machine
    engine = None

UNITS: Final = 10_000
A4: Final = 9
PAGE: Final = {"landscape": True, "paper_size": A4, "repeat_rows": 0, "fit_to_pages": (1, 0)}

Row = Sequence[Any]
"""The values of a row in the order of its columns. A moment is an aware one, or already in the zone of the workbook."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a sheet of its own, and on further ones where a sheet is full. `rows` has exactly `row_count` rows."""

    name: str
    columns: Sequence[Column]
    row_count: int
    rows: Iterator[Row]


def write(
    path: Path,
    *,
    zone: ZoneInfo,
    title: str,
    cover_name: str,
    cover: Sequence[Fact | None],
    tables: Sequence[Table],
    rows_per_sheet: int = MAX_ROWS,
) -> None:
    """Write a workbook to `path`: the cover, then each table. What an iterator raises comes out here, and no file is left."""
    if engine is None:
        _write_slowly(path, zone, title, cover_name, cover, tables, rows_per_sheet)
        return
    about = sheet_name(cover_name)
    sheets: list[tuple[str, Any]] = [(about, _cover_rows(title, cover, zone))]
    options = _cover_options(about)
    for table in tables:
        for name, rows in _sheets(table, zone, rows_per_sheet):
            sheets.append((name, rows))
            options["column_widths"][name] = [column.width for column in table.columns]
            options["column_formats"][name] = [_format(column.kind) for column in table.columns]
            options["header_format"][name] = _heading()
            options["page_setup"][name] = PAGE
    names = [name for name, _rows in sheets[1:]]
    engine.write_worksheets(
        sheets,
        str(path),
        row_formats={about: _cover_formats(cover)},
        sheet_view={about: {"gridlines": False}},
        freeze_panes={name: {"row": 1, "col": 0} for name in names},
        index_columns=[title],
        autofilter=dict.fromkeys(names, True),
        **options,
    )


def _cover_options(name: str) -> dict[str, dict[str, Any]]:
    return {
        "column_widths": {name: list(COVER_WIDTHS)},
        "column_formats": {},
        "header_format": {name: engine.Format().set_bold().set_font_size(16)},
        "page_setup": {name: {"paper_size": A4, "fit_to_pages": (1, 0)}},
    }


def _sheets(table: Table, zone: ZoneInfo, rows_per_sheet: int) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    titles = [column.title for column in table.columns]
    if len(set(titles)) != len(titles):
        raise ValueError(f"the columns of {table.name} need titles of their own")
    records = _records(table, titles, zone)
    room = rows_per_sheet - 1
    for number in range(max(1, -(-table.row_count // room))):
        yield numbered(table.name, number), islice(records, room)


def _records(table: Table, titles: Sequence[str], zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    if not table.row_count:  # a heading alone is a table too
        yield dict.fromkeys(titles)
    credits = [place for place, column in enumerate(table.columns) if column.kind is Kind.CREDITS]
    texts = [place for place, column in enumerate(table.columns) if column.kind is Kind.TEXT]
    moments = [place for place, column in enumerate(table.columns) if column.kind is Kind.MOMENT]
    for row in table.rows:
        values = list(row)
        for place in credits:
            if values[place] is not None:
                values[place] /= UNITS
        for place in texts:
            values[place] = cut(values[place]) or None
        for place in moments:
            moment = values[place]
            if moment is not None and moment.tzinfo is not None:
                values[place] = moment.astimezone(zone).replace(tzinfo=None)
        yield dict(zip(titles, values, strict=True))


def _cover_rows(title: str, facts: Sequence[Fact | None], zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    yield {title: None, " ": None}
    columns = {kind: Table("", [Column("value", kind)], 1, iter(())) for kind in Kind}
    for fact in facts:
        if fact is None:
            yield {title: None, " ": None}
            continue
        one = Table("", columns[fact.kind].columns, 1, iter([[fact.value]]))
        [record] = _records(one, ["value"], zone)
        yield {title: fact.label, " ": record["value"]}


def _cover_formats(facts: Sequence[Fact | None]) -> dict[int, Any]:
    """A line of the cover is shown as what its value is; its label stands beside it."""
    return {
        row: _format(fact.kind).set_align("left").set_align("top").set_text_wrap()
        for row, fact in enumerate(facts, start=2)
        if fact is not None
    }


def _format(kind: Kind) -> Any:
    made = engine.Format().set_num_format(NUMBER_FORMATS[kind])
    return made.set_quote_prefix() if kind is Kind.TEXT else made


def _heading() -> Any:
    return engine.Format().set_bold().set_background_color("#E8EDF3").set_border_bottom("thin").set_text_wrap()


def _write_slowly(
    path: Path,
    zone: ZoneInfo,
    title: str,
    cover_name: str,
    cover: Sequence[Fact | None],
    tables: Sequence[Table],
    rows_per_sheet: int,
) -> None:
    with workbook(path, zone=zone) as book:
        book.describe(title=title, author="Saldo")
        book.write_cover(book.add_cover(cover_name), title, cover)
        for table in tables:
            sheets = book.add_table(table.name, table.columns, rows_per_sheet=rows_per_sheet)
            for row in table.rows:
                sheets.append([_aware(value, zone) for value in row])


def _aware(value: Value, zone: ZoneInfo) -> Value:
    return value.replace(tzinfo=zone) if isinstance(value, datetime) and value.tzinfo is None else value
