"""Brings receipts and replies to the portal: signed, in small batches, again until each is heard."""

import hashlib
import heapq
import hmac
import json
import logging
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from messaging.delivery.simulator.memory import Memory, Taken
from messaging.delivery.simulator.network import Receipt

logger = logging.getLogger(__name__)

BATCH = 100
_AGAIN_AFTER, _LONGEST_WAIT = 2.0, 60.0

# A telephone answers so many seconds after its message has come.
_THINKING = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a telephone writes: from whom, to which number or name."""

    source: str
    destination: str
    text: str


# When, which message (or reply), which of its receipts, what to bring, how often it was tried.
_Parcel = tuple[float, str, int, Receipt | Answer, int]


class Postman(threading.Thread):
    """A thread that sends what is due. `pace` stretches (above 1) or shortens (below 1) every wait of a receipt.

    Receipts go to `webhook`, replies to `replies`; without an address they are dropped.
    """

    def __init__(self, memory: Memory, *, webhook: str, secret: str, pace: float, replies: str = "") -> None:
        super().__init__(name="postman", daemon=True)
        self._memory, self._secret, self._pace = memory, secret, pace
        self._webhook, self._replies = webhook, replies
        self._parcels: list[_Parcel] = []
        self._wake = threading.Condition()
        self._is_dismissed = False
        self._client = httpx.Client(
            timeout=httpx.Timeout(10, connect=2), limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
        )

    def plan(self, taken: Taken, receipts: Sequence[Receipt], answer: str = "") -> None:
        """Send these receipts of a message, and its telephone's answer, when their time comes; what was heard not again."""
        parcels: list[tuple[float, Receipt | Answer]] = [(each.after, each) for each in receipts]
        if answer:
            last = max((each.after for each in receipts), default=0.0)
            parcels.append((last + _THINKING, Answer(taken.recipient, taken.sender, answer)))
        with self._wake:
            for number, (after, parcel) in enumerate(parcels):
                if number not in taken.reported:
                    due = taken.taken_at + after * self._pace
                    heapq.heappush(self._parcels, (due, taken.message_id, number, parcel, 0))
            self._wake.notify()

    def bring(self, answer: Answer) -> str:
        """Have a telephone write now, and return what the network calls its message."""
        id = uuid.uuid4().hex[:20]
        with self._wake:
            heapq.heappush(self._parcels, (time.time(), id, 0, answer, 0))
            self._wake.notify()
        return id

    def send_now(self, parcels: Sequence[tuple[Taken, int, Receipt]]) -> bool:
        """Send receipts at once; False when they were not heard, and must be planned."""
        due = time.time()
        return not self._deliver([(due, taken.message_id, number, receipt, 0) for taken, number, receipt in parcels])

    def run(self) -> None:
        """Send until dismissed."""
        while not self._is_dismissed:
            self._put_back(self._deliver(self._due()))

    def dismiss(self) -> None:
        """Send nothing more. Returns when what is on its way has arrived."""
        with self._wake:
            self._is_dismissed = True
            self._wake.notify()
        if self.is_alive():
            self.join()

    def _due(self) -> list[_Parcel]:
        """Wait until something is due, and take it."""
        with self._wake:
            while not self._is_dismissed and (not self._parcels or self._parcels[0][0] > time.time()):
                self._wake.wait(self._parcels[0][0] - time.time() if self._parcels else None)
            batch: list[_Parcel] = []
            while (
                not self._is_dismissed and self._parcels and self._parcels[0][0] <= time.time() and len(batch) < BATCH
            ):
                batch.append(heapq.heappop(self._parcels))
            return batch

    def _put_back(self, batch: Sequence[_Parcel]) -> None:
        with self._wake:
            for _, message_id, number, receipt, tries in batch:
                wait = min(_AGAIN_AFTER * 2**tries, _LONGEST_WAIT)
                heapq.heappush(self._parcels, (time.time() + wait, message_id, number, receipt, min(tries + 1, 10)))

    def _deliver(self, batch: Sequence[_Parcel]) -> list[_Parcel]:
        """Bring the parcels, and return those that were not heard."""
        at = datetime.now(UTC).isoformat()
        receipts, replies, lost = [], [], []
        for parcel in batch:
            _, id, _, what, _ = parcel
            if isinstance(what, Receipt):
                receipts.append((parcel, {"id": id, "state": what.state, "code": what.code, "at": at}))
            else:
                replies.append(
                    (parcel, {"id": id, "from": what.source, "to": what.destination, "text": what.text, "at": at})
                )
        for door, name, load in ((self._webhook, "receipts", receipts), (self._replies, "replies", replies)):
            if load and not self._post(door, {name: [said for _, said in load]}):
                lost += [parcel for parcel, _ in load]
            else:
                self._memory.reported((id, number) for (_, id, number, _, _), _ in load)
        return lost

    def _post(self, door: str, content: dict[str, object]) -> bool:
        """Knock with a signature; whether it was heard."""
        if not door:
            return True
        body = json.dumps(content).encode()
        timestamp = str(int(time.time()))
        signature = hmac.new(self._secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Timestamp": timestamp, "X-Signature": signature}
        try:
            response = self._client.post(door, content=body, headers=headers)
        except httpx.HTTPError as error:
            logger.warning("Nobody heard: %s", error)
            return False
        if not response.is_success:
            logger.warning("It was refused: HTTP %s", response.status_code)
            return False
        return True
