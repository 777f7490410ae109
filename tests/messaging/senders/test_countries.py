"""The table of countries: loaded once, changed from a moment on, its past kept (product 6.4)."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from messaging.senders import countries, rule_file, selectors
from messaging.senders.codes import Reception
from messaging.senders.models import CountryRule
from messaging.senders.periods import Period, Terms, laid_over
from portal.accounts.models import User
from portal.audit.models import AuditEvent

HEAD = "prefix,countries,alphanumeric_sender,numeric_sender,short_code,relative_rate\n"
YES = Terms(Reception.YES, Reception.YES, Reception.YES, 2)
REGISTRATION = Terms(Reception.REGISTRATION, Reception.YES, Reception.NO, 2)
NO = Terms(Reception.NO, Reception.NO, Reception.NO, 9)
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def test_the_supplied_table_names_countries_by_iso_code() -> None:
    rows = {row.country: row for row in rule_file.read()}
    assert len(rows) > 200
    assert (rows["IT"].alphanumeric, rows["IT"].calling_prefix) == (Reception.YES, "39")
    assert rows["IN"].alphanumeric == Reception.REGISTRATION
    assert rows["US"].alphanumeric == rows["CA"].alphanumeric == Reception.NO
    assert rows["GB"] == rule_file.RuleRow("GB", "44", Reception.YES, Reception.YES, Reception.YES, 2)
    assert rows["DO"].calling_prefix == "1809"
    assert rows["BS"].calling_prefix == "1242"
    assert rows["XK"].alphanumeric == Reception.UNKNOWN


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no rows"),
        (HEAD, "no rows"),
        ("prefix\n39\n", "is missing"),
        (HEAD + "39,Italy,perhaps,yes,yes,2\n", "Line 2"),
        (HEAD + "39,Italy,yes,yes,yes,cheap\n", "Line 2"),
        (HEAD + "+39,Italy,yes,yes,yes,2\n", "no calling prefix"),
        (HEAD + "999,Nowhere,yes,yes,yes,2\n", "no country"),
        (HEAD + "1809,A,yes,yes,yes,2\n1829,B,no,yes,yes,2\n", "something else of DO"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(db: None, tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "countries.csv"
    file.write_text(text)
    with pytest.raises(CommandError, match=f"Nothing was loaded.*{sentence}"):
        call_command("load_countries", str(file))
    assert not CountryRule.objects.exists()


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "countries.csv"
    file.write_bytes("prefix\nCôte\n".encode("utf-16"))
    with pytest.raises(rule_file.RuleFileFault, match="UTF-8"):
        rule_file.read(file)
    with pytest.raises(rule_file.RuleFileFault, match="no such file"):
        rule_file.read(tmp_path / "none.csv")


def test_loading_twice_changes_nothing(db: None) -> None:
    said = [StringIO(), StringIO()]
    for out in said:
        call_command("load_countries", stdout=out)
    assert said[1].getvalue() == "0 countries added.\n"
    assert AuditEvent.objects.filter(action="countries.loaded").count() == 1


def test_what_staff_have_changed_survives_another_load(table: None, olga: User, now: datetime) -> None:
    countries.change(country="IT", calling_prefix="39", new=Period(NO, now, None), actor_id=olga.pk, now=now)
    countries.load(rows=rule_file.read(), actor_id=None, now=now)
    assert selectors.rules_at(now).get(country="IT").alphanumeric == Reception.NO


def test_a_change_keeps_the_past_and_is_recorded(table: None, olga: User, now: datetime) -> None:
    change = {"country": "IT", "calling_prefix": "39", "new": Period(REGISTRATION, now, None), "actor_id": olga.pk}
    assert countries.change(**change, now=now)  # type: ignore[arg-type]
    assert not countries.change(**change, now=now)  # type: ignore[arg-type]
    assert [each.valid_until for each in selectors.periods_of("IT")] == [now, None]
    assert selectors.rules_at(now - timedelta(seconds=1)).get(country="IT").alphanumeric == Reception.YES
    event = AuditEvent.objects.get(action="country.changed")
    assert (event.actor, event.subject) == (olga, "country:IT")


def test_a_change_for_a_while_gives_way_to_what_was_before(table: None, olga: User, now: datetime) -> None:
    first, last = now + timedelta(days=5), now + timedelta(days=9)
    before = selectors.periods_of("IT")[0].terms
    plan = Period(REGISTRATION, first, last)
    expected = countries.planned(country="IT", new=plan)
    countries.change(country="IT", calling_prefix="39", new=plan, actor_id=olga.pk, now=now)
    assert selectors.periods_of("IT") == expected
    assert [each.terms for each in expected] == [before, REGISTRATION, before]
    # Thought better of: what had not begun is gone without a trace among the periods.
    countries.change(country="IT", calling_prefix="39", new=Period(before, now, None), actor_id=olga.pk, now=now)
    assert [(each.terms, each.valid_until) for each in selectors.periods_of("IT")] == [(before, None)]


def test_a_country_without_a_rule_gets_its_first(db: None, olga: User, now: datetime) -> None:
    countries.change(country="SH", calling_prefix="290", new=Period(YES, now, None), actor_id=olga.pk, now=now)
    assert selectors.periods_of("SH") == [Period(YES, now, None)]


def test_the_past_cannot_be_changed(table: None, olga: User, now: datetime) -> None:
    for first, last in ((now - timedelta(seconds=1), None), (now, now)):
        with pytest.raises(countries.PeriodOver):
            countries.change(country="IT", calling_prefix="39", new=Period(NO, first, last), actor_id=olga.pk, now=now)


spans = st.tuples(st.integers(0, 30), st.integers(1, 10) | st.none(), st.sampled_from([YES, NO, REGISTRATION]))


def in_force(periods: list[Period], at: datetime) -> list[Terms]:
    return [
        each.terms for each in periods if each.valid_from <= at and (each.valid_until is None or at < each.valid_until)
    ]


@given(st.lists(spans, max_size=6), spans)
def test_the_newest_period_counts_and_all_others_stay_as_they_were(
    earlier: list[tuple[int, int | None, Terms]], last: tuple[int, int | None, Terms]
) -> None:
    periods: list[Period] = []
    for first, length, terms in [*earlier, last]:
        before = periods
        new = Period(terms, day(first), day(first + length) if length else None)
        periods = laid_over(periods, new)
        for number in range(45):
            is_new = new.valid_from <= day(number) and (new.valid_until is None or day(number) < new.valid_until)
            expected = [terms] if is_new else in_force(before, day(number))
            assert in_force(periods, day(number)) == expected


def rule(**values: object) -> CountryRule:
    given = {
        "country": "IT",
        "calling_prefix": "39",
        "alphanumeric": "yes",
        "numeric": "yes",
        "short_code": "yes",
        "relative_rate": 2,
        "valid_from": day(0),
        **values,
    }
    return CountryRule.objects.create(**given)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"valid_until": day(0)}, "a_country_rule_ends_after_it_begins"),
        ({"country": "it"}, "a_country_rule_names_a_country"),
        ({"numeric": "maybe"}, "a_country_rule_has_known_receptions"),
    ],
)
def test_the_table_refuses_a_rule_that_cannot_be(db: None, values: dict[str, object], sentence: str) -> None:
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        rule(**values)


def test_the_table_refuses_two_rules_at_a_time(db: None) -> None:
    rule(valid_until=day(5))
    rule(valid_from=day(5))
    rule(country="TI")
    with pytest.raises(IntegrityError, match="a_country_has_one_rule_at_a_time"), transaction.atomic():
        rule(valid_from=day(4), valid_until=day(6))
