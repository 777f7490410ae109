"""The writer of spreadsheets: what it writes is what was given, and nothing more."""

import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.workbook import MAX_CHARACTERS, Column, Fact, Kind, Value, workbook

ROME = ZoneInfo("Europe/Rome")
TEXT = [Column("Text", Kind.TEXT)]


def one_column(path: Path, column: Column, values: list[Value]) -> list[object]:
    """Write the values, and read them back."""
    with workbook(path, zone=ROME) as book:
        table = book.add_table("Rows", [column])
        for value in values:
            table.append([value])
    rows = openpyxl.load_workbook(path)["Rows"].iter_rows(min_row=2, max_row=1 + len(values), values_only=True)
    return [row[0] for row in rows]


# What openpyxl shows as it stands in the file: control characters and their escapes are Excel's to decode.
PRINTABLE = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60).filter(
    lambda text: "_x" not in text and "\ufffe" not in text and "\uffff" not in text
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(PRINTABLE, PRINTABLE.map("<r>{}</r>".format), PRINTABLE.map("={}".format)), min_size=1))
def test_any_text_comes_back_as_it_was(tmp_path: Path, texts: list[str]) -> None:
    assert one_column(tmp_path / "text.xlsx", TEXT[0], list(texts)) == texts


def test_credits_are_exact_decimal_numbers(tmp_path: Path) -> None:
    units = [1, 7000, 10_000, 123_456_789_0123, -5]
    found = one_column(tmp_path / "credits.xlsx", Column("Credits", Kind.CREDITS), list(units))
    assert [Decimal(str(value)).scaleb(4) for value in found] == units


def test_moments_are_dates_in_the_zone_of_the_workbook(tmp_path: Path) -> None:
    winter = datetime(2026, 1, 1, 12, tzinfo=UTC)
    summer = datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC)
    found = one_column(tmp_path / "moments.xlsx", Column("At", Kind.MOMENT), [winter, summer])
    assert [str(value) for value in found] == ["2026-01-01 13:00:00", "2026-07-02 00:30:05"]


def test_days_are_dates_and_nothing_is_an_empty_cell(tmp_path: Path) -> None:
    found = one_column(tmp_path / "days.xlsx", Column("On", Kind.DAY), [date(2026, 2, 28), None])
    assert [str(value) for value in found] == ["2026-02-28 00:00:00", "None"]


def test_a_column_takes_no_other_kind_of_value(tmp_path: Path) -> None:
    for kind in (Kind.CREDITS, Kind.NUMBER, Kind.MOMENT, Kind.DAY):
        with pytest.raises(TypeError, match=kind.name):
            one_column(tmp_path / "wrong.xlsx", Column("Wrong", kind), ["=1+1"])


def test_a_text_longer_than_a_cell_ends_in_an_ellipsis(tmp_path: Path) -> None:
    [short, emoji] = one_column(tmp_path / "long.xlsx", TEXT[0], ["x" * 40_000, "😀" * 20_000])
    assert (len(str(short)), str(short)[-2:]) == (MAX_CHARACTERS, "x…")
    assert str(emoji).strip("😀") == "…"


def test_a_full_sheet_goes_on_in_the_next_one_and_each_has_its_heading(tmp_path: Path) -> None:
    path = tmp_path / "full.xlsx"
    with workbook(path, zone=ROME) as book:
        cover = book.add_cover("About")
        table = book.add_table("A name that is rather long: really", TEXT, rows_per_sheet=3)
        for number in range(5):
            table.append([str(number)])
        book.write_cover(cover, "Title", [Fact("Rows", table.row_count, Kind.NUMBER), None, Fact("Formula", "=1+1")])
    sheets = openpyxl.load_workbook(path).worksheets
    assert [sheet.title for sheet in sheets] == [
        "About",
        "A name that is rather long real",
        "A name that is rather lon 2",
        "A name that is rather lon 3",
    ]
    assert [[cell.value for cell in sheet["A"]] for sheet in sheets[1:]] == [
        ["Text", "0", "1"],
        ["Text", "2", "3"],
        ["Text", "4"],
    ]
    assert [sheet.auto_filter.ref for sheet in sheets[1:]] == ["A1:A3", "A1:A3", "A1:A2"]
    assert [sheets[0]["A1"].value, sheets[0]["B3"].value, sheets[0]["B5"].value] == ["Title", 5, "=1+1"]


def test_the_file_holds_no_formula_no_link_and_no_script(tmp_path: Path) -> None:
    path = tmp_path / "hostile.xlsx"
    one_column(
        path, TEXT[0], ["=1+1", "=cmd|' /C calc'!A0", "http://x.example", "mailto:a@b.example", "<r><f>1+1</f></r>"]
    )
    with zipfile.ZipFile(path) as parts:
        xml = "".join(parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/"))
    assert "<f>" not in xml
    assert "hyperlink" not in xml
