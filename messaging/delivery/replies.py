"""What telephones write back: kept as it came, once, whatever the gateway repeats."""

import re
from datetime import datetime

from messaging.delivery.models import Reply
from messaging.delivery.signals import reply_arrived
from portal.bells import ring
from portal.transactions import unit_of_work

MAX_CHARACTERS = 40_000
_INTERNATIONAL = re.compile(r"[1-9][0-9]{7,}")


@unit_of_work
def take(*, gateway: str, key: str, source: str, destination: str, text: str, received_at: datetime) -> Reply:
    """Keep a reply and return it; with a `key` of the gateway that is known, the one that was kept.

    `source` and `destination` are numbers as the network writes them: with or without "+" or "00". What is no
    international number, a short one, a name, stays as it is. The caller answers its gateway after this has been committed. A text longer than any
    telephone writes is cut at `MAX_CHARACTERS`. `ValueError` where nobody is said to have written.
    """
    if not number(source):
        raise ValueError("a reply comes from somewhere")
    reply, created = Reply.objects.get_or_create(
        gateway=gateway,
        key=_clean(key)[:128],
        defaults={
            "source": number(source),
            "destination": number(destination),
            "text": _clean(text)[:MAX_CHARACTERS],
            "received_at": received_at,
        },
    )
    if created:
        ring(reply_arrived, reply.pk)
    return reply


def number(written: str) -> str:
    """A number as gateways write it, in E.164 where it is an international one: "0039 347…", "39347…" → "+39347…"."""
    kept = "".join(_clean(written).split())[:24]
    digits = kept.removeprefix("+").removeprefix("00")
    return f"+{digits}"[:24] if _INTERNATIONAL.fullmatch(digits) else kept


def _clean(text: str) -> str:
    """PostgreSQL holds any character but one."""
    return text.replace("\0", "")
