"""The history of an account's messages: filtered, sorted, and paged by position, so that depth costs nothing."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from messaging.delivery import reasons, selectors
from messaging.delivery.codes import State
from messaging.delivery.models import Message, MessageQuerySet
from portal.accounts.models import Account

PAGE_SIZE = 50

# What the history may be sorted by; each with the primary key behind it has an index that starts with the account.
SORTS = ("created_at", "recipient")
NEWEST_FIRST = "-created_at"

_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show: days are the reader's, both included; a recipient is a whole number, or digits of one."""

    since: date | None = None
    until: date | None = None
    recipient: str = ""
    state: str = ""
    campaign: uuid.UUID | None = None
    least: int = 0  # only of campaigns of at least so many messages


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the positions that lead to the pages before and after; empty where there is none."""

    rows: list[Message]
    previous: str = ""
    next: str = ""


def find(account: Account, filters: Filters) -> MessageQuerySet:
    """The account's messages that pass the filters, in no order."""
    found = selectors.messages(account).order_by().select_related("campaign", "account")
    if filters.since:
        found = found.filter(created_at__gte=midnight(filters.since))
    if filters.until:
        found = found.filter(created_at__lt=midnight(filters.until, following=True))
    if filters.recipient.startswith("+"):
        found = found.filter(recipient=filters.recipient)
    elif filters.recipient:
        found = found.filter(recipient__contains=filters.recipient)
    if filters.state:
        found = found.filter(state=filters.state)
    if filters.campaign:
        found = found.filter(campaign__public_id=filters.campaign)
    if filters.least:
        found = found.filter(campaign__recipient_count__gte=filters.least)
    return found


def page(account: Account, filters: Filters, *, sort: str, position: str) -> Page:
    """One page of the history.

    `sort` is one of `SORTS`, with "-" for descending; anything else means newest first. `position` is "after-" or
    "before-" with a message's public id, as an earlier page gave it; anything else means the first page.
    """
    field = sort.removeprefix("-")
    if field not in SORTS:
        sort, field = NEWEST_FIRST, "created_at"
    where, anchor = _anchor(account, position)
    backwards = where == "before"
    descending = sort.startswith("-") != backwards
    found = find(account, filters)
    if anchor:
        found = found.filter(_beyond(anchor, field, descending))
    sign = "-" if descending else ""
    rows = list(found.order_by(f"{sign}{field}", f"{sign}pk")[: PAGE_SIZE + 1])
    more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([])
    has_previous, has_next = (more, True) if backwards else (anchor is not None, more)
    return Page(
        rows,
        previous=f"before-{rows[0].public_id}" if has_previous else "",
        next=f"after-{rows[-1].public_id}" if has_next else "",
    )


@dataclass(frozen=True, slots=True)
class Event:
    """A step of a message's way: when, what, how it looks (a badge's kind), and a sentence more where there is one."""

    at: datetime
    what: str
    kind: str
    detail: str | Promise = ""


KINDS: dict[str, str] = {
    State.WAITING: "neutral",
    State.SUBMITTING: "info",
    State.UNKNOWN: "warn",
    State.ACCEPTED: "info",
    State.DELIVERED: "ok",
    State.UNDELIVERED: "bad",
    State.EXPIRED: "bad",
    State.UNCONFIRMED: "warn",
    State.REFUSED: "bad",
    State.CANCELLED: "neutral",
}


def events(message: Message) -> list[Event]:
    """The steps of a message's way, in order: from the queue to the gateway, and every receipt."""
    steps = [Event(message.created_at, _("Queued"), "neutral")]
    if message.submitted_at:
        steps.append(Event(message.submitted_at, _("Handed over to the network"), "info"))
    for receipt in message.receipts.order_by("reported_at", "pk"):
        why = reasons.reason(receipt.error_code)
        what = _("Accepted by the network") if receipt.state == State.ACCEPTED else receipt.get_state_display()
        steps.append(Event(receipt.reported_at, str(what), KINDS[receipt.state], why.what if why else ""))
    if message.final_at and message.state in {State.REFUSED, State.CANCELLED, State.UNCONFIRMED}:
        why = reasons.reason(message.error_code)
        label = str(message.get_state_display())
        steps.append(Event(message.final_at, label, KINDS[message.state], why.what if why else ""))
    return steps


def midnight(day: date, *, following: bool = False) -> datetime:
    """The first moment of the day, or of the `following` one, where the reader is; our own time bounds the calendar."""
    day = min(max(day, _FIRST_DAY), _LAST_DAY) + timedelta(days=1 if following else 0)
    return timezone.make_aware(datetime.combine(day, time.min))


def _anchor(account: Account, position: str) -> tuple[str, Message | None]:
    where, _dash, public_id = position.partition("-")
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        return "", None
    if where not in {"after", "before"}:
        return "", None
    anchor = selectors.messages(account).filter(public_id=wanted).first()
    return (where, anchor) if anchor else ("", None)


def _beyond(anchor: Message, field: str, descending: bool) -> Q:
    """Rows past the anchor; the first condition is what the index needs, the rest settles equal values."""
    step = "lt" if descending else "gt"
    value = getattr(anchor, field)
    return Q(**{f"{field}__{step}e": value}) & (Q(**{f"{field}__{step}": value}) | Q(**{f"pk__{step}": anchor.pk}))
