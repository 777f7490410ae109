"""Texts from telephones over a protocol that gives them no name of their own: joined where long, and taken once.

SMPP sends a text again when our answer got lost, and calls it by no id. The same text from the same telephone to the same
number within five to ten minutes is taken for such a repetition.
"""

import hashlib
from datetime import datetime, timedelta

from messaging.delivery import replies
from messaging.delivery.models import Reply, ReplyPart
from messaging.delivery.smpp import text
from messaging.delivery.smpp.text import Place
from portal.transactions import unit_of_work

# The parts of a text come within seconds; what has not come by then is not waited for.
JOIN_WITHIN = timedelta(minutes=30)
_REPEATED_WITHIN = timedelta(minutes=5)
_KEEP_JOINED = timedelta(days=1)
_MISSING = "[…]"


@unit_of_work
def take(
    *, gateway: str, source: str, destination: str, octets: bytes, data_coding: int, place: Place | None, now: datetime
) -> None:
    """Keep a text or, with a place, a part of one. It is committed when this returns; `ValueError` as `replies.take`."""
    if place is None:
        said = text.read(octets, data_coding)
        _take_once(gateway=gateway, source=source, destination=destination, said=said, now=now)
        return
    telephone = {"gateway": gateway, "source": replies.number(source), "destination": replies.number(destination)}
    parts = ReplyPart.objects.filter(**telephone, reference=place.reference, part_count=place.total)
    # The reference has come round: what is left of its last use belongs to another text.
    _join(list(parts.filter(received_at__lte=now - JOIN_WITHIN, reply=None).select_for_update()), now=now)
    parts.filter(received_at__lte=now - JOIN_WITHIN).delete()
    ReplyPart.objects.get_or_create(
        **telephone,
        reference=place.reference,
        part_count=place.total,
        number=place.number,
        defaults={"data_coding": data_coding, "octets": octets, "received_at": now},
    )
    here = list(parts.filter(reply=None).select_for_update())
    if len(here) == place.total:
        _join(here, now=now)


@unit_of_work
def give_up_waiting(*, now: datetime) -> int:
    """Make replies of long texts whose last part did not come, and forget parts that were joined; return how many replies."""
    late = ReplyPart.objects.filter(received_at__lte=now - JOIN_WITHIN, reply=None)
    found: dict[tuple[str, str, str, int, int], list[ReplyPart]] = {}
    for part in late.order_by("pk").select_for_update(skip_locked=True)[:1000]:
        key = (part.gateway, part.source, part.destination, part.reference, part.part_count)
        found.setdefault(key, []).append(part)
    for parts in found.values():
        _join(parts, now=now)
    ReplyPart.objects.filter(received_at__lte=now - _KEEP_JOINED, reply__isnull=False).delete()
    return len(found)


def _join(parts: list[ReplyPart], *, now: datetime) -> None:
    """Make a reply of the parts, in their order; a run of missing ones is shown."""
    if not parts:
        return
    parts.sort(key=lambda part: part.number)
    first, said, octets, expected = parts[0], "", b"", 1
    for part in parts:
        if part.number != expected:
            said, octets = said + text.read(octets, first.data_coding) + _MISSING, b""
        octets, expected = octets + bytes(part.octets), part.number + 1
    said += text.read(octets, first.data_coding) + (_MISSING if expected <= first.part_count else "")
    reply = _take_once(
        gateway=first.gateway, source=first.source, destination=first.destination, said=said, now=first.received_at
    )
    ReplyPart.objects.filter(pk__in=[part.pk for part in parts]).update(reply=reply)


def _take_once(*, gateway: str, source: str, destination: str, said: str, now: datetime) -> Reply:
    words = "\n".join((replies.number(source), replies.number(destination), said))
    digest = hashlib.sha256(words.encode(errors="replace")).hexdigest()[:40]
    period = int(now.timestamp() // _REPEATED_WITHIN.total_seconds())
    earlier = Reply.objects.filter(gateway=gateway, key=f"{digest}:{period - 1}").first()
    return earlier or replies.take(
        gateway=gateway,
        key=f"{digest}:{period}",
        source=source,
        destination=destination,
        text=said,
        received_at=now,
    )
