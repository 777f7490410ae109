"""Which VAT a sale carries, and how it is rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.invoices import vat
from billing.invoices.vat import Assessment, Treatment

DOMESTIC = Assessment(Treatment.DOMESTIC, Decimal("0.22"))
REVERSE_CHARGE = Assessment(Treatment.EU_REVERSE_CHARGE, Decimal(0))
CONSUMER = Assessment(Treatment.EU_CONSUMER, Decimal("0.22"))
OUTSIDE = Assessment(Treatment.OUTSIDE_EU, Decimal(0))

BUYERS = [
    # country, VAT number, company?, assessment
    ("IT", "IT07643520567", True, DOMESTIC),
    ("IT", "", False, DOMESTIC),
    ("IT", "FR40303265045", True, DOMESTIC),
    ("FR", "FR40303265045", True, REVERSE_CHARGE),
    ("FR", "40303265045", True, REVERSE_CHARGE),
    ("FR", "fr 40 303 265 045", True, REVERSE_CHARGE),
    ("FR", "FR12345678901", True, CONSUMER),  # the checksum fails
    ("FR", "DE136695976", True, CONSUMER),  # another country's number
    ("FR", "", True, CONSUMER),
    ("FR", "", False, CONSUMER),
    ("FR", "FR40303265045", False, CONSUMER),
    ("DE", "DE136695976", True, REVERSE_CHARGE),
    ("AT", "U13585627", True, REVERSE_CHARGE),
    ("IE", "IE6433435F", True, REVERSE_CHARGE),
    ("ES", "ES54362315K", True, REVERSE_CHARGE),
    ("GR", "EL094259216", True, REVERSE_CHARGE),
    ("GR", "094259216", True, REVERSE_CHARGE),
    ("MC", "FR40303265045", True, REVERSE_CHARGE),  # Monaco counts as France
    ("MC", "", False, CONSUMER),
    ("GB", "GB980780684", True, OUTSIDE),
    ("XI", "XI980780684", True, OUTSIDE),  # Northern Ireland: in the Union for goods, outside for services
    ("CH", "CHE-107.787.577 IVA", True, OUTSIDE),
    ("US", "", False, OUTSIDE),
    ("SM", "SM 51", True, OUTSIDE),
]


@pytest.mark.parametrize(("country", "number", "is_company", "expected"), BUYERS)
def test_a_buyer_is_assessed_by_country_and_number(
    country: str, number: str, is_company: bool, expected: Assessment
) -> None:
    found = vat.assess(seller_country="IT", buyer_country=country, vat_number=number, is_company=is_company)
    assert found == expected


def test_a_seller_in_a_country_without_rules_is_refused() -> None:
    with pytest.raises(vat.UnknownSellerCountry):
        vat.assess(seller_country="US", buyer_country="IT", vat_number="", is_company=False)


@pytest.mark.parametrize(
    ("country", "number", "printed"),
    [
        ("IT", "07643520567", "IT07643520567"),
        ("IT", "IT 0764 3520567", "IT07643520567"),
        ("GR", "094259216", "EL094259216"),
        ("GR", "GR094259216", "EL094259216"),
        ("MC", "40303265045", "FR40303265045"),
        ("FR", "DE136695976", "DE136695976"),  # not French: printed as it was given
        ("IT", "", ""),
        ("CH", "CHE-107.787.577", "CHE107787577"),
        ("US", "12-3456789", "123456789"),
    ],
)
def test_a_number_is_printed_with_its_prefix(country: str, number: str, printed: str) -> None:
    assert vat.as_printed(country, number) == printed


@pytest.mark.parametrize(
    ("net", "rate", "expected"),
    [
        (420, "0.22", 92),  # 92.4
        (25, "0.22", 6),  # 5.5 goes up
        (75, "0.22", 17),  # 16.5 goes up, to even would be 16
        (4000, "0.22", 880),
        (4000, "0", 0),
        (-25, "0.22", -6),  # a credit note takes back what was asked
        (1, "0.22", 0),
        (2, "0.25", 1),
    ],
)
def test_vat_is_rounded_half_up_to_cents(net: int, rate: str, expected: int) -> None:
    assert vat.vat_cents(net, Decimal(rate)) == expected


@given(net=st.integers(0, 10**13), hundredths=st.integers(0, 2700))
def test_rounding_is_never_off_by_more_than_half_a_cent(net: int, hundredths: int) -> None:
    rate = Decimal(hundredths) / 10_000
    # In ten-thousandths of a cent there is nothing to round: the difference is exact.
    difference = vat.vat_cents(net, rate) * 10_000 - net * hundredths
    assert -5_000 < difference <= 5_000


@given(net=st.integers(0, 10**13))
def test_a_credit_note_takes_back_exactly_the_vat_of_its_invoice(net: int) -> None:
    assert vat.vat_cents(-net, Decimal("0.22")) == -vat.vat_cents(net, Decimal("0.22"))


@given(country=st.text(max_size=3), number=st.text(max_size=20), is_company=st.booleans())
def test_whatever_a_buyer_typed_has_an_assessment(country: str, number: str, is_company: bool) -> None:
    found = vat.assess(seller_country="IT", buyer_country=country, vat_number=number, is_company=is_company)
    assert (found.rate > 0) == (found.treatment in {Treatment.DOMESTIC, Treatment.EU_CONSUMER})
