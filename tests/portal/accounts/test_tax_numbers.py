"""Numbers of states, by tables."""

import pytest

from portal.accounts import tax_numbers


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("IT", "07643520567", "IT07643520567"),
        ("IT", "it 0764 352 0567", "IT07643520567"),
        ("FR", "40303265045", "FR40303265045"),
        ("GR", "094259216", "EL094259216"),
        ("GR", "EL094259216", "EL094259216"),
        ("GR", "GR 094259216", "EL094259216"),
        ("AT", "ATU13585627", "ATU13585627"),
        ("GB", "GB 980 7806 84", "GB980780684"),
        ("CH", "CHE-107.787.577 IVA", "CHE107787577"),
        ("NO", "NO 995 525 828 MVA", "NO995525828MVA"),
    ],
)
def test_a_vat_number_is_kept_in_one_form(country: str, typed: str, kept: str) -> None:
    assert tax_numbers.vat_number(country, typed) == kept


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("IT", "07643520568"),
        ("IT", "FR40303265045"),
        ("FR", "IT07643520567"),
        ("DE", "1"),
        ("GB", "GB980780685"),
        ("CH", "CHE-107.787.578"),
        ("NO", "***"),
        ("US", "1" * 21),
        ("IT", "０７６４３５２０５６７ü"),
    ],
)
def test_a_wrong_vat_number_is_refused(country: str, typed: str) -> None:
    with pytest.raises(tax_numbers.InvalidTaxNumber):
        tax_numbers.vat_number(country, typed)


@pytest.mark.parametrize(
    ("typed", "kept"), [("rcc mnl 83s18 d969h", "RCCMNL83S18D969H"), ("07643520567", "07643520567")]
)
def test_a_codice_fiscale_is_a_persons_or_a_companys(typed: str, kept: str) -> None:
    assert tax_numbers.codice_fiscale(typed) == kept


@pytest.mark.parametrize("typed", ["RCCMNL83S18D969A", "123", ""])
def test_a_wrong_codice_fiscale_is_refused(typed: str) -> None:
    with pytest.raises(tax_numbers.InvalidTaxNumber):
        tax_numbers.codice_fiscale(typed)


def test_a_siret_has_its_check_digits() -> None:
    assert tax_numbers.siret_number("732 829 320 00074") == "73282932000074"
    with pytest.raises(tax_numbers.InvalidTaxNumber):
        tax_numbers.siret_number("73282932000075")


@pytest.mark.parametrize(("typed", "kept"), [("", "0000000"), ("m5uxcr1", "M5UXCR1"), ("0000000", "0000000")])
def test_an_sdi_code_is_seven_characters_or_seven_zeros(typed: str, kept: str) -> None:
    assert tax_numbers.sdi_code(typed) == kept


@pytest.mark.parametrize("typed", ["123456", "12345678", "ABCDEF!"])
def test_another_sdi_code_is_refused(typed: str) -> None:
    with pytest.raises(tax_numbers.InvalidTaxNumber):
        tax_numbers.sdi_code(typed)
