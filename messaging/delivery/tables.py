"""Messages as the rows of a page: every word ready, so that the template only puts them in their places.

Half of what a generic table costs is finding out, cell by cell, what each column is; this page knows. What repeats on
a page (campaigns share a moment, messages a price and a state) is written once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy

from messaging.delivery import reasons
from messaging.delivery.history import KINDS, NEWEST_FIRST, SORTS
from messaging.delivery.models import Message
from messaging.encoding import numbers
from portal.accounts.models import Account
from portal.templatetags import formats
from portal.templatetags.parts import badge

HEADS = {"created_at": gettext_lazy("Date"), "recipient": gettext_lazy("Recipient")}
SHOWN_TEXT, SHOWN_NAME = 36, 30
_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Row:
    """A message as the history shows it."""

    url: str
    at: str
    recipient: str
    text: str
    about: str
    sender: str
    segments: str
    credits: str
    is_returned: bool
    state: SafeString
    why: str | Promise


@dataclass(frozen=True, slots=True)
class Sort:
    """A column that can be sorted by: its heading, how it is sorted now (as ARIA says it), and the order it leads to."""

    label: str | Promise
    direction: str
    next: str


def sorts(chosen: str) -> list[Sort]:
    """The columns that can be sorted by; an order that is none is newest first."""
    if chosen.removeprefix("-") not in SORTS:
        chosen = NEWEST_FIRST
    directions = {"": "ascending", "-": "descending"}
    found = []
    for name in SORTS:
        is_sorted = chosen.removeprefix("-") == name
        direction = directions[chosen[: -len(name)]] if is_sorted else ""
        found.append(Sort(HEADS[name], direction, f"-{name}" if direction == "ascending" else name))
    return found


def rows(account: Account, messages: Iterable[Message]) -> list[Row]:
    """The messages of `account`, in the active language and zone."""
    address = reverse("message", args=[account.public_id, _ID])
    moment, credits, number = cache(formats.moment), cache(formats.credits), cache(formats.number)
    international, shortened, state = cache(numbers.international), cache(_shortened), cache(_state)
    return [
        Row(
            url=address.replace(_ID, str(message.public_id)),
            at=moment(message.created_at),
            recipient=numbers.international(message.recipient),
            text=shortened(message.text, SHOWN_TEXT),
            about=shortened(_about(message), SHOWN_NAME),
            sender=international(message.sender),
            segments=number(message.segment_count),
            credits=credits(0 if message.is_returned else message.price_units),
            is_returned=message.is_returned,
            state=state(message.state),
            why=reason.what if (reason := reasons.reason(message.error_code)) else "",
        )
        for message in messages
    ]


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else Truncator(text).chars(length)


def _about(message: Message) -> str:
    return message.campaign.name if message.campaign else str(message.get_purpose_display())


def _state(state: str) -> SafeString:
    return badge(KINDS[state], Message(state=state).get_state_display())
