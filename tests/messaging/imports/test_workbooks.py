"""Workbooks: values as they are shown, and files that are made to hurt."""

import io
import zipfile
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.imports import archive, files, sheets
from messaging.imports.faults import FileFault, Unreadable
from tests.messaging.imports.conftest import look, xlsx

CONTENT_TYPES = "<Types/>"
WORKBOOK = (
    '<workbook xmlns:r="r"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
    '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
)


def made_of(parts: dict[str, bytes | str], workbook: tuple[str, str] = WORKBOOK) -> bytes:
    """An archive with these parts beside those that every workbook has."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", CONTENT_TYPES)
        made.writestr("xl/workbook.xml", workbook[0])
        made.writestr("xl/_rels/workbook.xml.rels", workbook[1])
        for name, content in parts.items():
            made.writestr(name, content)
    return written.getvalue()


def sheet(rows: str) -> dict[str, bytes | str]:
    return {"xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{rows}</sheetData></worksheet>"}


def fault_of(content: bytes) -> FileFault:
    with pytest.raises(Unreadable) as refused:
        look(content)
    return refused.value.fault


def test_values_are_read_as_they_are_shown() -> None:
    rows: list[list[Any]] = [
        ["Nome", "Telefono", "Nato", "Quando", "Ora", "Saldo", "Vero"],
        ["Anna", 393471234567, date(1990, 12, 24), datetime(2026, 11, 20, 14, 5), time(9, 30), 3.5, True],  # noqa: DTZ001
        ["Bruno", "+39 347 123 4568", None, None, None, -2, False],
    ]
    seen = look(xlsx(rows))
    assert (seen.sheet_name, seen.sheet_count) == ("Clienti", 1)
    assert [cells for _, cells in seen.head] == [
        ["Nome", "Telefono", "Nato", "Quando", "Ora", "Saldo", "Vero"],
        ["Anna", "393471234567", "24/12/1990", "20/11/2026 14:05", "09:30", "3.5", "1"],
        ["Bruno", "+39 347 123 4568", "", "", "", "-2", "0"],
    ]


def test_a_number_that_lost_its_digits_is_written_as_it_is_shown() -> None:
    head = look(xlsx([["Telefono"], [4.479e11], [393471234567], [393000000000], [12_000_000]])).head
    assert [cells[0] for _, cells in head] == ["Telefono", "4.479E+11", "393471234567", "3.93E+11", "12000000"]


def test_a_formula_is_not_computed() -> None:
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written)
    page = book.add_worksheet()
    page.write_formula(0, 0, '=HYPERLINK("http://evil.example","3471234567")', None, "3471234567")
    page.write_formula(1, 0, "=1+1", None, "")
    page.write_string(2, 0, "=cmd|' /C calc'!A0")
    book.close()
    assert [cells for _, cells in look(written.getvalue()).head] == [["3471234567"], ["=cmd|' /C calc'!A0"]]


def test_rows_and_columns_keep_their_places() -> None:
    rows = '<row r="7"><c r="C7" t="inlineStr"><is><t>far</t></is></c></row><row><c><v>5</v></c></row>'
    assert look(made_of(sheet(rows))).head == [(7, ["", "", "far"]), (8, ["5"])]


def test_the_sheet_with_numbers_is_read_not_the_cover_and_not_the_hidden() -> None:
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover["A1"] = "Read me first"
    hidden = book.create_sheet("Hidden")
    hidden["A1"] = "3471234567"
    hidden.sheet_state = "hidden"
    book.create_sheet("Empty")
    book.create_sheet("Clienti")["B2"] = "3471234567"
    written = io.BytesIO()
    book.save(written)
    seen = look(written.getvalue())
    assert (seen.sheet_name, seen.sheet_count, seen.head) == ("Clienti", 3, [(2, ["", "3471234567"])])


def test_prefixed_names_rich_texts_and_sounds_are_understood() -> None:
    texts = (
        '<x:sst xmlns:x="x"><x:si><x:r><x:t>Mil</x:t></x:r><x:r><x:t>ano</x:t></x:r><x:rPh><x:t>no</x:t></x:rPh></x:si>'
        "</x:sst>"
    )
    rows = '<x:row xmlns:x="x" r="1"><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>9</x:v></x:c></x:row>'
    parts = sheet(rows) | {"xl/sharedStrings.xml": texts}
    assert look(made_of(parts)).head == [(1, ["Milano"])]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (made_of({}), FileFault.DAMAGED),
        (made_of(sheet("")), FileFault.EMPTY),
        (made_of(sheet("<row><c><v>1</v></row>")), FileFault.DAMAGED),
        (made_of(sheet("<row>" + "<c><v>1</v></c>" * 16_384 + "</row>")), FileFault.TOO_MANY_COLUMNS),
        (made_of(sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>')), FileFault.TOO_MANY_COLUMNS),
        (made_of(sheet('<row r="1"><c r="ZZZZ1"><v>1</v></c></row>')), FileFault.TOO_MANY_COLUMNS),
        (made_of(sheet('<row r="99999999"><c><v>1</v></c></row>')), FileFault.TOO_MANY_ROWS),
        (made_of(sheet("<row/>") | {"xl/vbaProject.bin": b"x"}), FileFault.MACROS),
        (made_of(sheet("<row/>") | {"xl/macrosheets/sheet1.xml": b"x"}), FileFault.MACROS),
        (made_of(sheet("") | {"xl/media/image.bin": b"\x00" * 30_000_000}), FileFault.TOO_MUCH_INSIDE),
        (made_of(sheet("") | {f"xl/part{place}.xml": "" for place in range(2_001)}), FileFault.TOO_MUCH_INSIDE),
        (
            made_of(sheet(""), ("<workbook>" + WORKBOOK[0][24:-20] * 300 + "</sheets></workbook>", WORKBOOK[1])),
            FileFault.DAMAGED,
        ),
        (xlsx([["Telefono"]])[:2_000], FileFault.DAMAGED),
        (b"PK\x03\x04" + b"x" * 500, FileFault.DAMAGED),
    ],
    # The bytes of an archive carry the time: as a name they would differ from one worker to the next.
    ids=lambda each: each.value if isinstance(each, FileFault) else "file",
)
def test_what_is_made_to_hurt_is_refused(content: bytes, fault: FileFault) -> None:
    assert fault_of(content) == fault


def test_a_document_or_an_archive_of_something_else_is_no_table() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr("[Content_Types].xml", CONTENT_TYPES)
        made.writestr("word/document.xml", "<document/>")
    assert fault_of(written.getvalue()) == FileFault.NO_TABLE


def test_entities_are_refused_before_they_multiply() -> None:
    laughs = (
        '<!DOCTYPE worksheet [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        "<worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>"
    )
    assert fault_of(made_of({"xl/worksheets/sheet1.xml": laughs})) == FileFault.DAMAGED


def test_a_hundred_and_more_sheets_are_refused() -> None:
    one = '<sheet name="A" sheetId="1" r:id="r1"/>'
    workbook = (f'<workbook xmlns:r="r"><sheets>{one * 300}</sheets></workbook>', WORKBOOK[1])
    assert fault_of(made_of(sheet(""), workbook)) == FileFault.TOO_MUCH_INSIDE


def test_an_archive_under_a_password_is_called_so() -> None:
    content = bytearray(xlsx([["3471234567"]]))
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    assert fault_of(bytes(content)) == FileFault.PROTECTED


def test_what_unpacks_to_more_than_it_says_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(made_of(sheet("<row><c><v>3471234567</v></c></row>" * 1_000)))
    place = content.rindex(b"xl/worksheets/sheet1.xml") - 46
    content[place + 24 : place + 28] = (60).to_bytes(4, "little")
    assert fault_of(bytes(content)) == FileFault.DAMAGED


def test_damage_behind_the_first_rows_is_found_while_reading() -> None:
    rows = "".join(f"<row><c><v>{3471230000 + place}</v></c></row>" for place in range(20_000))
    content = made_of(sheet(rows + "<broken"))
    manner = look(content).manner
    with pytest.raises(Unreadable):
        list(files.rows(io.BytesIO(content), manner, size=len(content)))


Cell = st.one_of(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), st.integers(-(10**9), 10**9))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(Cell, min_size=1, max_size=5), min_size=1, max_size=8))
def test_a_second_reader_reads_the_same(rows: list[list[Any]]) -> None:
    content = xlsx(rows)
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    sheet = book.active
    assert sheet is not None
    theirs = [[" ".join(str(value).split()) if value is not None else "" for value in row] for row in sheet.values]
    workbook = sheets.Workbook(io.BytesIO(content), len(content))
    ours = {number: [" ".join(cell.split()) for cell in cells] for number, cells in workbook.rows(workbook.sheets[0])}
    for place, row in enumerate(theirs, start=1):
        mine = ours.get(place, [])
        if not any(cell.startswith("=") for cell in row):
            assert mine + [""] * (len(row) - len(mine)) == row


def test_the_limits_are_what_the_sentences_say() -> None:
    assert (files.MAX_BYTES, files.MAX_ROWS, files.MAX_COLUMNS) == (50_000_000, 1_000_000, 100)
    assert archive.MAX_UNPACKED < 500_000_000
