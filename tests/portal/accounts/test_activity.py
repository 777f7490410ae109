"""One's own activity, page by page."""

from collections.abc import Callable
from datetime import datetime

from django.test import Client

from portal.accounts import activity
from portal.accounts.models import User
from portal.audit import services as audit

SignedIn = Callable[[User], Client]


def do(user: User, action: str, now: datetime, times: int = 1) -> None:
    for _ in range(times):
        audit.record(action=action, actor_id=user.pk, now=now)


def test_what_one_did_is_listed_in_words(alice: User, bob: User, signed_in: SignedIn, now: datetime) -> None:
    do(alice, "campaign.launched", now)
    do(bob, "contact_list.deleted", now)

    page = signed_in(alice).get("/me/activity/").content.decode()

    assert "Campaign sent" in page
    assert "Contact list deleted" not in page


def test_who_did_nothing_is_told_so(bob: User, signed_in: SignedIn) -> None:
    assert "Nothing yet" in signed_in(bob).get("/me/activity/").content.decode()


def test_pages_lead_to_the_end_and_back(alice: User, now: datetime) -> None:
    do(alice, "report.requested", now, 2 * activity.PAGE_SIZE + 1)
    first = activity.page(alice, position="")
    second = activity.page(alice, position=first.next)
    third = activity.page(alice, position=second.next)

    assert [len(page.rows) for page in (first, second, third)] == [activity.PAGE_SIZE, activity.PAGE_SIZE, 1]
    seen = [event.pk for page in (first, second, third) for event, _ in page.rows]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == len(seen)
    assert (first.previous, third.next) == ("", "")
    back = activity.page(alice, position=third.previous)
    assert back.rows == second.rows
    assert activity.page(alice, position=back.previous).rows == first.rows
    assert activity.page(alice, position=back.previous).previous == ""


def test_a_position_that_nobody_gave_means_the_first_page(alice: User, signed_in: SignedIn, now: datetime) -> None:
    do(alice, "report.requested", now)

    for position in ("1", "older:1", "x" * 5000, "\x00"):
        assert "Report requested" in signed_in(alice).get("/me/activity/", {"position": position}).content.decode()


def test_a_position_of_somebody_else_shows_only_ones_own(alice: User, bob: User, now: datetime) -> None:
    do(bob, "report.requested", now, activity.PAGE_SIZE + 1)
    theirs = activity.page(bob, position="").next

    assert activity.page(alice, position=theirs).rows == []
