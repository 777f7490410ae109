"""What the pages of campaigns show, put into words and rows; nothing is decided here."""

import json
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from messaging.campaigns.models import Campaign
from messaging.campaigns.pricer import LeftOut, Reason
from messaging.campaigns.quote import Problem, Quote
from messaging.contacts import faults
from messaging.delivery.codes import CHARGED, OPEN, State
from messaging.delivery.history import KINDS
from messaging.delivery.selectors import Progress
from messaging.encoding.numbers import international
from messaging.encoding.segments import CostlyCharacter, Encoding, costly_characters

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
class Costly:
    """The characters that keep a text from the GSM alphabet, each once, and what could stand instead (JSON)."""

    characters: list[CostlyCharacter]
    replacements: str
    can_all_go: bool


def costly(text: str) -> Costly:
    """Name each costly character of `text` once."""
    found = {each.char: each for each in costly_characters(text)}
    instead = {char: each.replacement for char, each in found.items() if each.replacement is not None}
    return Costly(list(found.values()), json.dumps(instead), bool(found) and len(instead) == len(found))


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


def pace(campaign: Campaign, progress: Progress) -> str:
    """How often the page looks again, in htmx's words; empty when nothing more is to come."""
    if not campaign.is_finished:
        return "every 2s"
    return "every 10s" if progress.accepted else ""
