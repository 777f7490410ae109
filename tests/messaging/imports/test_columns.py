"""What columns mean, guessed from headings in three languages and from what stands below them."""

import pytest

from messaging.contacts.models import MAX_FIELDS
from messaging.encoding.numbers import InvalidNumber
from messaging.imports import columns
from messaging.imports.columns import Plan
from messaging.imports.files import Row

MOBILE, LANDLINE = "3471234567", "0212345678"


def head(*rows: list[str]) -> list[Row]:
    return list(enumerate(rows, start=1))


@pytest.mark.parametrize(
    ("headings", "number", "name"),
    [
        (["Nome", "Cognome", "Cellulare"], 2, 0),
        (["Ragione sociale", "Telefono fisso", "Cellulare"], 2, 0),
        (["Telefono casa", "Nominativo", "Telefono"], 2, 1),
        (["Name", "Home phone", "Mobile phone"], 2, 0),
        (["Full name", "Phone", "Fax"], 1, 0),
        (["Prénom", "Nom", "Portable"], 2, 0),
        (["Téléphone mobile", "Téléphone", "Ville"], 0, None),
        (["N° client", "N° de téléphone", "Nom et prénom"], 1, 2),
        (["MSISDN", "Order number", "Code"], 0, None),
    ],
)
def test_headings_tell_the_number_and_the_name(headings: list[str], number: int, name: int | None) -> None:
    row = ["Anna" if place == name else MOBILE for place in range(3)]
    plan = columns.guess(head(headings, row, row), region="IT")
    assert plan is not None
    assert (plan.number, plan.name, plan.has_headings) == (number, name, True)


def test_without_headings_the_content_tells_it() -> None:
    plan = columns.guess(head(["Anna", MOBILE], ["Bruno", "+44 7911 123456"]), region="IT")
    assert plan == Plan(number=1, has_headings=False, region="IT")


def test_other_columns_become_fields_under_their_headings() -> None:
    rows = head(["Nome", "{Città}", "Telefono", "", "Città ", "Vuota"], ["Anna", "Forlì", MOBILE, "x", "Roma", ""])
    plan = columns.guess(rows, region="IT")
    assert plan is not None
    assert plan.fields == {"Città": 1}
    many = head(["Telefono", *(f"F{place}" for place in range(40))], [MOBILE, *["x"] * 40])
    guessed = columns.guess(many, region="IT")
    assert guessed is not None
    assert len(guessed.fields) == MAX_FIELDS


def test_shortened_numbers_still_show_where_the_numbers_stand() -> None:
    plan = columns.guess(head(["Chi", "Dove"], ["Anna", "3.93E+11"], ["Bruno", "4,479E+11"]), region="IT")
    assert plan is not None
    assert (plan.number, plan.has_headings) == (1, True)


@pytest.mark.parametrize("rows", [[["Anna", "Roma"]], [["1", "2"], ["3", "4"]], [["Nome"]]])
def test_where_no_column_has_numbers_nothing_is_guessed(rows: list[list[str]]) -> None:
    assert columns.guess(head(*rows), region="IT") is None


@pytest.mark.parametrize(
    ("written", "region"),
    [
        (["3471234567", "3471234568"], "IT"),
        (["393471234567", "447911123456", "33612345678"], ""),
        (["+393471234567", "0033612345678"], "IT"),
        (["+447911123456", "3471234567"], "IT"),
    ],
)
def test_numbers_that_all_begin_with_a_prefix_are_recognised(written: list[str], region: str) -> None:
    plan = columns.guess(head(["Telefono"], *([text] for text in written)), region="IT")
    assert plan is not None
    assert plan.region == region


@pytest.mark.parametrize("written", ["447911123456", "+447911123456", "00447911123456"])
def test_without_a_region_a_number_begins_with_its_prefix(written: str) -> None:
    assert columns.read_number(written, "").e164 == "+447911123456"
    with pytest.raises(InvalidNumber):
        columns.read_number("3471234567", "")
