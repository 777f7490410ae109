"""The telephone network as it behaved in the demo's past: a gateway that is asked now and answers for then."""

import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from messaging.delivery import handover
from messaging.delivery.codes import State
from messaging.delivery.gateways.base import Accepted, Refused, Report, Result, Submission
from messaging.delivery.gateways.simulator import NAME

# Of a thousand messages: refused at the door, never reported, expired, not delivered. All others arrive.
_REFUSED, _SILENT, _EXPIRED, _UNDELIVERED = 4, 5, 12, 31
_REASONS: Final = {"unknown_number": 40, "absent": 35, "memory_full": 10, "barred": 10, "network_fault": 5}
# One in so many is kept for a while before it arrives, and says so.
_DETOUR = 150
_BUFFERED = timedelta(hours=24)


class PastNetwork:
    """Takes messages as the simulator does, by chance; what it would have reported is handed out by `reports`.

    It takes them at `now`. Through one that `is_kind` every message arrives.
    """

    name = NAME
    batch = handover.BATCH
    answers_lookups = True

    def __init__(self, chance: random.Random, now: datetime, *, is_kind: bool = False) -> None:
        self.now = now
        self._is_kind = is_kind
        self._chance = chance
        self._taken: dict[uuid.UUID, Result] = {}
        self._reports: list[Report] = []

    def submit(self, batch: Sequence[Submission]) -> list[Result]:
        """Take the messages."""
        results = [self._take(each.key) for each in batch]
        self._taken.update((result.key, result) for result in results)
        return results

    def lookup(self, keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, Result]:
        """Say what became of the keys."""
        return {key: self._taken[key] for key in keys if key in self._taken}

    def reports(self, until: datetime) -> list[Report]:
        """Hand out what is reported before `until`, in order; each report once."""
        due = [report for report in self._reports if report.reported_at < until]
        self._reports = [report for report in self._reports if report.reported_at >= until]
        return sorted(due, key=lambda report: report.reported_at)

    def _take(self, key: uuid.UUID) -> Result:
        dice = 1000 if self._is_kind else self._chance.randrange(1000)
        if dice < _REFUSED:
            return Refused(key, "unknown_number")
        message_id = f"{self._chance.getrandbits(80):020x}"
        self._decide(message_id, dice - _REFUSED)
        return Accepted(key, message_id)

    def _decide(self, message_id: str, dice: int) -> None:
        soon = min(1 + self._chance.expovariate(1 / 3), 14)
        if dice < _SILENT:
            return
        if dice < _SILENT + _EXPIRED:
            self._report(message_id, State.ACCEPTED, soon)
            self._report(message_id, State.EXPIRED, soon + _BUFFERED.total_seconds(), "absent")
        elif dice < _SILENT + _EXPIRED + _UNDELIVERED:
            reason = self._chance.choices(list(_REASONS), list(_REASONS.values()))[0]
            self._report(message_id, State.UNDELIVERED, soon, reason)
        elif dice % _DETOUR == 0:
            self._report(message_id, State.ACCEPTED, soon)
            self._report(message_id, State.DELIVERED, soon + self._chance.uniform(30, 170))
        else:
            self._report(message_id, State.DELIVERED, soon)

    def _report(self, message_id: str, state: State, seconds: float, reason: str = "") -> None:
        self._reports.append(Report(message_id, state, reason, self.now + timedelta(seconds=seconds)))
