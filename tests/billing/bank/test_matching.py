"""What a line is for, without a database: never more than is missing, and never by guessing."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.bank.matching import Expected, Left, Standing, Verdict, Why, after, decide, is_near, propose
from billing.payments.creditor_reference import creditor_reference

cents = st.integers(1, 10**9)
ONE, OTHER = creditor_reference(1), creditor_reference(2)


def one(missing: int, standing: Standing = Standing.OPEN, **more: object) -> Expected:
    return Expected(1, ONE, missing, standing, **more)  # type: ignore[arg-type]


@given(st.lists(cents, max_size=12), cents)
def test_lines_of_one_reference_add_up_to_what_was_asked_and_never_to_more(lines: list[int], asked: int) -> None:
    expected, paid, left = one(asked), 0, 0
    for line in lines:
        verdict = decide(line, {ONE}, {ONE: expected}, seen_before=False)
        assert 0 <= verdict.cents <= line
        paid, left = paid + verdict.cents, left + line - verdict.cents
        expected = after(expected, verdict)
        assert expected.missing_cents == asked - paid >= 0
        assert (expected.standing == Standing.PAID) == (paid == asked)
        if verdict.cents < line:
            assert verdict.left in (Left.SURPLUS, Left.ALREADY_PAID)
    assert paid == min(sum(lines), asked)
    assert paid + left == sum(lines)


@given(
    cents,
    cents,
    st.sets(st.sampled_from([ONE, OTHER, creditor_reference(3)])),
    st.booleans(),
    st.sampled_from(Standing),
)
def test_nothing_is_booked_without_exactly_one_open_reference(
    line: int, missing: int, quoted: set[str], seen_before: bool, standing: Standing
) -> None:
    expected = {ONE: one(missing, standing), OTHER: Expected(2, OTHER, missing, Standing.OPEN)}
    verdict = decide(line, quoted, expected, seen_before=seen_before)
    ours = quoted & expected.keys()
    clear = len(ours) == 1 and not seen_before and (ours == {OTHER} or standing == Standing.OPEN)
    assert (verdict.attempt_id is not None) == clear
    assert clear or verdict.left != Left.NOTHING


@pytest.mark.parametrize(
    ("quoted", "standing", "seen_before", "left"),
    [
        ([], Standing.OPEN, False, Left.NO_REFERENCE),
        ([creditor_reference(9)], Standing.OPEN, False, Left.UNKNOWN_REFERENCE),
        ([ONE, OTHER], Standing.OPEN, False, Left.SEVERAL_REFERENCES),
        ([ONE], Standing.PAID, False, Left.ALREADY_PAID),
        ([ONE], Standing.CLOSED, False, Left.CLOSED),
        ([ONE], Standing.OPEN, True, Left.SEEN_BEFORE),
    ],
    ids=str,
)
def test_why_a_line_waits_for_a_person(quoted: list[str], standing: Standing, seen_before: bool, left: Left) -> None:
    expected = {ONE: one(512, standing), OTHER: Expected(2, OTHER, 512, Standing.OPEN)}
    assert decide(512, set(quoted), expected, seen_before=seen_before) == Verdict(left=left)


def test_a_line_that_was_confirmed_by_hand_pays_nothing_again_and_a_second_one_does() -> None:
    expected = one(212, by_hand_cents=(300,))
    first = decide(300, {ONE}, {ONE: expected}, seen_before=False)
    assert first == Verdict(1, 300, confirms=True)
    second = decide(300, {ONE}, {ONE: after(expected, first)}, seen_before=False)
    assert second == Verdict(1, 212, left=Left.SURPLUS)


@pytest.mark.parametrize(
    ("one_name", "other", "near"),
    [
        ("ACME SRL", "Acme S.r.l.", True),
        ("Société Générale d'Édition SARL", "SOCIETE GENERALE D EDITION", True),
        ("Trattoria Belvedere", "Tratoria Belvedere snc", True),
        ("Acme", "Globex", False),
        ("S.r.l.", "S.r.l.", False),
        ("", "Acme", False),
    ],
)
def test_names_are_near_whatever_their_legal_form(one_name: str, other: str, near: bool) -> None:
    assert is_near(one_name, other) is near


def test_proposals_come_likeliest_first_and_only_with_a_reason() -> None:
    here = [
        Expected(1, ONE, 512, Standing.OPEN, company="Globex"),
        Expected(2, OTHER, 999, Standing.OPEN, company="Acme S.r.l.", ibans=frozenset({"IT1"})),
        Expected(3, creditor_reference(3), 777, Standing.OPEN, company="Initech"),
    ]
    found = propose(512, f"pagamento {ONE[4:]}", "ACME SRL", "IT1", here)
    assert [(each.attempt_id, each.reasons) for each in found] == [
        (1, (Why.DIGITS, Why.AMOUNT)),
        (2, (Why.IBAN, Why.NAME)),
    ]


@given(st.text(string.printable, max_size=60), st.text(max_size=60), cents)
def test_no_text_breaks_the_proposals(text: str, name: str, line: int) -> None:
    assert len(propose(line, text, name, "", [one(512, company="Acme")] * 9)) <= 5
