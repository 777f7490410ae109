"""The life of a sender name: requested by a customer, reviewed by staff, made the default or not, withdrawn."""

from collections.abc import Sequence
from datetime import datetime

from django.core.files.base import ContentFile
from django.db.models.functions import Lower

from messaging.senders import decisions, registrations, rules
from messaging.senders.codes import State
from messaging.senders.documents import MAX_DOCUMENTS, Paper
from messaging.senders.models import Document, SenderName
from messaging.senders.rules import NameRefused
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

__all__ = ["AlreadyRequested", "AlreadyReviewed", "NameRefused", "NotApproved", "ReasonMissing", "TooManyDocuments"]


class AlreadyRequested(Exception):
    """The account has this name already, in review or approved."""


class AlreadyReviewed(Exception):
    """The name has been approved, refused or withdrawn; a review happens once."""


class NotApproved(Exception):
    """The name is not one the account may send under."""


class ReasonMissing(Exception):
    """A refusal, or a withdrawal by staff, must say why."""


class TooManyDocuments(Exception):
    """The name has as many documents as it may have."""


@unit_of_work
def request(
    *, account: Account, name: str, purpose: str, actor_id: int, now: datetime, papers: Sequence[Paper] = ()
) -> SenderName:
    """Ask for `name`. Raises `NameRefused` (product 6.2), `AlreadyRequested` and `TooManyDocuments`."""
    name = rules.check(name)
    # Two requests for one name at once: the second waits here and finds the first.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    known = SenderName.objects.annotate(lower=Lower("name")).filter(account=account, lower=name.lower())
    if known.filter(state__in=[State.REQUESTED, State.APPROVED]).exists():
        raise AlreadyRequested(name)
    sender = SenderName.objects.create(
        account=account, name=name, purpose=purpose, requested_by_id=actor_id, requested_at=now
    )
    decisions.tell(sender=sender, state=State.REQUESTED, actor_id=actor_id, now=now)
    if papers:
        add_documents(sender=sender, papers=papers, actor_id=actor_id, now=now)
    return sender


@unit_of_work
def add_documents(*, sender: SenderName, papers: Sequence[Paper], actor_id: int, now: datetime) -> list[Document]:
    """Keep documents with a name. Raises `TooManyDocuments`, and `AlreadyReviewed` for a name that is over.

    The files are written before the transaction ends; should it fail they are left over and nothing leads to them.
    """
    sender = SenderName.objects.select_for_update().get(pk=sender.pk)
    if sender.state in {State.REFUSED, State.WITHDRAWN}:
        raise AlreadyReviewed(sender.name)
    if sender.documents.count() + len(papers) > MAX_DOCUMENTS:
        raise TooManyDocuments(sender.name)
    kept = []
    for paper in papers:
        document = Document(
            sender=sender,
            name=paper.name,
            media_type=paper.media_type,
            byte_count=len(paper.content),
            added_by_id=actor_id,
            added_at=now,
        )
        document.file.save(f"{document.public_id}", ContentFile(paper.content), save=False)
        document.save(force_insert=True)
        kept.append(document)
    audit.record(
        action="sender.documents_added",
        actor_id=actor_id,
        account_id=sender.account_id,
        subject=f"sender:{sender.public_id}",
        after={"documents": [each.name for each in kept]},
        now=now,
    )
    return kept


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
def revoke(*, sender: SenderName, reason: str, actor_id: int, now: datetime) -> SenderName:
    """Take an approved name back, and say why: from now on nothing is sent under it. Raises as `refuse` does."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    sender = _end(sender, {State.APPROVED}, reason, actor_id, now)
    _announce(sender, Kind.SENDER_WITHDRAWN, reason, now)
    return sender


@unit_of_work
def withdraw(*, sender: SenderName, actor_id: int, now: datetime) -> SenderName:
    """Give a name up, by its customer: one in review or approved. Raises `AlreadyReviewed`."""
    return _end(sender, {State.REQUESTED, State.APPROVED}, "", actor_id, now)


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
    decisions.tell(sender=sender, state=state, reason=reason, actor_id=actor_id, now=now)
    if state == State.REFUSED:
        registrations.end_all(sender=sender, actor_id=actor_id, now=now)
    _announce(sender, Kind.SENDER_APPROVED if state == State.APPROVED else Kind.SENDER_REFUSED, reason, now)
    return sender


def _end(sender: SenderName, states: set[State], reason: str, actor_id: int, now: datetime) -> SenderName:
    """Withdraw a name with all its registrations; what was the default is the portal's own number again."""
    sender = SenderName.objects.select_for_update().get(pk=sender.pk)
    if sender.state not in states:
        raise AlreadyReviewed(sender.name)
    if sender.is_default:
        set_default(account=sender.account, sender=None, actor_id=actor_id, now=now)
        sender.is_default = False
    sender.state, sender.reason, sender.withdrawn_at = State.WITHDRAWN, reason, now
    sender.save(update_fields=["state", "reason", "withdrawn_at"])
    registrations.end_all(sender=sender, actor_id=actor_id, now=now)
    decisions.tell(sender=sender, state=State.WITHDRAWN, reason=reason, actor_id=actor_id, now=now)
    return sender


def _announce(sender: SenderName, kind: Kind, reason: str, now: datetime) -> None:
    subject = f"sender:{sender.public_id}"
    notices.announce(
        account=sender.account,
        kind=kind,
        subject=subject,
        context={"name": sender.name, "reason": reason},
        reference=subject,
        now=now,
    )
