"""Files of text: as spreadsheets open them, and without formulas."""

import csv
import io

import pytest
from django.utils import translation

from portal import delimited


@pytest.mark.parametrize(
    "cell", ["=1+1", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠SUM(A1)"]
)
def test_no_cell_becomes_a_formula(cell: str) -> None:
    assert delimited.safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["+39 347 123 4567", "-12.50", "+1 (212) 555-0100", "Anna", "", "3 = 3"])
def test_numbers_and_words_stay_as_they_are(cell: str) -> None:
    assert delimited.safe(cell) == cell


@pytest.mark.parametrize(("language", "separator"), [("en-gb", ","), ("it", ";"), ("fr", ";")])
def test_the_separator_is_the_one_the_readers_spreadsheet_expects(language: str, separator: str) -> None:
    rows = [["a, b; c", "1"], ["two\nlines", ""]] * 1_500
    with translation.override(language):
        text = "".join(delimited.lines(["Name", "N"], rows))
    assert text.startswith(f"\ufeffName{separator}N\r\n")
    assert list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=separator))[1:] == rows
