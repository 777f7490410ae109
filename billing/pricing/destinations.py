"""Which countries stand behind a prefix, what they are called, and whether they are what somebody looks for.

Countries come from Google's numbering data (the phonenumbers package), their names from the CLDR (Babel).
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from billing.pricing.quote import NoRate, RateEntry, RateTable

# Nineteen more countries share +1; each of those has a longer prefix of its own, and so a rate of its own.
_REST_OF_NORTH_AMERICA: Final = ("US", "CA", "PR", "GU", "VI", "MP")
_SHORT_NAMES: Final = {"GB": "uk", "US": "usa", "AE": "uae"}
_DIGITS: Final = re.compile(r"[+0-9\s()./-]*[0-9][0-9\s()./-]*")


@lru_cache(maxsize=2048)
def countries(prefix: str) -> tuple[str, ...]:
    """The countries (ISO 3166) whose numbers begin with `prefix`, the main one first; () where that is not known."""
    if prefix == "1":
        return _REST_OF_NORTH_AMERICA
    shared = COUNTRY_CODE_TO_REGION_CODE.get(int(prefix))
    if shared is not None:
        return tuple(country for country in shared if country.isalpha())
    if prefix.startswith("1"):
        return tuple(country for country in COUNTRY_CODE_TO_REGION_CODE[1] if _begins(country, prefix[1:]))
    return ()


@lru_cache(maxsize=2048)
def main_country(prefix: str) -> str:
    """The country (ISO 3166) behind `prefix`, which may go on after the calling code ("39347"); "" where none is known."""
    return next((found[0] for end in range(len(prefix), 0, -1) if (found := countries(prefix[:end]))), "")


def names(prefix: str, country_names: str, locale: Locale) -> tuple[str, ...]:
    """What the countries behind `prefix` are called in `locale`; the names of the rate itself where that is not known."""
    known = [locale.territories.get(country) for country in countries(prefix)]
    return tuple(name for name in known if name) or (country_names,)


def matching(query: str, table: RateTable, locales: Iterable[Locale]) -> list[RateEntry]:
    """The rates somebody means by "Italia", "ital", "IT", "39", "+39", or a whole number; all of them for "".

    A name is found in any of `locales`, without its accents, by the beginnings of its words.
    """
    query = query.strip()
    if not query:
        return list(table.entries)
    if _DIGITS.fullmatch(query):
        digits = re.sub(r"\D", "", query).removeprefix("00")
        return [entry for entry in table.entries if entry.prefix.startswith(digits) or entry == _rate(digits, table)]
    wanted = folded(query).split()
    languages = tuple(str(locale) for locale in locales)
    return [entry for entry in table.entries if wanted and _is_called(wanted, entry, languages)]


def folded(text: str) -> str:
    """`text` in small letters without accents, marks become spaces: what names are compared and ordered by."""
    letters = (char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return "".join(char if char.isalnum() else " " for char in "".join(letters).casefold())


def _begins(country: str, digits: str) -> bool:
    metadata = PhoneMetadata.metadata_for_region(country)
    return bool(metadata and metadata.leading_digits and re.match(metadata.leading_digits, digits))


def _rate(digits: str, table: RateTable) -> RateEntry | None:
    try:
        return table.find(digits)
    except NoRate:
        return None


def _is_called(wanted: list[str], entry: RateEntry, languages: tuple[str, ...]) -> bool:
    known = _words(entry.prefix, entry.country_names, languages)
    return all(any(word.startswith(each) for word in known) for each in wanted)


@lru_cache(maxsize=2048)
def _words(prefix: str, country_names: str, languages: tuple[str, ...]) -> frozenset[str]:
    texts = [prefix, country_names]
    for country in countries(prefix):
        texts += [country, _SHORT_NAMES.get(country, "")]
    for language in languages:
        texts += names(prefix, country_names, Locale.parse(language))
    return frozenset(folded(" ".join(texts)).split())
