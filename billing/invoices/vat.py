"""Which VAT a sale of credits carries, and the one place that rounds it.

Credits are telecommunications services, sold by a seller established in Italy. Pure: no
database, no clock, no network. Sources:

- Domestic rate: D.P.R. 633/1972, article 16 (ordinary rate, 22 %).
- Business elsewhere in the EU: taxed where the buyer is (Directive 2006/112/EC, article 44; D.P.R. 633/1972, article
  7-ter), and the buyer accounts for it (Directive, article 196: reverse charge). It takes a VAT number.
- Anybody else in the EU: the seller's domestic rate, while sales of this kind stay below the threshold of EUR 10,000
  a year (Directive, article 59c). A business that shows no valid number counts as a consumer (Implementing
  Regulation 282/2011, article 18).
- Outside the EU: not subject (Directive, articles 44 and 59; D.P.R. 633/1972, articles 7-ter and 7-septies). That is
  where Great Britain is, and, for services, Northern Ireland too.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from portal.accounts import tax_numbers
from portal.accounts.tax_numbers import EU_COUNTRIES

# Supplies to Monaco count as supplies to France (Directive 2006/112/EC, article 7).
COUNTS_AS: Final = {"MC": "FR"}
DOMESTIC_RATES: Final = {"IT": Decimal("0.22")}


class UnknownSellerCountry(ValueError):
    """There is no rule here for a seller established in that country."""


class Treatment(StrEnum):
    """Why a sale carries the VAT it does; each has its own wording on the invoice."""

    DOMESTIC = "domestic"
    EU_REVERSE_CHARGE = "reverse_charge"
    EU_CONSUMER = "eu_consumer"
    OUTSIDE_EU = "outside_eu"


@dataclass(frozen=True, slots=True)
class Assessment:
    """The treatment of a sale, and its rate as a share of one: Decimal("0.22")."""

    treatment: Treatment
    rate: Decimal


def assess(*, seller_country: str, buyer_country: str, vat_number: str, is_company: bool) -> Assessment:
    """Return how a sale to this buyer is taxed. Countries are ISO 3166 codes; raises `UnknownSellerCountry`."""
    if seller_country not in DOMESTIC_RATES:
        raise UnknownSellerCountry(seller_country)
    rate = DOMESTIC_RATES[seller_country]
    country = _territory(buyer_country)
    if country == seller_country:
        return Assessment(Treatment.DOMESTIC, rate)
    if country not in EU_COUNTRIES:
        return Assessment(Treatment.OUTSIDE_EU, Decimal(0))
    if is_company and is_valid_number(country, vat_number):
        return Assessment(Treatment.EU_REVERSE_CHARGE, Decimal(0))
    return Assessment(Treatment.EU_CONSUMER, rate)


def vat_cents(net_cents: int, rate: Decimal) -> int:
    """Return the VAT on `net_cents`, rounded half up to whole cents (away from zero below it, for credit notes)."""
    return int((net_cents * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def vat_within(gross_cents: int, rate: Decimal) -> int:
    """Return the VAT that is part of `gross_cents`, rounded as `vat_cents` does.

    Of an invoice's whole total it is the invoice's VAT: with n net and e what `vat_cents` rounded by, at most half a
    cent, the VAT within the total differs from n * rate + e by e / (1 + rate), which is less than half a cent. With
    a cent more, it grows by one cent or by none. So parts of an invoice, each the difference of two of these, are never
    negative, in net or in VAT, and add up to its sums.
    """
    return int((gross_cents * rate / (1 + rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def is_valid_number(country: str, number: str) -> bool:
    """Whether `number`, with its prefix or without, is a VAT number of that EU country: form and checksum, offline."""
    territory = _territory(country)
    if territory not in EU_COUNTRIES:
        return False
    try:
        return bool(tax_numbers.vat_number(territory, number))
    except tax_numbers.InvalidTaxNumber:
        return False


def as_printed(country: str, number: str) -> str:
    """Return a VAT number as an invoice shows it: with its prefix where it is valid, else as it was given."""
    try:
        return tax_numbers.vat_number(_territory(country), number)
    except tax_numbers.InvalidTaxNumber:
        return number.strip()


def _territory(country: str) -> str:
    return COUNTS_AS.get(country, country)
