"""Numbers that a state gives to a company or a person, checked offline by their checksums. Knows no Django."""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum, auto
from typing import Final

from stdnum.ch import uid as swiss_uid
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidLength, ValidationError
from stdnum.fr import siret
from stdnum.gb import vat as british_vat
from stdnum.it import codicefiscale

# The European Union's code for a country's VAT numbers is its ISO code, but for Greece.
VAT_PREFIXES = {"GR": "EL"}
EU_COUNTRIES = frozenset(code.upper() for code in eu_vat.MEMBER_STATES) - {"XI"}
NO_SDI_CODE = "0000000"

DIGIT: Final = "0123456789"
LETTER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Where two people share a codice fiscale, digits of one are written as these letters.
_DIGIT_OF_PERSON: Final = DIGIT + "LMNPQRSTUV"
_MONTH: Final = "ABCDEHLMPRST"
_PERSON: Final = (
    *(LETTER,) * 6,
    *(_DIGIT_OF_PERSON,) * 2,
    _MONTH,
    *(_DIGIT_OF_PERSON,) * 2,
    LETTER,
    *(_DIGIT_OF_PERSON,) * 3,
    LETTER,
)
# Numbers of these countries are nothing but digits, so a wrong character can be pointed at.
_VAT_DIGITS: Final = {"IT": 11, "DE": 9, "PT": 9, "PL": 10, "BE": 10, "DK": 8, "FI": 8, "GR": 9, "SI": 8, "LU": 8}


class Fault(StrEnum):
    """Which rule a number breaks."""

    CHARACTER = auto()
    LENGTH = auto()
    COUNTRY = auto()
    CHECK = auto()
    FORM = auto()


class InvalidTaxNumber(ValueError):
    """The number breaks a rule: `fault` says which, `character` and `position` (from 1) where, `length` what it has."""

    def __init__(
        self, text: str, fault: Fault, *, character: str = "", position: int = 0, expected: str = "", length: int = 0
    ) -> None:
        super().__init__(text)
        self.fault = fault
        self.character = character
        self.position = position
        self.expected = expected
        self.length = length


def vat_number(country: str, text: str) -> str:
    """Return the VAT number in its canonical form, with prefix inside the EU: ("IT", "07643520567") → "IT07643520567".

    `country` is an ISO 3166 code. Numbers of the EU, the United Kingdom and Switzerland are checked by their check
    digits, of other countries only by their characters. Raises `InvalidTaxNumber`.
    """
    compact = _compact(text)
    if country in EU_COUNTRIES:
        return _eu_vat_number(country, compact)
    if country == "GB":
        return "GB" + _validated(british_vat.validate, _without_prefix(compact, "GB"))
    if country == "CH":
        return _validated(swiss_uid.validate, re.sub(r"(MWST|TVA|IVA|TPV)$", "", compact))
    _check_each(compact, (DIGIT + LETTER,) * len(compact))
    if not 4 <= len(compact) <= 20:
        raise InvalidTaxNumber(text, Fault.FORM)
    return compact


def codice_fiscale(text: str) -> str:
    """Return an Italian codice fiscale, 16 characters of a person or 11 digits of a company, or `InvalidTaxNumber`."""
    compact = _compact(text)
    if compact[:1].isdigit():
        _check_shape(compact, (DIGIT,) * 11)
    else:
        _check_shape(compact, _PERSON)
    return _validated(codicefiscale.validate, compact)


def siret_number(text: str) -> str:
    """Return a French SIRET as 14 digits, or raise `InvalidTaxNumber`."""
    compact = _compact(text)
    _check_shape(compact, (DIGIT,) * 14)
    return _validated(siret.validate, compact)


def sdi_code(text: str) -> str:
    """Return an Italian SdI recipient code, 7 letters and digits; seven zeros where there is none."""
    compact = _compact(text) or NO_SDI_CODE
    _check_shape(compact, (DIGIT + LETTER,) * 7)
    return compact


def _eu_vat_number(country: str, compact: str) -> str:
    prefix = VAT_PREFIXES.get(country, country)
    bare = _without_prefix(compact, prefix, country)
    foreign = re.match(r"[A-Z]{2}(?=[0-9])", bare)
    if country in _VAT_DIGITS:
        if foreign and foreign[0] in EU_COUNTRIES | {"EL"}:
            raise InvalidTaxNumber(compact, Fault.COUNTRY, character=foreign[0], expected=prefix)
        _check_shape(bare, (DIGIT,) * _VAT_DIGITS[country], offset=len(compact) - len(bare))
    return _validated(eu_vat.validate, prefix + bare)


def _check_shape(compact: str, alphabets: tuple[str, ...], *, offset: int = 0) -> None:
    """Check each character, then how many there are: a wrong one is pointed at even where one is missing."""
    _check_each(compact, alphabets, offset=offset)
    if len(compact) != len(alphabets):
        raise InvalidTaxNumber(compact, Fault.LENGTH, expected=str(len(alphabets)), length=len(compact))


def _check_each(compact: str, alphabets: Iterable[str], *, offset: int = 0) -> None:
    for position, (character, alphabet) in enumerate(zip(compact, alphabets, strict=False), start=1 + offset):
        if character not in alphabet:
            raise InvalidTaxNumber(compact, Fault.CHARACTER, character=character, position=position, expected=alphabet)


def _validated(validate: Callable[[str], str], compact: str) -> str:
    try:
        return str(validate(compact))
    except InvalidLength as error:
        raise InvalidTaxNumber(compact, Fault.FORM, length=len(compact)) from error
    except (InvalidChecksum, InvalidComponent) as error:
        raise InvalidTaxNumber(compact, Fault.CHECK) from error
    except ValidationError as error:
        raise InvalidTaxNumber(compact, Fault.FORM) from error


def _compact(text: str) -> str:
    return re.sub(r"[\s.\-/]", "", text).upper()


def _without_prefix(compact: str, *prefixes: str) -> str:
    for prefix in prefixes:
        if compact.startswith(prefix):
            return compact.removeprefix(prefix)
    return compact
