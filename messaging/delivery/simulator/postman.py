"""Brings the receipts to the portal: signed, in small batches, again until each is heard."""

import hashlib
import heapq
import hmac
import json
import logging
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx

from messaging.delivery.simulator.memory import Memory, Taken
from messaging.delivery.simulator.network import Receipt

logger = logging.getLogger(__name__)

BATCH = 100
_AGAIN_AFTER, _LONGEST_WAIT = 2.0, 60.0

# When, which message, which of its receipts, the receipt, how often it was tried.
_Parcel = tuple[float, str, int, Receipt, int]


class Postman(threading.Thread):
    """A thread that sends what is due. `pace` stretches (above 1) or shortens (below 1) every wait of a receipt."""

    def __init__(self, memory: Memory, *, webhook: str, secret: str, pace: float) -> None:
        super().__init__(name="postman", daemon=True)
        self._memory, self._webhook, self._secret, self._pace = memory, webhook, secret, pace
        self._parcels: list[_Parcel] = []
        self._wake = threading.Condition()
        self._client = httpx.Client(
            timeout=httpx.Timeout(10, connect=2), limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
        )

    def plan(self, taken: Taken, receipts: Sequence[Receipt]) -> None:
        """Send these receipts of a message when their time comes, less those that were heard before."""
        with self._wake:
            for number, receipt in enumerate(receipts):
                if number not in taken.reported:
                    due = taken.taken_at + receipt.after * self._pace
                    heapq.heappush(self._parcels, (due, taken.message_id, number, receipt, 0))
            self._wake.notify()

    def send_now(self, parcels: Sequence[tuple[Taken, int, Receipt]]) -> bool:
        """Send receipts at once; False when they were not heard, and must be planned."""
        due = time.time()
        return self._deliver([(due, taken.message_id, number, receipt, 0) for taken, number, receipt in parcels])

    def run(self) -> None:
        """Send for ever."""
        while True:
            batch = self._due()
            if not self._deliver(batch):
                self._put_back(batch)

    def _due(self) -> list[_Parcel]:
        """Wait until something is due, and take it."""
        with self._wake:
            while not self._parcels or self._parcels[0][0] > time.time():
                self._wake.wait(self._parcels[0][0] - time.time() if self._parcels else None)
            batch: list[_Parcel] = []
            while self._parcels and self._parcels[0][0] <= time.time() and len(batch) < BATCH:
                batch.append(heapq.heappop(self._parcels))
            return batch

    def _put_back(self, batch: Sequence[_Parcel]) -> None:
        with self._wake:
            for _, message_id, number, receipt, tries in batch:
                wait = min(_AGAIN_AFTER * 2**tries, _LONGEST_WAIT)
                heapq.heappush(self._parcels, (time.time() + wait, message_id, number, receipt, min(tries + 1, 10)))

    def _deliver(self, batch: Sequence[_Parcel]) -> bool:
        now = datetime.now(UTC)
        receipts = [
            {"id": message_id, "state": receipt.state, "code": receipt.code, "at": now.isoformat()}
            for _, message_id, _, receipt, _ in batch
        ]
        body = json.dumps({"receipts": receipts}).encode()
        timestamp = str(int(now.timestamp()))
        signature = hmac.new(self._secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Timestamp": timestamp, "X-Signature": signature}
        try:
            response = self._client.post(self._webhook, content=body, headers=headers)
        except httpx.HTTPError as error:
            logger.warning("The receipts were not heard: %s", error)
            return False
        if not response.is_success:
            logger.warning("The receipts were refused: HTTP %s", response.status_code)
            return False
        self._memory.reported((message_id, number) for _, message_id, number, _, _ in batch)
        return True
