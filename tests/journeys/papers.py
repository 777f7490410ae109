"""The files a customer brings, and what must stand in those they download."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from pypdf import PdfReader


def check_invoice(file: Path, *said: str) -> None:
    """It is a PDF, and says all of this."""
    assert file.suffix == ".pdf"
    text = "\n".join(page.extract_text() for page in PdfReader(file).pages)
    assert [each for each in said if each not in text] == [], text


def check_report(file: Path, *, account: str, charged: float, returned: float, messages: dict[str, str]) -> None:
    """The Italian report of receipts; `charged` and `returned` in credits, `messages` by recipient with their text."""
    assert file.suffix == ".xlsx"
    book = load_workbook(file)
    assert book.sheetnames == ["Riepilogo", "Campagne", "Messaggi"]
    cover = {row[0]: row[1] for row in book["Riepilogo"].iter_rows(values_only=True, max_col=2)}
    assert cover["Account"] == account
    assert cover["Messaggi"] == len(messages)
    assert cover["Crediti addebitati per questi messaggi"] == pytest.approx(charged)
    assert cover["di cui contabilizzati nel libro contabile"] == pytest.approx(charged)
    assert cover["Differenza rispetto al libro contabile"] == 0
    assert cover["Crediti restituiti, perché il messaggio non è mai partito"] == pytest.approx(returned)
    rows = _table(book["Campagne"])
    assert sum(row["Addebitati sui suoi messaggi"].value for row in rows) == pytest.approx(charged)
    rows = _table(book["Messaggi"])
    assert sum(row["Crediti addebitati"].value for row in rows) == pytest.approx(charged)
    assert {row["Destinatario"].value: row["Testo"].value for row in rows} == messages
    for row in rows:
        assert [row[name].data_type for name in ("Campagna", "Testo", "Destinatario")] == ["s", "s", "s"]
        assert [row[name].data_type for name in ("Segmenti", "Crediti addebitati")] == ["n", "n"]
        assert next(iter(row.values())).data_type == "d"


def check_control_total(file: Path, *, campaign: str, charged: float) -> None:
    """The Italian report's total is `charged`, in credits; all of it is of this campaign, and the ledger agrees."""
    book = load_workbook(file)
    cover = {row[0]: row[1] for row in book["Riepilogo"].iter_rows(values_only=True, max_col=2)}
    assert cover["Crediti addebitati per questi messaggi"] == pytest.approx(charged)
    assert cover["Differenza rispetto al libro contabile"] == 0
    of_campaigns = {
        row["Campagna"].value: row["Addebitati sui suoi messaggi"].value for row in _table(book["Campagne"])
    }
    assert of_campaigns[campaign] == pytest.approx(charged)
    of_messages = [row["Crediti addebitati"].value for row in _table(book["Messaggi"])]
    assert sum(of_messages) == pytest.approx(charged)


def write_table(file: Path, rows: Sequence[Sequence[object]]) -> Path:
    """A spreadsheet with these rows, as Excel saves it."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in rows:
        sheet.append(list(row))
    book.save(file)
    return file


def _table(sheet: Worksheet) -> list[dict[Any, Any]]:
    """The rows by the names of their columns; the heading stays in sight and has filters."""
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions
    names = [cell.value for cell in sheet[1]]
    return [dict(zip(names, row, strict=True)) for row in sheet.iter_rows(min_row=2)]
