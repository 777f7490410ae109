"""The people and companies of the demo are invented, and well-formed all the same."""

import random

import pytest

from messaging.encoding import numbers, segments
from messaging.encoding.segments import Encoding
from messaging.senders import rules
from portal.accounts import tax_numbers
from portal.demo.cast import CUSTOMERS, Firm, everybody
from portal.demo.contacts import invent
from portal.demo.habits import HABITS

FIRMS = [each for customer in CUSTOMERS for each in (customer, *customer.branches)]


@pytest.mark.parametrize("firm", CUSTOMERS, ids=lambda firm: firm.key)
def test_company_numbers_pass_their_checksums(firm: Firm) -> None:
    assert tax_numbers.vat_number(firm.country, firm.billing["vat_number"]) == firm.billing["vat_number"]
    if "siret" in firm.billing:
        assert tax_numbers.siret_number(firm.billing["siret"]) == firm.billing["siret"]
    if "codice_fiscale" in firm.billing:
        assert tax_numbers.codice_fiscale(firm.billing["codice_fiscale"]) == firm.billing["codice_fiscale"]


@pytest.mark.parametrize("country", ["IT", "FR", "GB"])
def test_invented_numbers_can_be_typed_into_the_portal(country: str) -> None:
    contacts = invent(country, 400, random.Random(7))
    assert len({entry.number for entry in contacts}) == 400
    for entry in contacts:
        assert numbers.parse(entry.number, region="").country == country


def test_telephones_and_addresses_of_people_are_well_formed() -> None:
    for person in everybody():
        assert numbers.parse(person.phone, region="").e164 == person.phone
        assert person.email.endswith(".example")
    assert len({person.email for person in everybody()}) == len(everybody())


@pytest.mark.parametrize("firm", FIRMS, ids=lambda firm: firm.key)
def test_sender_names_keep_the_rules(firm: Firm) -> None:
    names = [firm.names.used, *(asked[0] for asked in (firm.names.waiting, firm.names.refused) if asked)]
    for name in filter(None, names):
        assert rules.check(name) == name


@pytest.mark.parametrize("firm", FIRMS, ids=lambda firm: firm.key)
def test_texts_travel_in_the_short_alphabet(firm: Firm) -> None:
    for habit in HABITS[firm.key]:
        for text in habit.texts:
            counted = segments.count(text)
            assert counted.encoding == Encoding.GSM7
            assert counted.segment_count <= 2
        assert habit.sizes[1] <= firm.audience
