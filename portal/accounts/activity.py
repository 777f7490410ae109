"""One's own activity, page by page out of the audit log: as fast at any depth."""

from dataclasses import dataclass
from typing import Final

from django.core import signing

from portal.accounts.models import User
from portal.audit import selectors as audit_selectors
from portal.audit import wording
from portal.audit.models import AuditEvent

PAGE_SIZE: Final = 50
# Without a moment: the same place is the same address, whenever it is written.
_SIGNER: Final = signing.Signer(salt="activity")


@dataclass(frozen=True, slots=True)
class Page:
    """Some events with their names, newest first, and the positions of the pages around; empty where there is none."""

    rows: list[tuple[AuditEvent, str]]
    previous: str = ""
    next: str = ""


def page(user: User, *, position: str) -> Page:
    """The page at `position`, as an earlier page gave it; anything else means the first."""
    where, anchor = _read(position)
    events = audit_selectors.by_person(user.pk)
    if where == "newer":
        events = events.filter(pk__gt=anchor).order_by("pk")
    elif where == "older":
        events = events.filter(pk__lt=anchor)
    found = list(events[: PAGE_SIZE + 1])
    has_more, rows = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if where == "newer":
        rows.reverse()
    return Page(
        rows=[(event, wording.action(event.action)) for event in rows],
        previous=_position("newer", rows[0]) if rows and (where == "older" or (where == "newer" and has_more)) else "",
        next=_position("older", rows[-1]) if rows and (where == "newer" or has_more) else "",
    )


def _position(where: str, event: AuditEvent) -> str:
    return _SIGNER.sign_object([where, event.pk])


def _read(position: str) -> tuple[str, int]:
    try:
        where, anchor = _SIGNER.unsign_object(position)
    except signing.BadSignature:
        return "", 0
    return str(where), int(anchor)
