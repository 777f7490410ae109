"""Which countries stand behind a prefix, and how they are found."""

from datetime import datetime

import phonenumbers
import pytest
from babel import Locale
from django.template import Context, Template
from django.utils import translation

from billing.pricing import destinations, selectors
from billing.pricing.codes import Service
from billing.pricing.quote import NoRate, RateEntry, RateTable

LOCALES = tuple(Locale.parse(code) for code in ("en_GB", "it", "fr"))
ITALIAN = LOCALES[1]


@pytest.fixture
def table(prices: None, now: datetime) -> RateTable:
    return selectors.rates(Service.SMS_SEGMENT, now)


def found(query: str, table: RateTable) -> list[str]:
    return [entry.prefix for entry in destinations.matching(query, table, LOCALES)]


@pytest.mark.parametrize(
    "query",
    ["Italia", "Italy", "italie", "ITAL", "it", "39", "+39", "0039", " italy ", "+39 347 123 4567", "Italy +39"],
)
def test_italy_is_found_however_it_is_asked_for(query: str, table: RateTable) -> None:
    assert "39" in found(query, table)
    assert len(found(query, table)) == 1


@pytest.mark.parametrize(
    ("query", "prefixes"),
    [
        ("cote d'ivoire", ["225"]),
        ("Costa d’Avorio", ["225"]),
        ("reunion", ["262"]),
        ("Åland", ["358"]),
        ("UK", ["380", "44"]),
        ("USA", ["1"]),
        ("Puerto Rico", ["1"]),
        ("Macedonia", ["389"]),
        ("Turkey", ["90"]),
        ("Abkhazia", ["7"]),
        ("Dominican", ["1809", "1829", "1849"]),
        ("+1 242", ["1242"]),
        ("+1 202 555 0123", ["1"]),
        ("97", ["970", "971", "972", "973", "974", "975", "976", "977"]),
        ("850", []),
        ("Atlantis", []),
        ("***", []),
        ("٣٩", []),
        ("\x00", []),
    ],
)
def test_a_search_finds_what_is_meant(query: str, prefixes: list[str], table: RateTable) -> None:
    assert found(query, table) == prefixes


def test_an_empty_search_finds_everything(table: RateTable) -> None:
    assert len(found("  ", table)) == len(table) == 223


def test_countries_are_called_as_the_reader_calls_them() -> None:
    assert destinations.names("39", "Italy", ITALIAN) == ("Italia", "Città del Vaticano")
    assert destinations.names("44", "", ITALIAN)[0] == "Regno Unito"
    assert destinations.names("1242", "", ITALIAN) == ("Bahamas",)


def test_a_prefix_inside_a_country_keeps_the_name_of_its_rate() -> None:
    assert destinations.names("39347", "Italy, one network", ITALIAN) == ("Italy, one network",)
    assert destinations.names("883", "International networks", ITALIAN) == ("International networks",)


def test_every_country_with_a_rate_stands_behind_the_prefix_that_rates_its_numbers(table: RateTable) -> None:
    unsold = set()
    for country in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number(country)
        assert number is not None
        try:
            prefix = table.find(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)).prefix
        except NoRate:
            unsold.add(country)
        else:
            assert country in destinations.countries(prefix)
    assert unsold == {"AC", "KP", "SH", "TA", "TV"}


def test_a_table_of_one_network_is_searched_too() -> None:
    entries = {"39": RateEntry("39", "Italy", 7000), "39347": RateEntry("39347", "Italy, one network", 6000)}
    assert found("+39 347 1234567", RateTable(entries)) == ["39347"]
    assert found("network", RateTable(entries)) == ["39347"]


def test_pages_call_destinations_in_the_readers_language() -> None:
    page = Template("{% load destinations %}{{ '39'|countries }} · {{ '44'|main_country }} · {{ '883'|main_country }}")
    with translation.override("it"):
        assert page.render(Context()) == "Italia, Città del Vaticano · Regno Unito · +883"
