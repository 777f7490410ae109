"""Workbooks of a million rows: the same cells by both engines, and nothing that could become a formula."""

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import large_workbook
from portal.large_workbook import Table
from portal.workbook import MAX_CHARACTERS, Column, Fact, Kind
from tests.portal.test_workbook import PRINTABLE

ROME = ZoneInfo("Europe/Rome")
SUMMER = datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC)
COLUMNS = [
    Column("Text", Kind.TEXT, 48),
    Column("Credits", Kind.CREDITS),
    Column("Number", Kind.NUMBER),
    Column("At", Kind.MOMENT, 19),
]
HOSTILE = ["=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "http://x.example", "<r><f>1+1</f></r>", "\t=1"]
ROWS: list[list[Any]] = [
    *([text, 7000, 1, SUMMER] for text in HOSTILE),
    ["+393471234567", 1, 0, datetime(2026, 1, 1, 12)],  # noqa: DTZ001 - already the zone's
    [None, None, None, None],
    ["", -5, 123_456_789, SUMMER],
    ["x" * 40_000, 123_456_789_0123, 2, SUMMER],
]
COVER = [Fact("Account", "=Acme"), None, Fact("Rows", 5, Kind.NUMBER), Fact("Credits", 70_000, Kind.CREDITS)]


@pytest.fixture(params=["quick", "slow"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "slow":
        monkeypatch.setattr(large_workbook, "engine", None)
    assert (large_workbook.engine is None) == (request.param == "slow")
    return str(request.param)


def written(path: Path, rows: list[list[Any]], **options: Any) -> openpyxl.Workbook:
    tables = [Table("Rows: all", COLUMNS, len(rows), iter(rows)), Table("Nothing", COLUMNS, 0, iter([]))]
    given = {"zone": ROME, "title": "Title", "cover_name": "About", "cover": COVER, "tables": tables, **options}
    large_workbook.write(path, **given)
    return openpyxl.load_workbook(path)


def values(workbook: openpyxl.Workbook, sheet: str) -> list[tuple[Any, ...]]:
    return list(workbook[sheet].iter_rows(values_only=True))


def test_both_engines_write_what_was_given(tmp_path: Path, engine: str) -> None:
    book = written(tmp_path / "rows.xlsx", ROWS)
    assert book.sheetnames == ["About", "Rows all", "Nothing"]
    heading, *rows = values(book, "Rows all")
    assert heading == ("Text", "Credits", "Number", "At")
    local = datetime(2026, 7, 2, 0, 30, 5)  # noqa: DTZ001
    assert [row[0] for row in rows[: len(HOSTILE)]] == HOSTILE
    assert rows[0][1:] == (0.7, 1, local)
    assert rows[len(HOSTILE)] == ("+393471234567", 0.0001, 0, datetime(2026, 1, 1, 12))  # noqa: DTZ001
    assert rows[-3] == (None, None, None, None)
    assert rows[-2] == (None, -0.0005, 123_456_789, local)
    assert (len(rows[-1][0]), rows[-1][1]) == (MAX_CHARACTERS, 123_456_789.0123)
    assert values(book, "Nothing")[0] == heading
    about = values(book, "About")
    assert about[0][0] == "Title"
    assert [row[:2] for row in about[2:6]] == [("Account", "=Acme"), (None, None), ("Rows", 5), ("Credits", 7)]
    sheet = book["Rows all"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:D{len(ROWS) + 1}")
    assert [sheet.cell(2, place).number_format for place in (1, 2, 3, 4)] == [
        "@",
        "#,##0.0000",
        "#,##0",
        "dd/mm/yyyy hh:mm:ss",
    ]
    assert sheet.cell(2, 1).quotePrefix


def test_the_file_holds_no_formula_and_no_link(tmp_path: Path, engine: str) -> None:
    written(tmp_path / "rows.xlsx", ROWS)
    with zipfile.ZipFile(tmp_path / "rows.xlsx") as parts:
        xml = "".join(parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/"))
    assert "<f>" not in xml
    assert "hyperlink" not in xml


def test_a_full_sheet_goes_on_in_the_next_one(tmp_path: Path, engine: str) -> None:
    rows = [[str(number), 0, number, None] for number in range(5)]
    book = written(tmp_path / "full.xlsx", rows, rows_per_sheet=3)
    assert book.sheetnames == ["About", "Rows all", "Rows all 2", "Rows all 3", "Nothing"]
    assert [[cell.value for cell in book[name]["A"]] for name in book.sheetnames[1:4]] == [
        ["Text", "0", "1"],
        ["Text", "2", "3"],
        ["Text", "4"],
    ]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(PRINTABLE, PRINTABLE.map("<r>{}</r>".format), PRINTABLE.map("={}".format)), min_size=1))
def test_any_text_comes_back_as_it_was(tmp_path: Path, texts: list[str]) -> None:
    book = written(tmp_path / "text.xlsx", [[text, None, None, None] for text in texts])
    assert [row[0] for row in values(book, "Rows all")[1:]] == texts


def test_what_an_iterator_raises_comes_out_and_leaves_no_file(tmp_path: Path, engine: str) -> None:
    def rows() -> Iterator[list[Any]]:
        yield ROWS[0]
        raise InterruptedError("the claim is lost")

    path = tmp_path / "none.xlsx"
    with pytest.raises(InterruptedError):
        large_workbook.write(
            path,
            zone=ROME,
            title="Title",
            cover_name="About",
            cover=COVER,
            tables=[Table("Rows", COLUMNS, 2, rows())],
        )
    assert not path.exists()


def test_columns_need_titles_of_their_own(tmp_path: Path) -> None:
    table = Table("Rows", [COLUMNS[0], COLUMNS[0]], 0, iter([]))
    with pytest.raises(ValueError, match="titles of their own"):
        large_workbook.write(tmp_path / "x.xlsx", zone=ROME, title="", cover_name="About", cover=[], tables=[table])
