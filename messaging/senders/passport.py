"""What will happen to a sender in one country, and why: decided without a database (product 6.4, 6.5)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from messaging.encoding import numbers
from messaging.senders.codes import OUTCOME_KINDS, Outcome, Reception, RegistrationState
from messaging.senders.periods import Terms


@dataclass(frozen=True, slots=True)
class PassportLine:
    """One country of a list. `shown_as` is what telephones show, as it stands on a page; `why` is a sentence for it.

    Without `may_send` the networks there would block the message: the country is skipped, or another sender chosen.
    """

    country: str
    recipient_count: int
    outcome: Outcome
    shown_as: str
    may_send: bool
    why: str

    @property
    def kind(self) -> str:
        """The badge of the outcome."""
        return OUTCOME_KINDS[self.outcome]

    @property
    def label(self) -> str:
        """The outcome in words."""
        return str(self.outcome.label)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose passport it is: a name or a number; the portal's own number is nobody's.

    `standing` is why an account's sender may not be used at all, as a sentence; "" where it may.
    """

    shown: str
    portal_number: str
    is_own: bool = True
    standing: str = ""

    @property
    def is_number(self) -> bool:
        return self.shown.startswith("+")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a sender stands with the register of a country: its newest registration, and the last answer it was given."""

    newest: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    shown_as: str
    may_send: bool
    why: str


def judge(bearer: Bearer, terms: Terms | None, standing: Standing, *, country_name: str) -> Verdict:
    """Say what a country does with the sender. One without terms is unknown.

    A register's refusal counts even where nobody had to ask, and until the register says something else.
    """
    if bearer.standing:
        return Verdict(Outcome.REFUSED, "", False, bearer.standing)
    named = {"country": country_name}
    reception = _reception(bearer, terms)
    if standing.answer == RegistrationState.REFUSED and (
        standing.newest == RegistrationState.REFUSED or reception != Reception.REGISTRATION
    ):
        return Verdict(Outcome.REFUSED, "", False, _("The register of %(country)s has refused this sender.") % named)
    if terms is None:
        return _unknown(bearer, named)
    if standing.newest == RegistrationState.APPROVED and reception in {Reception.YES, Reception.REGISTRATION}:
        why = _("This sender is registered in %(country)s.") % named
        return Verdict(Outcome.REGISTERED, numbers.international(bearer.shown), True, why)
    if reception == Reception.YES:
        return Verdict(
            Outcome.KEPT, numbers.international(bearer.shown), True, _("Networks in %(country)s keep it.") % named
        )
    if reception == Reception.REGISTRATION and bearer.is_own:
        return Verdict(Outcome.NEEDS_REGISTRATION, "", False, _waiting(standing, named))
    if reception in {Reception.NO, Reception.LIMITED}:
        return _replaced(bearer, terms, reception, named)
    return _unknown(bearer, named)


def _reception(bearer: Bearer, terms: Terms | None) -> Reception:
    if terms is None:
        return Reception.UNKNOWN
    return terms.numeric if bearer.is_number else terms.alphanumeric


def _waiting(standing: Standing, named: dict[str, str]) -> str:
    if standing.newest == RegistrationState.REQUESTED:
        return _("%(country)s blocks senders that are not registered; your request waits for its review.") % named
    if standing.newest == RegistrationState.FORWARDED:
        return _("%(country)s blocks senders that are not registered; the register has not answered yet.") % named
    return _("%(country)s blocks senders that are not registered. Register it, or skip the country.") % named


def _replaced(bearer: Bearer, terms: Terms, reception: Reception, named: dict[str, str]) -> Verdict:
    takes_ours = not bearer.is_number and terms.numeric == Reception.YES
    shown_as = numbers.international(bearer.portal_number) if takes_ours else _("a number of the network")
    if reception == Reception.LIMITED:
        why = _("Some networks in %(country)s keep it, the others show a number.") % named
    elif bearer.is_number:
        why = _("Networks in %(country)s show a number of their own instead.") % named
    else:
        why = _("Networks in %(country)s do not show names.") % named
    return Verdict(Outcome.REPLACED, shown_as, True, why)


def _unknown(bearer: Bearer, named: dict[str, str]) -> Verdict:
    why = _("What networks in %(country)s do with it is not known: it may be kept, replaced or blocked.") % named
    return Verdict(Outcome.UNKNOWN, numbers.international(bearer.shown), True, why)
