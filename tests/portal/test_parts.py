"""The parts a page is made of: escaped, labelled, and never by colour alone."""

from decimal import Decimal
from typing import Any

import django_tables2 as tables
import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from portal.forms import CardLabel, RadioCards, Switch, UnitInput
from portal.templatetags import charts, parts
from portal.templatetags.charts import Point

NASTY = '"><script>x</script>'


@pytest.mark.parametrize(
    "html",
    [
        parts.badge("ok", NASTY),
        parts.stat(NASTY, NASTY, NASTY, NASTY),
        parts.progress(1, 2, NASTY, NASTY),
        parts.copy_button(NASTY, NASTY),
        parts.breadcrumbs(NASTY, NASTY),
        parts.tabs([{"label": NASTY, "url": NASTY, "current": True}], NASTY),
        charts.bar_chart([Point(NASTY, 1, NASTY)], NASTY, NASTY, NASTY),
        charts.sparkline([1, 2], NASTY),
    ],
)
def test_no_part_lets_a_text_become_markup(html: str) -> None:
    assert "<script" not in html
    assert "style=" not in html


@pytest.mark.parametrize(("kind", "shape"), [("ok", "check"), ("warn", "warning"), ("bad", "error"), ("info", "info")])
def test_a_state_has_a_shape_of_its_own(kind: str, shape: str) -> None:
    assert f"#{shape}" in parts.badge(kind, "Paid")


def test_an_error_message_is_bad_and_an_unknown_level_is_neutral() -> None:
    assert parts.kind("error") == "bad"
    assert parts.kind("") == "neutral"


def test_progress_of_nothing_is_still_a_progress() -> None:
    assert 'max="1" value="0"' in parts.progress(0, 0, "Sent", "0 of 0")


def test_progress_that_is_not_known_has_no_value() -> None:
    assert "value=" not in parts.progress(None, 10, "Sent")


def test_the_tallest_bar_fills_the_chart_and_the_smallest_stays_visible() -> None:
    chart = charts.bar_chart([Point("a", 100_000, "many"), Point("b", 1, "one"), Point("c", 0, "none")], "x", "d", "n")
    assert 'height="100.0"' in chart
    assert 'y="99" width="2" height="1"' in chart
    assert 'y="100" width="2" height="0"' in chart


def test_few_bars_are_no_walls() -> None:
    assert 'width="1"' in charts.bar_chart([Point("a", 2, "two")], "x", "d", "n")
    assert charts.bar_chart([Point("a", 2, "two")] * 8, "x", "d", "n").count('width="7"') == 8


def test_behind_a_chart_stand_its_numbers_in_a_table() -> None:
    chart = charts.bar_chart([Point("1 Nov", Decimal("0.7"), "0.7 credits")], "Spent", "Day", "Credits")
    assert '<th scope="row">1 Nov</th><td class="num">0.7 credits</td>' in chart


def test_a_chart_of_nothing_is_nothing() -> None:
    assert charts.bar_chart([], "x", "d", "n") == ""
    assert 'points=""' in charts.sparkline([], "x")


class Letter(forms.Form):
    pack = forms.ChoiceField(
        widget=RadioCards,
        choices=[("a", CardLabel("100 credits", detail="142 messages", aside="€4.20")), ("b", "Other")],
    )
    threshold = forms.IntegerField(widget=UnitInput(unit="credits"), help_text="Not below.")
    by_sms = forms.BooleanField(widget=Switch, required=False)
    note = forms.CharField(required=False)


def test_a_choice_as_a_card_shows_name_detail_and_figure() -> None:
    page = str(Letter())
    assert '<span class="choice-title">100 credits</span>' in page
    assert '<span class="choice-detail">142 messages</span>' in page
    assert '<span class="choice-aside">€4.20</span>' in page
    assert page.count("choice-detail") == 1


def test_a_field_that_may_stay_empty_says_so() -> None:
    page = str(Letter())
    assert page.count("(optional)") == 1
    assert 'role="switch"' in page


def test_an_error_links_to_the_first_of_several_inputs_and_to_the_input_itself() -> None:
    page = str(Letter({}))
    assert 'href="#id_pack_0"' in page
    assert 'id="id_pack_0"' in page
    assert 'href="#id_threshold"' in page
    assert 'aria-describedby="id_threshold_helptext id_threshold_error"' in page


def test_what_was_typed_is_never_markup() -> None:
    assert "<script" not in str(Letter({"threshold": NASTY, "pack": NASTY, "note": NASTY}))


class Numbers(tables.Table):  # type: ignore[misc]
    caption = "Numbers"
    number = tables.Column()


def _rendered(query: dict[str, Any]) -> str:
    request = RequestFactory().get("/", query)
    table = Numbers([{"number": each} for each in range(30)])
    tables.RequestConfig(request, paginate={"per_page": 10}).configure(table)
    source = Template("{% load django_tables2 %}{% render_table table %}")
    return source.render(Context({"table": table, "request": request}))


def test_a_sorted_column_says_so_and_sorts_the_other_way_next() -> None:
    assert 'aria-sort="descending"' in _rendered({"sort": "-number"})
    assert 'aria-sort="ascending"' in _rendered({"sort": "number"})
    assert 'href="?sort=-number"' in _rendered({"sort": "number"})


def test_sorting_begins_again_at_the_first_page() -> None:
    assert 'href="?sort=number"' in _rendered({"page": "2"})


def test_a_table_has_a_caption_and_pages() -> None:
    table = _rendered({"page": "2"})
    assert "Numbers</caption>" in table
    assert "Page 2 of 3" in table
    assert 'rel="prev"' in table
    assert 'rel="next"' in table
