"""Whoever follows every link finds sound pages: in light, in dark, on a telephone, with nothing in the console."""

import re

import pytest

from tests.journeys.conftest import SetOut
from tests.journeys.stack import Saldo
from tests.journeys.walker import NOT_OURS, Walker

pytestmark = pytest.mark.journey

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{8}T\d{12}-[0-9a-f]{8}")
# Files, and what an e-mail looks like on its own.
NO_PAGES = re.compile(r"/(pdf|file|html)/$")


def follow_every_link(walker: Walker, *, closely: bool = True) -> int:
    """Open one page of each kind that can be reached from here by links; how many kinds there were."""
    waiting, kinds = [(walker.path, "")], set()
    while waiting:
        path, found_on = waiting.pop(0)
        kind = ID.sub("*", path)
        if kind in kinds or NO_PAGES.search(path) or path.startswith(NOT_OURS):
            continue
        kinds.add(kind)
        walker.go(path, found_on=found_on, closely=closely)
        links = walker.page.locator("a[href^='/']").evaluate_all("links => links.map(link => link.pathname)")
        waiting += [(link, path) for link in dict.fromkeys(links)]
    return len(kinds)


@pytest.mark.parametrize(("name", "least"), [("giulia@otticabelvedere", 38), ("olga@saldo", 12)])
def test_every_page_that_can_be_reached_is_sound(saldo: Saldo, set_out: SetOut, name: str, least: int) -> None:
    walker = set_out()
    walker.go("/login/")
    walker.sign_in(f"{name}.example", saldo.password, "Accedi")
    assert follow_every_link(walker) >= least
    walker.arrive()


def test_every_page_for_a_visitor_is_sound(set_out: SetOut) -> None:
    walker = set_out()
    walker.go("/")
    assert follow_every_link(walker) >= 5
    walker.arrive()


@pytest.mark.parametrize(
    "name", ["marco@otticabelvedere", "elena@otticabelvedere", "davide@otticabelvedere", "milano@otticabelvedere"]
)
def test_nobody_is_shown_a_link_to_what_they_may_not_see(saldo: Saldo, set_out: SetOut, name: str) -> None:
    walker = set_out()
    walker.go("/login/")
    walker.sign_in(f"{name}.example", saldo.password, "Accedi")
    follow_every_link(walker, closely=False)
    walker.page.context.close()
    assert walker.complaints == []
