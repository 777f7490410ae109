"""The story of a sender name in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from messaging.senders.codes import KINDS, RegistrationState, State
from messaging.senders.models import Decision
from portal.templatetags.formats import country_name


@dataclass(frozen=True, slots=True)
class Step:
    """One step as a customer reads it: the badge, the sentence, the reason if there was one, and when."""

    kind: str
    sentence: str
    reason: str
    at: datetime


def step(decision: Decision) -> Step:
    """Put a step into words. Staff have no names here: the customer reads that we did it."""
    by_us = decision.decided_by is None or decision.decided_by.is_staff
    return Step(KINDS[decision.state], _sentence(decision, by_us), decision.reason, decision.decided_at)


def _sentence(decision: Decision, by_us: bool) -> str:
    named = {"country": country_name(decision.country), "person": decision.decided_by}
    if decision.country:
        sentences = {
            RegistrationState.REQUESTED: _("Registration in %(country)s requested by %(person)s"),
            RegistrationState.FORWARDED: _("Forwarded to the register of %(country)s"),
            RegistrationState.APPROVED: _("Registered in %(country)s"),
            RegistrationState.REFUSED: _("Registration in %(country)s refused"),
            RegistrationState.WITHDRAWN: _("Registration in %(country)s withdrawn"),
        }
        return sentences[RegistrationState(decision.state)] % named
    if decision.state == State.WITHDRAWN and by_us:
        return _("Withdrawn by us")
    sentences_of_names = {
        State.REQUESTED: _("Requested by %(person)s"),
        State.APPROVED: _("Approved after our review"),
        State.REFUSED: _("Refused after our review"),
        State.WITHDRAWN: _("Withdrawn by %(person)s"),
    }
    return sentences_of_names[State(decision.state)] % named
