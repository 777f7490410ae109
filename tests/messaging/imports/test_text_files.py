"""Text tables: charset, separator, rows, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.imports import files
from messaging.imports.faults import SENTENCES, FileFault, Unreadable
from tests.messaging.imports.conftest import CSV, look

ROWS = [["Nome", "Città", "Telefono"], ["Anna", "Forlì", "+39 347 123 4567"], ["Bruno", "", "3471234568"]]


@pytest.mark.parametrize(
    ("charset", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_charset_is_found(charset: str, found: str) -> None:
    seen = look(CSV.encode(charset))
    assert seen.manner == files.Manner(files.Kind.CSV, found, ";")
    assert [cells for _, cells in seen.head] == ROWS


def test_what_windows_does_not_know_is_latin() -> None:
    assert look(b"Caf\xe9\x81;3471234567\n").manner.charset == "latin-1"


def test_what_only_windows_knows_is_windows() -> None:
    seen = look("Euro € “x”;3471234567\n".encode("cp1252"))
    assert (seen.manner.charset, seen.head[0][1][0]) == ("cp1252", "Euro € “x”")


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    seen = look(CSV.replace(";", separator).encode())
    assert seen.manner.separator == separator
    assert [cells for _, cells in seen.head] == ROWS


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('name,phone\n"Rossi, Anna",3471234567\n', ["Rossi, Anna", "3471234567"]),
        ('a;"two\nlines";3471234567\n', ["a", "two lines", "3471234567"]),
        ("sep=|\na;b|3471234567\n", ["a;b", "3471234567"]),
        ("4,479E+11\n3,93E+11\n", ["3,93E+11"]),
        ("3471234567\r3471234568\r", ["3471234568"]),
        ("x\x00;3471234567;;;\n".replace("\x00", "\x1f"), ["x", "3471234567"]),
    ],
)
def test_cells_are_read_as_a_spreadsheet_reads_them(text: str, cells: list[str]) -> None:
    assert look(text.replace("\x1f", " ").encode()).head[-1][1] == cells


def test_rows_bear_the_number_that_a_spreadsheet_shows() -> None:
    assert [number for number, _ in look(b"a;b\n\n;;\nc;d\n").head] == [1, 4]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", FileFault.EMPTY),
        (b"\n\n;;;\n  ; \n", FileFault.EMPTY),
        (b"\xef\xbb\xbf", FileFault.EMPTY),
        (b"%PDF-1.7\nstream", FileFault.NO_TABLE),
        (b"<html><table><tr><td>3471234567</td></tr></table>", FileFault.NO_TABLE),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", FileFault.NO_TABLE),
        (b"\x01\x02\x03\x04;3471234567\n", FileFault.NO_TABLE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"W\x00o\x00r\x00k\x00b\x00o\x00o\x00k\x00" * 99, FileFault.OLD_EXCEL),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 65_530 + "EncryptedPackage".encode("utf-16-le"),
            FileFault.PROTECTED,
        ),
        (b'a;"' + b"x" * 2_000_000, FileFault.TOO_LONG),
        (b'a;b\n"c' + b"\nd;" * 500_000, FileFault.TOO_LONG),
        (b"," * 2_000_000, FileFault.TOO_LONG),
        (b";".join([b"3471234567"] * 16_384), FileFault.TOO_MANY_COLUMNS),
        (b"\xff\xfea", FileFault.NO_TABLE),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(content: bytes, fault: FileFault) -> None:
    with pytest.raises(Unreadable) as refused:
        look(content)
    assert refused.value.fault == fault


def test_a_file_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(Unreadable) as refused:
        files.look(None, size=2_000_000_000)  # type: ignore[arg-type]
    assert refused.value.fault == FileFault.TOO_LARGE


def test_every_fault_has_a_sentence() -> None:
    assert set(SENTENCES) == set(FileFault)


@given(st.binary(max_size=400))
def test_whatever_is_uploaded_is_read_or_refused(content: bytes) -> None:
    try:
        seen = look(content)
    except Unreadable:
        return
    assert all(any(cells) and len(cells) <= files.MAX_COLUMNS for _, cells in seen.head)
