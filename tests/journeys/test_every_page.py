"""Whoever follows every link finds sound pages: in light, in dark, on a telephone, with nothing in the console."""

import re
from collections.abc import Callable, Iterable
from html import unescape
from urllib.parse import urlsplit

import pytest

from tests.journeys.conftest import SetOut
from tests.journeys.stack import Saldo
from tests.journeys.walker import NOT_OURS, Walker

pytestmark = pytest.mark.journey

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{8}T\d{12}-[0-9a-f]{8}")
LINK = re.compile(r'<a [^>]*href="(/[^"]*)"')
# Files, and what an e-mail looks like on its own.
NO_PAGES = re.compile(r"/(pdf|file|html|archive)/$")

Opened = Callable[[str, str], Iterable[str]]
"""Open a path that was found on another; return the paths that its links lead to."""


def follow_every_link(start: str, opened: Opened) -> int:
    """Open one page of each kind that can be reached by links; how many kinds there were."""
    waiting, kinds = [(start, "")], set()
    while waiting:
        path, found_on = waiting.pop(0)
        kind = ID.sub("*", path)
        if kind in kinds or NO_PAGES.search(path) or path.startswith(NOT_OURS):
            continue
        kinds.add(kind)
        waiting += [(link, path) for link in dict.fromkeys(opened(path, found_on))]
    return len(kinds)


def look_closely(walker: Walker) -> Opened:
    def opened(path: str, found_on: str) -> list[str]:
        walker.go(path, found_on=found_on)
        links: list[str] = walker.page.locator("a[href^='/']").evaluate_all("links => links.map(each => each.pathname)")
        return links

    return opened


def knock(walker: Walker) -> Opened:
    """Open without looking: only whether one is let in."""

    def opened(path: str, found_on: str) -> list[str]:
        answer = walker.page.request.get(path)
        if not answer.ok:
            walker.complaints.append(f"{path}: {answer.status}, found on {found_on}")
        return [urlsplit(unescape(link)).path for link in LINK.findall(answer.text())]

    return opened


@pytest.mark.parametrize(("name", "least"), [("giulia@otticabelvedere", 38), ("olga@saldo", 12)])
def test_every_page_that_can_be_reached_is_sound(saldo: Saldo, set_out: SetOut, name: str, least: int) -> None:
    walker = set_out()
    walker.come_in(f"{name}.example", saldo.password)
    assert follow_every_link(walker.path, look_closely(walker)) >= least
    walker.arrive()


def test_every_page_for_a_visitor_is_sound(set_out: SetOut) -> None:
    walker = set_out()
    assert follow_every_link("/", look_closely(walker)) >= 5
    walker.arrive()


@pytest.mark.parametrize("name", ["marco", "elena", "davide", "milano", "torino"])
def test_nobody_is_shown_a_link_to_what_they_may_not_see(saldo: Saldo, set_out: SetOut, name: str) -> None:
    walker = set_out()
    walker.come_in(f"{name}@otticabelvedere.example", saldo.password)
    assert follow_every_link(walker.path, knock(walker)) > 15
    walker.arrive()
