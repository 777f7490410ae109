"""What the pages of campaigns show, put into words and rows; nothing is decided here."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from messaging.campaigns.codes import State as CampaignState
from messaging.campaigns.merge import Template
from messaging.campaigns.models import Campaign
from messaging.campaigns.pricer import LeftOut, Reason
from messaging.campaigns.quote import Problem, Quote
from messaging.campaigns.selectors import Preview
from messaging.campaigns.surgeon import Cut, Operation, examine
from messaging.contacts import faults
from messaging.contacts.selectors import NAME
from messaging.delivery.codes import CHARGED, OPEN, State
from messaging.delivery.history import KINDS
from messaging.delivery.reasons import REASONS as REASONS_OF_DELIVERY
from messaging.delivery.selectors import Progress, Returned
from messaging.encoding.numbers import international
from messaging.encoding.segments import Encoding

# So many costly characters are priced row by row while somebody types.
_PRICED = 6

ENCODINGS = {Encoding.GSM7: _("GSM alphabet"), Encoding.UCS2: _("Unicode")}

PROBLEMS = {
    Problem.NO_TEXT: _("There is no text to send."),
    Problem.TEXT_TOO_LONG: _("The text is too long: at most 6 segments can be sent. Shorten it."),
    Problem.NO_RECIPIENTS: _("Nobody would receive this message."),
    Problem.MISSING_FIELDS: _("Some recipients miss what the text names. Decide below what they get."),
}

REASONS = {
    Reason.DUPLICATE: _("Written more than once"),
    Reason.OPTED_OUT: _("Opted out of your messages"),
    Reason.UNRATED: _("We do not deliver to this country"),
    Reason.SKIPPED: _("In a country you skip"),
    Reason.MISSING_FIELD: _("Without a field the text names"),
}


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why some get nothing: how many, some of them, and whether the reason stands beside each."""

    title: object
    count: int
    examples: list[tuple[str, str]]

    @property
    def more_count(self) -> int:
        """How many are not shown."""
        return self.count - len(self.examples) if self.examples else 0


def field_words(names: list[str]) -> list[str]:
    """What a text may name, the contact's name in the reader's language where no column of the list is called so."""
    word = pgettext("merge field", "name")
    is_taken = word.casefold() in (name.casefold() for name in names)
    return names if is_taken else [word if name == NAME else name for name in names]


def exclusions(quote: Quote) -> list[Exclusion]:
    """Everybody who is left out, by reason; reasons without anybody are not listed."""
    named = [
        Exclusion(title, quote.counts.get(reason, 0), _written(quote.examples.get(reason, ())))
        for reason, title in REASONS.items()
    ]
    every = [Exclusion(_("No telephone number"), quote.invalid_count, faults.shown(quote.invalid)), *named]
    return [exclusion for exclusion in every if exclusion.count]


def _written(some: tuple[LeftOut, ...]) -> list[tuple[str, str]]:
    return [(international(each.number), each.detail) for each in some]


@dataclass(frozen=True, slots=True)
class CutRow:
    """A costly character on the page, and what it costs on this list, in units."""

    cut: Cut
    units: int


@dataclass(frozen=True, slots=True)
class Surgery:
    """The costly characters of a text with their price on this list; `units` is what all that can go would save."""

    rows: list[CutRow]
    operation: Operation
    units: int
    is_unicode: bool


def surgery(text: str, preview: Preview) -> Surgery:
    """What each costly character of `text` costs on the list that is previewed: the same texts, priced without it."""
    operation = examine(text)
    now = preview.quote.total_units
    if Template(text).fields:
        costs = [now - preview.units(cut.without(text)) for cut in operation.cuts[:_PRICED]]
        saved = now - preview.units(operation.replaced(text)) if operation.helps else 0
    else:
        # One text for everybody: the lines say what one more segment in every message costs.
        lines = preview.quote.lines
        a_segment = sum(line.units * line.recipient_count // max(line.segment_count, 1) for line in lines)
        costs = [cut.saved * a_segment for cut in operation.cuts]
        saved = operation.saved * a_segment
    costs += [0] * (len(operation.cuts) - len(costs))
    rows = [CutRow(cut, max(units, 0)) for cut, units in zip(operation.cuts, costs, strict=True)]
    return Surgery(rows, operation, max(saved, 0), preview.quote.segments.encoding is Encoding.UCS2)


@dataclass(frozen=True, slots=True)
class StateRow:
    """How many messages of a campaign are in a state, what that means for their price, and where they are listed."""

    kind: str
    label: object
    count: int
    price: object
    url: str


def state_rows(campaign: Campaign, progress: Progress) -> list[StateRow]:
    """The states with somebody in them, in the order of a message's way."""
    history = reverse("messages", args=[campaign.account.public_id])
    rows = [(state, getattr(progress, state.value)) for state in State]
    return [
        StateRow(
            KINDS[state], state.label, count, _price(state), f"{history}?campaign={campaign.public_id}&state={state}"
        )
        for state, count in rows
        if count
    ]


def _price(state: State) -> object:
    if state in OPEN:
        return _("Held")
    return _("Charged") if state in CHARGED else _("Returned")


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """How many messages came back for a reason, and their price in units."""

    reason: object
    count: int
    units: int


def returned_rows(campaign: Campaign, returned: list[Returned]) -> list[ReturnedRow]:
    """Why credits came back, line by line: refused for this or that, cancelled, gone before the list was read."""
    rows = [ReturnedRow(_why(each), each.count, each.units) for each in returned]
    left_count = campaign.recipient_count - campaign.prepared_count
    if left_count and campaign.prepared_count and campaign.state != CampaignState.PREPARING:
        left_units = campaign.held_units - campaign.prepared_units
        rows.append(ReturnedRow(_("Opted out or left the list since the quote"), left_count, left_units))
    return rows


def _why(returned: Returned) -> object:
    reason = REASONS_OF_DELIVERY.get(returned.error_code)
    return reason.what if reason else State(returned.state).label


def may_cancel(campaign: Campaign, progress: Progress) -> bool:
    """Whether anything is left that a cancellation would keep from leaving."""
    is_under_way = campaign.state in (CampaignState.SENDING, CampaignState.PAUSED)
    return campaign.state == CampaignState.PREPARING or (is_under_way and progress.waiting > 0)


def is_planned(campaign: Campaign, now: datetime) -> bool:
    """Whether it waits for a moment that somebody chose, and not only for the end of its undo window."""
    is_early = campaign.state == CampaignState.SENDING and now < campaign.starts_at
    return is_early and hasattr(campaign, "draft") and campaign.draft.starts_at is not None


def undo_until(campaign: Campaign, now: datetime) -> datetime | None:
    """Until when all of it can be taken back; None when that is over."""
    is_early = campaign.state in (CampaignState.PREPARING, CampaignState.SENDING) and now < campaign.starts_at
    return campaign.starts_at if is_early and hasattr(campaign, "draft") else None


def pace(campaign: Campaign, progress: Progress) -> str:
    """How often the page looks again, in htmx's words; empty when nothing more is to come."""
    if campaign.state == CampaignState.PAUSED:
        return "every 10s"
    if not campaign.is_finished:
        return "every 2s"
    return "every 10s" if progress.accepted else ""
