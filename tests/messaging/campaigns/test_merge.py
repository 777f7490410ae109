"""Merge fields: what is one, what stands in its place, and who misses it."""

import pytest
from django.conf import settings
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from billing.pricing.quote import RateEntry, RateTable
from messaging.campaigns import pages
from messaging.campaigns.merge import NAME_WORDS, Field, Template, with_default
from messaging.campaigns.pricer import LeftOut, Pricer, Reason, Terms
from messaging.campaigns.quote import Problem, Quote, Recipients, quote
from messaging.campaigns.stored import from_json, to_json
from messaging.encoding.segments import Encoding

TABLE = RateTable({"39": RateEntry("39", "Italy", 7_000), "33": RateEntry("33", "France", 9_000)})
ANNA, BRUNO, CLAIRE = "+393471234567", "+393471234568", "+33612345678"


def quoted(text: str, *people: tuple[str, dict[str, str]], **decided: object) -> Quote:
    terms = Terms(text, TABLE, **decided)  # type: ignore[arg-type]
    return quote(terms=terms, recipients=Recipients(people), opted_out=frozenset())


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Ciao {name}", (Field("name", None),)),
        ("Ciao {name|cliente}", (Field("name", "cliente"),)),
        ("{ name }", ()),
        ("{Nome cliente} e {città}", (Field("Nome cliente", None), Field("città", None))),
        ("{name|}", (Field("name", ""),)),
        ("{} {1} {{ {a\nb} }", ()),
        ("{a{name}", (Field("name", None),)),
    ],
)
def test_a_field_is_a_word_in_braces(text: str, fields: tuple[Field, ...]) -> None:
    assert Template(text).fields == fields


@pytest.mark.parametrize("word", ["name", "Name", "nome", "Nome", "nom"])
def test_the_name_has_a_word_in_each_language(word: str) -> None:
    text = Template(f"Ciao {{{word}}}")
    assert text.merged({"name": "Anna"}).text == "Ciao Anna"
    assert text.merged({}).missing == word
    assert Template("{nome}").merged({"name": "Anna", "Nome": "Sig.ra Rossi"}).text == "Sig.ra Rossi"


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_the_word_that_is_shown_for_the_name_stands_for_it(language: str) -> None:
    with translation.override(language):
        assert pages.field_words(["name", "Città"])[0] in NAME_WORDS


@given(st.text())
def test_any_text_is_the_sum_of_its_parts(text: str) -> None:
    template = Template(text)
    if not template.fields:
        assert template.merged({}).text == text


def test_upper_and_lower_case_of_a_field_are_the_same() -> None:
    assert Template("Ciao {NAME}").merged({"name": "Anna"}).text == "Ciao Anna"


def test_a_value_is_not_read_as_a_field_again() -> None:
    assert Template("Ciao {name}").merged({"name": "{town}", "town": "Roma"}).text == "Ciao {town}"


def test_every_row_is_counted_as_it_is_sent() -> None:
    result = quoted("a" * 155 + "{name}", (ANNA, {"name": "Anna"}), (BRUNO, {"name": "B" * 6}), (CLAIRE, {"name": "ș"}))
    assert {tuple(bar) for bar in result.bars} == {
        (Encoding.GSM7, 1, 1),
        (Encoding.GSM7, 2, 1),
        (Encoding.UCS2, 3, 1),
    }
    assert result.total_units == 7_000 + 2 * 7_000 + 3 * 9_000
    assert [sample.number for sample in result.samples] == [ANNA, CLAIRE, ANNA]
    assert result.segments.segment_count == 3


def test_a_missing_field_is_listed_and_asks_for_a_decision() -> None:
    people: tuple[tuple[str, dict[str, str]], ...] = ((ANNA, {"name": "Anna"}), (BRUNO, {}), (CLAIRE, {"name": " "}))
    result = quoted("Ciao {name}", *people)
    assert result.problem is Problem.MISSING_FIELDS
    assert result.missing == {"name": 2}
    assert [each.number for each in result.examples[Reason.MISSING_FIELD]] == [BRUNO, CLAIRE]
    without = quoted("Ciao {name}", *people, leaves_out_missing=True)
    assert (without.problem, without.recipient_count) == (None, 1)
    with_text = quoted(with_default("Ciao {name}", "NAME", "cliente"), *people)
    assert (with_text.problem, with_text.recipient_count) == (None, 3)


def test_who_would_get_an_empty_message_gets_none() -> None:
    priced = Pricer(Terms("{name|}", TABLE)).price("+393470000001", {})
    assert priced == LeftOut("+393470000001", Reason.MISSING_FIELD, "name")


def test_a_default_cannot_open_a_field_of_its_own() -> None:
    assert with_default("Ciao {name}", "name", "{x|y}") == "Ciao {name|xy}"


def test_a_country_can_be_skipped() -> None:
    result = quoted("ciao", (ANNA, {}), (CLAIRE, {}), skipped=frozenset({"33"}))
    assert (result.recipient_count, result.counts) == (1, {Reason.SKIPPED: 1})


def test_the_line_for_opting_out_is_counted() -> None:
    result = quoted("a" * 150, (ANNA, {}), closing="Stop: 123456")
    assert result.text == "a" * 150 + "\nStop: 123456"
    assert result.segments.segment_count == 2


def test_what_a_program_sends_has_no_fields() -> None:
    outcome = Pricer(Terms("Ciao {name}", TABLE, is_literal=True)).price(ANNA, {})
    assert outcome[2] == "Ciao {name}"


@given(st.text(max_size=40), st.lists(st.tuples(st.sampled_from([ANNA, BRUNO, CLAIRE, "+99912345678"]), st.text())))
def test_a_quote_is_the_same_after_it_was_kept(text: str, people: list[tuple[str, str]]) -> None:
    made = quoted(text + "{name}", *((number, {"name": name}) for number, name in people))
    assert from_json(to_json(made)) == made
