"""The life of a sender name: requested by a customer, reviewed once by staff, made the default or not."""

from datetime import datetime

from django.db.models.functions import Lower

from messaging.senders import rules
from messaging.senders.codes import State
from messaging.senders.models import SenderName
from messaging.senders.rules import NameRefused
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

__all__ = ["AlreadyRequested", "AlreadyReviewed", "NameRefused", "NotApproved", "ReasonMissing"]


class AlreadyRequested(Exception):
    """The account has this name already, in review or approved."""


class AlreadyReviewed(Exception):
    """The name has been approved or refused; a review happens once."""


class NotApproved(Exception):
    """The name is not one the account may send under."""


class ReasonMissing(Exception):
    """A refusal must say why."""


@unit_of_work
def request(*, account: Account, name: str, purpose: str, actor_id: int, now: datetime) -> SenderName:
    """Ask for `name`. Raises `NameRefused` (product 6.2) and `AlreadyRequested`."""
    name = rules.check(name)
    # Two requests for one name at once: the second waits here and finds the first.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    known = SenderName.objects.annotate(lower=Lower("name")).filter(account=account, lower=name.lower())
    if known.exclude(state=State.REFUSED).exists():
        raise AlreadyRequested(name)
    sender = SenderName.objects.create(
        account=account,
        name=name,
        folded_name=rules.fold(name),
        purpose=purpose,
        requested_by_id=actor_id,
        requested_at=now,
    )
    _record("requested", sender, actor_id, now)
    return sender


@unit_of_work
def approve(*, sender: SenderName, actor_id: int, now: datetime) -> SenderName:
    """Let the account send under the name. Raises `AlreadyReviewed`; approving what is approved changes nothing."""
    return _review(sender, State.APPROVED, "", actor_id, now)


@unit_of_work
def refuse(*, sender: SenderName, reason: str, actor_id: int, now: datetime) -> SenderName:
    """Say no, and why: the customer reads `reason`. Raises `AlreadyReviewed`, `ReasonMissing`."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    return _review(sender, State.REFUSED, reason, actor_id, now)


@unit_of_work
def set_default(*, account: Account, sender: SenderName | None, actor_id: int, now: datetime) -> None:
    """Send under `sender` unless told otherwise; None means the portal's own number. Raises `NotApproved`."""
    mine = {each.pk: each for each in SenderName.objects.select_for_update().filter(account=account).order_by("pk")}
    chosen = mine.get(sender.pk) if sender else None
    if sender and (chosen is None or chosen.state != State.APPROVED):
        raise NotApproved(sender.name)
    before = next((each.name for each in mine.values() if each.is_default), "")
    after = chosen.name if chosen else ""
    if before == after:
        return
    SenderName.objects.filter(account=account, is_default=True).update(is_default=False)
    if chosen:
        SenderName.objects.filter(pk=chosen.pk).update(is_default=True)
    audit.record(
        action="sender.default_changed",
        actor_id=actor_id,
        account_id=account.pk,
        before={"name": before},
        after={"name": after},
        now=now,
    )


def _review(sender: SenderName, state: State, reason: str, actor_id: int, now: datetime) -> SenderName:
    sender = SenderName.objects.select_for_update().get(pk=sender.pk)
    if sender.state == state:
        return sender
    if sender.state != State.REQUESTED:
        raise AlreadyReviewed(sender.name)
    sender.state = state
    sender.reason = reason
    sender.reviewed_by_id = actor_id
    sender.reviewed_at = now
    sender.save(update_fields=["state", "reason", "reviewed_by", "reviewed_at"])
    _record(state, sender, actor_id, now)
    subject = f"sender:{sender.public_id}"
    notices.announce(
        account=sender.account,
        kind=Kind.SENDER_APPROVED if state == State.APPROVED else Kind.SENDER_REFUSED,
        subject=subject,
        context={"name": sender.name, "reason": reason},
        reference=subject,
        now=now,
    )
    return sender


def _record(verb: str, sender: SenderName, actor_id: int, now: datetime) -> None:
    audit.record(
        action=f"sender.{verb}",
        actor_id=actor_id,
        account_id=sender.account_id,
        subject=f"sender:{sender.public_id}",
        after={"name": sender.name, "state": sender.state, "reason": sender.reason},
        now=now,
    )
