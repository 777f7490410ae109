"""The life of a registration in a country: requested by a customer, forwarded to the register, decided there."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from messaging.senders import decisions, selectors
from messaging.senders.codes import RegistrationState, State
from messaging.senders.models import AliasEntry, Registration, SenderName
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

# What staff may make of a registration: an answer may be changed by a later one of the register.
NEXT: Final[dict[RegistrationState, set[RegistrationState]]] = {
    RegistrationState.REQUESTED: {RegistrationState.FORWARDED, RegistrationState.APPROVED, RegistrationState.REFUSED},
    RegistrationState.FORWARDED: {RegistrationState.APPROVED, RegistrationState.REFUSED},
    RegistrationState.APPROVED: {RegistrationState.REFUSED},
}


class NotRegistrable(Exception):
    """The country keeps no register that this sender could be entered in."""


class AlreadyThere(Exception):
    """The sender is registered in the country, or to be."""


class SenderOver(Exception):
    """The name has been refused or withdrawn; it is registered nowhere any more."""


class AliasMissing(Exception):
    """The Italian register asks who sends under a name: company, VAT number, PEC and a contact."""


class NotPossible(Exception):
    """From where the registration stands this step does not lead on."""


class ReasonMissing(Exception):
    """A refusal must say why."""


@dataclass(frozen=True, slots=True)
class Alias:
    """What the Italian register asks, each filled in."""

    company: str
    vat_number: str
    pec: str
    contact_name: str
    contact_email: str
    contact_phone: str


@unit_of_work
def request(*, sender: SenderName, country: str, alias: Alias | None, actor_id: int, now: datetime) -> Registration:
    """Ask for the entry of a sender in the register of a country; one that was refused may be asked for again.

    Raises `NotRegistrable`, `AlreadyThere`, `SenderOver`, and `AliasMissing` where the register asks for an alias.
    """
    sender = SenderName.objects.select_for_update().get(pk=sender.pk)
    if sender.state not in {State.REQUESTED, State.APPROVED}:
        raise SenderOver(sender.name)
    if country not in selectors.registrable(sender, now):
        raise NotRegistrable(country)
    if sender.registrations.filter(country=country, state__in=RegistrationState.alive()).exists():
        raise AlreadyThere(country)
    if country == selectors.ALIAS_COUNTRY and alias is None:
        raise AliasMissing(country)
    registration = Registration.objects.create(
        sender=sender, country=country, requested_by_id=actor_id, requested_at=now
    )
    if alias and country == selectors.ALIAS_COUNTRY:
        AliasEntry.objects.create(registration=registration, **asdict(alias))
    decisions.tell(sender=sender, country=country, state=RegistrationState.REQUESTED, actor_id=actor_id, now=now)
    return registration


@unit_of_work
def decide(
    *, registration: Registration, state: RegistrationState, reason: str, actor_id: int, now: datetime
) -> Registration:
    """Write down what the register, or we, said; saying the same again changes nothing.

    Raises `NotPossible`, and `ReasonMissing` for a refusal without one. The customer is told of every step.
    """
    reason = reason.strip()
    registration = Registration.objects.select_for_update(of=("self",)).select_related("sender").get(pk=registration.pk)
    if registration.state == state:
        return registration
    if state not in NEXT.get(RegistrationState(registration.state), set()):
        raise NotPossible(state)
    if state == RegistrationState.REFUSED and not reason:
        raise ReasonMissing
    _step(registration, state, reason, actor_id, now)
    sender = registration.sender
    subject = f"sender:{sender.public_id}"
    notices.announce(
        account=sender.account,
        kind=Kind.SENDER_COUNTRY,
        subject=subject,
        context={"name": sender.name, "country": registration.country, "state": state, "reason": reason},
        reference=f"registration:{registration.public_id}:{state}",
        now=now,
    )
    return registration


@unit_of_work
def withdraw(*, registration: Registration, actor_id: int, now: datetime) -> Registration:
    """Take a registration back, by its customer. Raises `NotPossible` for one that has ended."""
    registration = Registration.objects.select_for_update(of=("self",)).select_related("sender").get(pk=registration.pk)
    if registration.state not in RegistrationState.alive():
        raise NotPossible(RegistrationState.WITHDRAWN)
    return _step(registration, RegistrationState.WITHDRAWN, "", actor_id, now)


@unit_of_work
def end_all(*, sender: SenderName, actor_id: int, now: datetime) -> None:
    """Withdraw what is left of a name's registrations, when the name itself is over."""
    left = Registration.objects.select_for_update(of=("self",)).filter(
        sender=sender, state__in=RegistrationState.alive()
    )
    for registration in left.select_related("sender").order_by("pk"):
        _step(registration, RegistrationState.WITHDRAWN, "", actor_id, now)


def _step(
    registration: Registration, state: RegistrationState, reason: str, actor_id: int, now: datetime
) -> Registration:
    registration.state, registration.reason, registration.decided_at = state, reason, now
    registration.save(update_fields=["state", "reason", "decided_at"])
    decisions.tell(
        sender=registration.sender,
        country=registration.country,
        state=state,
        reason=reason,
        actor_id=actor_id,
        now=now,
    )
    return registration
