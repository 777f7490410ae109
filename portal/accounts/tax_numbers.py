"""Numbers that a state gives to a company or a person, checked offline by their checksums. Knows no Django."""

import re

from stdnum.ch import uid as swiss_uid
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siret
from stdnum.gb import vat as british_vat
from stdnum.it import codicefiscale

# The European Union's code for a country's VAT numbers is its ISO code, but for Greece.
VAT_PREFIXES = {"GR": "EL"}
EU_COUNTRIES = frozenset(code.upper() for code in eu_vat.MEMBER_STATES) - {"XI"}
NO_SDI_CODE = "0000000"


class InvalidTaxNumber(ValueError):
    """The number's form or its check digits are wrong."""


def vat_number(country: str, text: str) -> str:
    """Return the VAT number in its canonical form, with prefix inside the EU: ("IT", "07643520567") → "IT07643520567".

    `country` is an ISO 3166 code. Numbers of the EU, the United Kingdom and Switzerland are checked by their check
    digits, of other countries only by their characters. Raises `InvalidTaxNumber`.
    """
    compact = _compact(text)
    try:
        if country in EU_COUNTRIES:
            prefix = VAT_PREFIXES.get(country, country)
            return str(eu_vat.validate(prefix + _without_prefix(compact, prefix, country)))
        if country == "GB":
            return "GB" + str(british_vat.validate(_without_prefix(compact, "GB")))
        if country == "CH":
            return str(swiss_uid.validate(re.sub(r"(MWST|TVA|IVA|TPV)$", "", compact)))
    except ValidationError as error:
        raise InvalidTaxNumber(text) from error
    if not re.fullmatch(r"[A-Z0-9]{4,20}", compact):
        raise InvalidTaxNumber(text)
    return compact


def codice_fiscale(text: str) -> str:
    """Return an Italian codice fiscale, 16 characters of a person or 11 digits of a company, or `InvalidTaxNumber`."""
    try:
        return str(codicefiscale.validate(_compact(text)))
    except ValidationError as error:
        raise InvalidTaxNumber(text) from error


def siret_number(text: str) -> str:
    """Return a French SIRET as 14 digits, or raise `InvalidTaxNumber`."""
    try:
        return str(siret.validate(_compact(text)))
    except ValidationError as error:
        raise InvalidTaxNumber(text) from error


def sdi_code(text: str) -> str:
    """Return an Italian SdI recipient code, 7 letters and digits; seven zeros where there is none."""
    compact = _compact(text) or NO_SDI_CODE
    if not re.fullmatch(r"[A-Z0-9]{7}", compact):
        raise InvalidTaxNumber(text)
    return compact


def _compact(text: str) -> str:
    return re.sub(r"[\s.\-/]", "", text).upper()


def _without_prefix(compact: str, *prefixes: str) -> str:
    for prefix in prefixes:
        if compact.startswith(prefix):
            return compact.removeprefix(prefix)
    return compact
