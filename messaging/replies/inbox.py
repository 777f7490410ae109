"""The inbox page by page: filtered, and paged by position so that depth costs nothing."""

import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from django.db.models import F, Q
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from messaging.delivery.history import midnight
from messaging.replies import selectors
from messaging.replies.models import InboxReply, InboxReplyQuerySet
from portal.accounts.models import Account

PAGE_SIZE: Final = 25
_FEWEST_DIGITS: Final = 3


class Show(StrEnum):
    """Which replies are shown."""

    ALL = ""
    UNREAD = "unread"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show: days are the reader's, both included; `words` are a number, or digits of one, or part of a text."""

    words: str = ""
    show: str = Show.ALL
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some replies, newest first, and the positions that lead to the pages before and after; empty where there is none."""

    rows: list[InboxReply]
    previous: str = ""
    next: str = ""


def find(account: Account, filters: Filters) -> InboxReplyQuerySet:
    """The account's replies that pass the filters, newest first."""
    found = selectors.inbox(account)
    if filters.show == Show.UNREAD:
        found = found.filter(read_at=None)
    if filters.show == Show.STOP:
        found = found.filter(is_stop=True)
    if filters.since:
        found = found.filter(received_at__gte=midnight(filters.since))
    if filters.until:
        found = found.filter(received_at__lt=midnight(filters.until, following=True))
    if filters.words:
        found = found.filter(_contains(filters.words))
    return found


def page(account: Account, filters: Filters, *, position: str) -> Page:
    """One page; `position` is "after-" or "before-" with a reply's public id, anything else means the first page."""
    where, anchor = _anchor(account, position)
    found = find(account, filters)
    if anchor and where == "after":
        found = found.filter(_past(anchor, TupleLessThan))
    elif anchor:
        found = found.filter(_past(anchor, TupleGreaterThan)).order_by("received_at", "pk")
    rows = list(found[: PAGE_SIZE + 1])
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if where == "before":
        rows.reverse()
    if not rows:
        return Page([])
    has_previous, has_next = (more, True) if where == "before" else (anchor is not None, more)
    return Page(
        rows,
        previous=f"before-{rows[0].public_id}" if has_previous else "",
        next=f"after-{rows[-1].public_id}" if has_next else "",
    )


def _contains(words: str) -> Q:
    digits = "".join(char for char in words if char.isascii() and char.isdigit())
    text = Q(reply__text__icontains=words)
    return text | Q(number__contains=digits) if len(digits) >= _FEWEST_DIGITS else text


def _anchor(account: Account, position: str) -> tuple[str, InboxReply | None]:
    where, _dash, public_id = position.partition("-")
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        return "", None
    if where not in {"after", "before"}:
        return "", None
    anchor = InboxReply.objects.filter(account=account, public_id=wanted).first()
    return (where, anchor) if anchor else ("", None)


def _past(anchor: InboxReply, step: type[TupleLessThan | TupleGreaterThan]) -> TupleLessThan | TupleGreaterThan:
    """Rows past the anchor, as one comparison of two columns: the index leads straight to its place."""
    return step(Tuple(F("received_at"), F("pk")), (anchor.received_at, anchor.pk))
