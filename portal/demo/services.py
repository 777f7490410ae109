"""Loading the demo: once, whole or not at all."""

import random
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import F

from billing.pricing import files as price_files
from billing.pricing import services as pricing
from messaging.senders import countries, rule_file
from portal.accounts.models import User
from portal.audit import services as audit
from portal.audit.models import AuditEvent
from portal.bells import silence
from portal.demo import bank, present, receipts
from portal.demo.cast import CUSTOMERS, PASSWORD, everybody
from portal.demo.history import History
from portal.demo.network import PastNetwork
from portal.demo.opening import open_operator
from portal.demo.past import Past
from portal.demo.timeline import Timeline
from portal.notices.codes import State
from portal.notices.models import Notice
from portal.transactions import unit_of_work

_SEED: Final = 1987
_LOADED: Final = "demo.loaded"
# The number by which PostgreSQL knows that somebody loads the demo.
_LOCK: Final = 0x5A1D0


def is_loaded() -> bool:
    """Whether the demo has been loaded into this database."""
    return AuditEvent.objects.filter(action=_LOADED).exists()


@unit_of_work
def load(*, now: datetime) -> bool:
    """Load the demo, everything in it relative to `now`; False when it is there. Two at once load it once.

    The past rings no bells; the message that is sent at last does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if is_loaded():
        return False
    with silence():
        past, history = _tell(now)
        # What the past told by e-mail was read long ago.
        Notice.objects.update(state=State.SENT, attempt_count=1, sent_at=F("created_at"))
    present.send(past, history)
    audit.record(action=_LOADED, actor_id=None, now=now)
    return True


def _tell(now: datetime) -> tuple[Past, History]:
    """Play everything that happened before `now`."""
    chance = random.Random(_SEED)  # noqa: S311 - the same story each time
    first = now - timedelta(days=max(firm.opened for firm in CUSTOMERS) + 1)
    pricing.load(files=price_files.read(price_files.SUPPLIED), actor_id=None, now=first)
    countries.load(rows=rule_file.read(), actor_id=None, now=first)
    past = Past(
        timeline=Timeline(now),
        network=PastNetwork(chance, first),
        kind_network=PastNetwork(chance, first, is_kind=True),
        operator=open_operator(now=first),
        chance=chance,
    )
    history = History(past, now)
    history.begin()
    present.begin(past, history)
    bank.begin(past, history)
    past.timeline.play()
    receipts.bring(past, first=first)
    # One password, hashed once: hashing is slow on purpose.
    emails = [person.email for person in everybody()]
    User.objects.filter(email__in=emails).update(password=make_password(PASSWORD))
    return past, history
