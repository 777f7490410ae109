"""What an SMSC delivers: gathered, kept in one go, and answered after that. What could not be kept comes again."""

import logging
from collections.abc import Sequence
from typing import Final

from django.db import Error as DatabaseError
from django.utils import timezone

from messaging.delivery import incoming, receipts
from messaging.delivery.gateways import smpp
from messaging.delivery.smpp import text
from messaging.delivery.smpp.codec import Deliver
from messaging.delivery.smpp.receipt import Receipt, receipt
from messaging.delivery.smpp.session import Session
from messaging.delivery.smpp.words import Status

logger = logging.getLogger(__name__)

# With more than this unanswered the SMSC is asked to come again.
_MOST_WAITING: Final = 5000
_MOST_AT_ONCE: Final = 500

Letter = tuple[Session, Deliver]
Answers = dict[int, Status]


class Post:
    """The inbox of one gateway. `put`, `collect` and `answer` belong to the event loop, `keep` to a thread."""

    def __init__(self, gateway: str, options: smpp.Options) -> None:
        self._gateway, self._options = gateway, options
        self._waiting: list[Letter] = []

    def put(self, session: Session, deliver: Deliver) -> None:
        """Take a deliver_sm in; its answer follows when it is safe."""
        if len(self._waiting) >= _MOST_WAITING:
            session.respond(deliver, Status.TEMPORARY_APPLICATION_ERROR)
        else:
            self._waiting.append((session, deliver))

    def collect(self) -> list[Letter]:
        """What has come and is to be kept now."""
        batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
        return batch

    def keep(self, batch: Sequence[Letter]) -> Answers:
        """Keep the letters; the answer to each by its place in the batch. One that is left out comes again."""
        answers: Answers = {}
        found = [receipt(deliver) for _, deliver in batch]
        told = [place for place, each in enumerate(found) if each is not None]
        self._keep_receipts([(batch[place][1], each) for place, each in enumerate(found) if each is not None])
        answers.update(dict.fromkeys(told, Status.OK))
        for place, (_, deliver) in enumerate(batch):
            if place not in answers:
                answers[place] = self._keep_reply(deliver)
        return answers

    def answer(self, batch: Sequence[Letter], answers: Answers) -> None:
        """Say to each what became of it."""
        for place, (session, deliver) in enumerate(batch):
            session.respond(deliver, answers.get(place, Status.TEMPORARY_APPLICATION_ERROR))

    def _keep_receipts(self, found: Sequence[tuple[Deliver, Receipt]]) -> None:
        now = timezone.now()
        reports = [smpp.report(deliver, each, self._options, now) for deliver, each in found]
        if nameless := sum(not each.message_id for each in reports):
            logger.warning("%d receipts name no message", nameless, extra={"gateway": self._gateway})
        receipts.receive(gateway=self._gateway, reports=[each for each in reports if each.message_id], now=now)

    def _keep_reply(self, deliver: Deliver) -> Status:
        place, octets = text.place(deliver)
        try:
            incoming.take(
                gateway=self._gateway,
                source=deliver.source,
                destination=deliver.destination,
                octets=octets,
                data_coding=deliver.data_coding,
                place=place,
                now=timezone.now(),
            )
        except DatabaseError:
            logger.exception("A reply could not be kept", extra={"gateway": self._gateway})
            return Status.TEMPORARY_APPLICATION_ERROR
        except ValueError as error:
            logger.warning("A reply cannot be kept: %s", error, extra={"gateway": self._gateway})
            return Status.PERMANENT_APPLICATION_ERROR
        return Status.OK
