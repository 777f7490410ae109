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


def follow_every_link(walker: Walker) -> int:
    """Open one page of each kind that can be reached from here by links; how many kinds there were."""
    waiting, kinds = [walker.path], set()
    while waiting:
        path = waiting.pop(0)
        kind = ID.sub("*", path)
        if kind in kinds or NO_PAGES.search(path) or path.startswith(NOT_OURS):
            continue
        kinds.add(kind)
        walker.go(path)
        links = walker.page.locator("a[href^='/']").evaluate_all("links => links.map(link => link.pathname)")
        waiting += dict.fromkeys(links)
    return len(kinds)


@pytest.mark.parametrize(
    ("email", "least"),
    [("giulia@otticabelvedere.example", 38), ("olga@saldo.example", 12), ("davide@otticabelvedere.example", 18)],
)
def test_every_page_that_can_be_reached_is_sound(saldo: Saldo, set_out: SetOut, email: str, least: int) -> None:
    walker = set_out()
    walker.go("/login/")
    walker.sign_in(email, saldo.password, "Accedi")
    assert follow_every_link(walker) >= least
    walker.arrive()


def test_every_page_for_a_visitor_is_sound(set_out: SetOut) -> None:
    walker = set_out()
    walker.go("/")
    assert follow_every_link(walker) >= 6
    walker.arrive()
