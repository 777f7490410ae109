"""What makes a text dear, and what could stand instead."""

import json

import pytest

from messaging.campaigns.surgeon import examine
from messaging.encoding import segments


@pytest.mark.parametrize(
    ("text", "char", "replacement"),
    [
        ("L’estate", "’", "'"),
        ("“Sì”", "“", '"'),
        ("9–18", "–", "-"),
        ("vieni…", "…", "..."),
        ("10\u00a0euro", "\u00a0", " "),
        ("ciao\u200b", "\u200b", ""),
        ("È tardi", "È", "É"),
        ("À bientôt", "À", "A"),
        ("ciao 🎉", "🎉", None),
    ],
)
def test_a_costly_character_is_named_with_what_could_stand_instead(
    text: str, char: str, replacement: str | None
) -> None:
    cut = next(cut for cut in examine(text).cuts if cut.char == char)
    assert cut.replacement == replacement
    if replacement is not None:
        assert json.loads(cut.instruction) == {char: replacement}


def test_a_single_one_is_to_blame_for_all_it_costs() -> None:
    operation = examine("L’aurora " + "a" * 100)
    assert [(cut.char, cut.count, cut.saved) for cut in operation.cuts] == [("’", 1, 1)]
    assert (operation.saved, operation.can_all_go) == (1, True)


def test_two_that_force_the_same_alphabet_cost_together() -> None:
    operation = examine("L’aurora… " + "a" * 100)
    assert [cut.saved for cut in operation.cuts] == [0, 0]
    assert operation.saved == 1


def test_one_that_cannot_go_leaves_the_others_without_use() -> None:
    operation = examine("🎉’" + "a" * 100)
    assert (operation.saved, operation.can_all_go, operation.helps) == (0, False, True)


def test_what_counts_twice_is_named_only_where_it_costs_a_segment() -> None:
    assert examine("[ciao]").cuts == ()
    operation = examine("a" * 159 + "[")
    assert [(cut.char, cut.replacement, cut.saved) for cut in operation.cuts] == [("[", "(", 1)]
    euro = examine("a" * 159 + "€").cuts
    assert [(cut.char, cut.replacement, cut.saved) for cut in euro] == [("€", None, 1)]


def test_what_cannot_be_seen_is_named_by_its_number() -> None:
    cut = examine("a\u00a0b").cuts[0]
    assert (cut.is_visible, cut.code_point) == (False, "U+00A0")


@pytest.mark.parametrize("text", ["", "ciao", "L’aurora… “è” " + "à" * 120, "漢字" * 40, "🎉" * 80 + "…", "a" * 40_000])
def test_replacing_all_that_can_be_never_makes_a_text_dearer(text: str) -> None:
    operation = examine(text)
    instead = json.loads(operation.instruction)
    after = "".join(instead.get(char, char) for char in segments.normalise(text))
    assert segments.segment_count(text) - segments.segment_count(after) == operation.saved >= 0
