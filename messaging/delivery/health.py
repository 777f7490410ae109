"""How the gateways do: what is counted of each, when one rests, and when another goes before it.

A gateway that cannot be reached rests for a while that grows with each failure. One that can, but with which too
much goes wrong, is demoted: for a while, twice as long each time, other routes go first. After that it is tried again.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Coalesce

from messaging.delivery.gateways import Configured, configured
from messaging.delivery.models import GatewayMinute, GatewayState
from portal.transactions import unit_of_work

# A process says so often that it is there; without a word for so long it is gone.
ALIVE = timedelta(seconds=20)
WINDOW = timedelta(minutes=5)
KEPT = timedelta(days=90)
# Of so many messages in the window, in so many calls, this share must have gone wrong.
FEWEST_MESSAGES, FEWEST_CALLS, WORST_PER_CENT = 20, 3, 30
_FIRST_REST, _LONGEST_REST = timedelta(seconds=2), timedelta(minutes=5)
_FIRST_DEMOTION, _LONGEST_DEMOTION = timedelta(minutes=1), timedelta(hours=1)

_COUNTED = (
    "accepted_count",
    "refused_count",
    "fault_count",
    "fault_call_count",
    "delivered_count",
    "undelivered_count",
)
_COUNT = """
    INSERT INTO delivery_gatewayminute AS kept (
           gateway, minute, accepted_count, refused_count, fault_count, fault_call_count, delivered_count,
           undelivered_count)
    VALUES (%s, date_trunc('minute', %s), %s, %s, %s, %s, %s, %s)
        ON CONFLICT (gateway, minute) DO UPDATE
       SET accepted_count = kept.accepted_count + excluded.accepted_count,
           refused_count = kept.refused_count + excluded.refused_count,
           fault_count = kept.fault_count + excluded.fault_count,
           fault_call_count = kept.fault_call_count + excluded.fault_call_count,
           delivered_count = kept.delivered_count + excluded.delivered_count,
           undelivered_count = kept.undelivered_count + excluded.undelivered_count
"""


class Standing(StrEnum):
    """Whether messages go over a gateway now; a demoted one gets what no other takes."""

    OPEN = "open"
    DEMOTED = "demoted"
    RESTING = "resting"
    GONE = "gone"
    PAUSED = "paused"


# A gateway that stands so gets nothing.
CLOSED = frozenset({Standing.RESTING, Standing.GONE, Standing.PAUSED})


def standing(gateway: Configured, state: GatewayState | None, now: datetime) -> Standing:
    """How a gateway stands at `now`; without a state it has not been used yet."""
    if state and state.is_paused:
        return Standing.PAUSED
    if not gateway.is_called and not (state and state.alive_until and state.alive_until > now):
        return Standing.GONE
    if state and not state.is_open(now):
        return Standing.RESTING
    return Standing.DEMOTED if state and state.is_demoted(now) else Standing.OPEN


def standings(now: datetime) -> dict[str, Standing]:
    """How every configured gateway stands, by name."""
    states = {state.name: state for state in GatewayState.objects.all()}
    return {name: standing(gateway, states.get(name), now) for name, gateway in configured().items()}


def count(gateway: str, now: datetime, **counts: int) -> None:
    """Add to what the gateway did in this minute; the names are those of `GatewayMinute`."""
    if any(counts.values()):
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [gateway, now, *(counts.get(name, 0) for name in _COUNTED)])


_ANSWERED = """
    INSERT INTO delivery_gatewaystate AS kept (
           name, is_paused, failure_count, last_error, demotion_count, demoted_faults, demoted_of, last_ok_at)
    VALUES (%(gateway)s, false, 0, '', 0, 0, 0, %(now)s)
        ON CONFLICT (name) DO UPDATE SET failure_count = 0, retry_at = NULL, last_ok_at = excluded.last_ok_at
    RETURNING demotion_count
"""


def answered(gateway: str, now: datetime) -> bool:
    """The gateway has answered: it rests no longer. Return whether it has been demoted and is not yet forgiven."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, {"gateway": gateway, "now": now})
        return bool(cursor.fetchone()[0])


def failed(gateway: str, error: str, now: datetime, *, rests: bool = True) -> None:
    """The gateway could not be reached, or did not answer: it is left alone for a while that grows."""
    state = _locked(gateway)
    state.failure_count += 1
    state.last_error_at, state.last_error = now, error[:200]
    if rests:
        state.retry_at = now + min(_FIRST_REST * 2 ** min(state.failure_count - 1, 10), _LONGEST_REST)
    state.save(update_fields=["failure_count", "retry_at", "last_error_at", "last_error"])


@unit_of_work
def connected(*, gateway: str, now: datetime) -> None:
    """The gateway's process has a session; it says so every few seconds."""
    seen = {"failure_count": 0, "retry_at": None, "alive_until": now + ALIVE, "last_ok_at": now}
    GatewayState.objects.update_or_create(name=gateway, defaults=seen)


@unit_of_work
def disconnected(*, gateway: str, error: str, now: datetime) -> None:
    """The gateway's process lost its session, or could not begin one; with "" it ended by itself."""
    if error:
        failed(gateway, error, now, rests=False)
    GatewayState.objects.filter(name=gateway).update(alive_until=None)


def judge(gateway: str, now: datetime) -> None:
    """Demote the gateway if too much of the last minutes went wrong; forget its past if they went well."""
    state = _locked(gateway)
    if state.is_demoted(now):
        return
    faults, calls, of = _recent(state, now)
    if of < FEWEST_MESSAGES:
        return
    if calls >= FEWEST_CALLS and faults * 100 >= WORST_PER_CENT * of:
        period = min(_FIRST_DEMOTION * 2 ** min(state.demotion_count, 10), _LONGEST_DEMOTION)
        state.demotion_count += 1
        state.demoted_at, state.demoted_until = now, now + period
        state.demoted_faults, state.demoted_of = faults, of
    elif state.demoted_until and state.demoted_until <= now - WINDOW:
        state.demotion_count = 0
    state.save(update_fields=["demotion_count", "demoted_at", "demoted_until", "demoted_faults", "demoted_of"])


@unit_of_work
def forget(*, now: datetime) -> int:
    """Delete the minutes that nobody asks about any more, and return how many."""
    return GatewayMinute.objects.filter(minute__lt=now - KEPT).delete()[0]


def _recent(state: GatewayState, now: datetime) -> tuple[int, int, int]:
    """Faults, calls with faults, and messages tried in the window, or since the last demotion ended."""
    since = now - WINDOW
    if state.demoted_until:
        since = max(since, state.demoted_until)
    done = GatewayMinute.objects.filter(gateway=state.name, minute__gte=since).aggregate(
        faults=Coalesce(Sum("fault_count"), 0),
        calls=Coalesce(Sum("fault_call_count"), 0),
        accepted=Coalesce(Sum("accepted_count"), 0),
        refused=Coalesce(Sum("refused_count"), 0),
    )
    return done["faults"], done["calls"], done["faults"] + done["accepted"] + done["refused"]


def _locked(gateway: str) -> GatewayState:
    GatewayState.objects.get_or_create(name=gateway)
    return GatewayState.objects.select_for_update().get(name=gateway)
