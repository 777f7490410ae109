"""The history of an account's messages: filtered, sorted, and paged by position, so that depth costs nothing."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
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


# Digits of a number are looked for in so many messages at once: some 50 ms. The page says how far back it looked.
LOOK_BACK = 100_000

# So many campaigns are named in a search one by one, by the moment that all their messages carry. Where more pass,
# they are so dense in the history that walking it finds a page of them soon.
MOST_CAMPAIGNS = 500


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show: days are the reader's, both included; a recipient is a whole number, or digits of one.

    `text` is part of the text that a campaign was written with.
    """

    since: date | None = None
    until: date | None = None
    recipient: str = ""
    state: str = ""
    campaign: uuid.UUID | None = None
    text: str = ""
    least: int = 0  # only of campaigns of at least so many messages

    @property
    def has_digits(self) -> bool:
        """Whether a number is looked for by some of its digits, for which there is no index."""
        return bool(self.recipient) and not self.recipient.startswith("+")


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the positions that lead to the pages before and after; empty where there is none.

    `looked_until` is the moment of the last message that was looked at where not all were: there may be more beyond.
    """

    rows: list[Message]
    previous: str = ""
    next: str = ""
    looked_until: datetime | None = None


def find(account: Account, filters: Filters) -> MessageQuerySet:
    """The account's messages that pass the filters, in no order."""
    found = selectors.messages(account).order_by().select_related("campaign", "account")
    if filters.since:
        found = found.filter(created_at__gte=midnight(filters.since))
    if filters.until:
        found = found.filter(created_at__lt=midnight(filters.until, following=True))
    if filters.has_digits:
        found = found.filter(recipient__contains=filters.recipient)
    elif filters.recipient:
        found = found.filter(recipient=filters.recipient)
    if filters.state:
        found = found.filter(state=filters.state)
    return _of_campaigns(found, account, filters)


def page(account: Account, filters: Filters, *, sort: str, position: str) -> Page:
    """One page of the history.

    `sort` is one of `SORTS`, with "-" for descending; anything else means newest first. `position` is "after-" or
    "before-" with a message's public id, as an earlier page gave it, or "last"; anything else means the first page.
    """
    field = sort.removeprefix("-")
    if field not in SORTS:
        sort, field = NEWEST_FIRST, "created_at"
    where, anchor = _anchor(account, position)
    backwards = where == "before"
    descending = sort.startswith("-") != backwards
    sign = "-" if descending else ""
    order = (f"{sign}{field}", f"{sign}pk")
    found, beyond = find(account, filters), selectors.messages(account)
    if anchor:
        found, beyond = (each.filter(_past(anchor, field, descending)) for each in (found, beyond))
    horizon = beyond.order_by(*order)[LOOK_BACK : LOOK_BACK + 1].first() if filters.has_digits else None
    if horizon:
        found = found.filter(_past(horizon, field, not descending))
    rows = list(found.order_by(*order)[: PAGE_SIZE + 1])
    onward: Message | None = horizon
    if len(rows) > PAGE_SIZE:
        rows = rows[:PAGE_SIZE]
        onward, horizon = rows[-1], None
    origin = (rows[0] if rows else anchor) if anchor else None
    if backwards:
        rows.reverse()
        onward, origin = origin, onward
    return Page(
        rows,
        previous=f"before-{origin.public_id}" if origin else "",
        next=f"after-{onward.public_id}" if onward else "",
        looked_until=horizon.created_at if horizon else None,
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
    parts = dict(message.parts.values_list("gateway_message_id", "number"))
    for receipt in message.receipts.order_by("reported_at", "pk"):
        why = reasons.reason(receipt.error_code)
        what = _("Accepted by the network") if receipt.state == State.ACCEPTED else receipt.get_state_display()
        part = parts.get(receipt.gateway_message_id)
        said = [_("Part %(number)d of %(count)d.") % {"number": part, "count": len(parts)}] if part else []
        said += [str(why.what)] if why else []
        steps.append(Event(receipt.reported_at, str(what), KINDS[receipt.state], " ".join(said)))
    if message.final_at and message.state in {State.REFUSED, State.CANCELLED, State.UNCONFIRMED}:
        why = reasons.reason(message.error_code)
        label = str(message.get_state_display())
        steps.append(Event(message.final_at, label, KINDS[message.state], why.what if why else ""))
    return steps


def midnight(day: date, *, following: bool = False) -> datetime:
    """The first moment of the day, or of the `following` one, where the reader is; our own time bounds the calendar."""
    day = min(max(day, _FIRST_DAY), _LAST_DAY) + timedelta(days=1 if following else 0)
    return timezone.make_aware(datetime.combine(day, time.min))


def _of_campaigns(found: MessageQuerySet, account: Account, filters: Filters) -> MessageQuerySet:
    """Those of `found` whose campaigns pass: by the moment that a campaign and all its messages carry, with the history's
    own index, however long ago it was and however many messages came since."""
    wanted: dict[str, object] = {}
    if filters.campaign:
        wanted["public_id"] = filters.campaign
    if filters.least:
        wanted["recipient_count__gte"] = filters.least
    if filters.text:
        wanted["text__icontains"] = filters.text
    if not wanted:
        return found
    passing = account.campaigns.filter(**wanted).order_by("-pk").values_list("pk", "created_at")
    named = list(passing[: MOST_CAMPAIGNS + 1])
    if len(named) > MOST_CAMPAIGNS:
        return found.filter(**{f"campaign__{name}": value for name, value in wanted.items()})
    return found.filter(campaign__in=[key for key, _ in named], created_at__in={moment for _, moment in named})


def _anchor(account: Account, position: str) -> tuple[str, Message | None]:
    if position == "last":
        return "before", None
    where, _dash, public_id = position.partition("-")
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        return "", None
    if where not in {"after", "before"}:
        return "", None
    anchor = selectors.messages(account).filter(public_id=wanted).first()
    return (where, anchor) if anchor else ("", None)


def _past(anchor: Message, field: str, descending: bool) -> TupleLessThan | TupleGreaterThan:
    """Rows past the anchor, as one comparison of two columns: the index leads straight to the anchor's place, however
    many rows share its moment."""
    step = TupleLessThan if descending else TupleGreaterThan
    return step(Tuple(F(field), F("pk")), (getattr(anchor, field), anchor.pk))
