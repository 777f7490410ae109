"""What a session has in hand: messages that wait to be sent, parts under way, and parts whose answer is overdue."""

import asyncio
from collections import deque
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple


class Answer(NamedTuple):
    """What the SMSC answered to one submit_sm: its command_status and, if that is 0, its id for the part."""

    status: int
    message_id: str


class Fate(Enum):
    """How a part ends that was not answered: it never left and may go another time, or nobody knows."""

    NOT_SENT = "not sent"
    LOST = "lost"


Outcome = Answer | Fate
Outcomes = list[Outcome]


class Message:
    """A message in hand: the bodies of its parts, what became of each, and the future that ends with all of them."""

    __slots__ = ("future", "give_up_at", "open_count", "outcomes", "parts", "sent_count")

    def __init__(self, parts: Sequence[bytes], future: "asyncio.Future[Outcomes]", give_up_at: float) -> None:
        self.parts, self.future, self.give_up_at = parts, future, give_up_at
        self.outcomes: Outcomes = [Fate.NOT_SENT] * len(parts)
        self.open_count, self.sent_count = len(parts), 0

    def end(self, index: int, outcome: Outcome) -> None:
        """Note what became of one part."""
        self.outcomes[index] = outcome
        self.open_count -= 1
        if not self.open_count and not self.future.done():
            self.future.set_result(self.outcomes)


class _UnderWay(NamedTuple):
    message: Message
    part: int
    overdue_at: float


class Window:
    """Parts in the order they were queued; at most `size` under way. A message that was begun is always finished."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._queue: deque[tuple[Message, int]] = deque()
        self._under_way: dict[int, _UnderWay] = {}
        self._overdue: dict[int, _UnderWay] = {}

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def in_flight(self) -> int:
        return len(self._under_way) + len(self._overdue)

    @property
    def is_lost(self) -> bool:
        """Whether a whole window's worth of answers is overdue: whoever is there does not answer messages."""
        return len(self._overdue) > self._size

    @property
    def room(self) -> int:
        """How many parts could be sent now."""
        return min(self._size - len(self._under_way), len(self._queue))

    def futures(self) -> list["asyncio.Future[Outcomes]"]:
        """Those of the messages of which something was sent and not all is answered."""
        begun = (message for message, _ in self._queue if message.sent_count)
        sent = (each.message for each in (*self._under_way.values(), *self._overdue.values()))
        return list({message.future for message in (*begun, *sent)})

    def put(self, message: Message) -> None:
        """Queue all parts of a message."""
        self._queue.extend((message, index) for index in range(len(message.parts)))

    def send(self, sequence: int, overdue_at: float) -> bytes:
        """Take the first part of the queue; it is under way from now."""
        message, index = self._queue.popleft()
        message.sent_count += 1
        self._under_way[sequence] = _UnderWay(message, index, overdue_at)
        return message.parts[index]

    def knows(self, sequence: int) -> bool:
        return sequence in self._under_way or sequence in self._overdue

    def answered(self, sequence: int, answer: Answer) -> None:
        """An answer came; one to nothing of ours is passed over."""
        if each := self._taken(sequence):
            each.message.end(each.part, answer)

    def turned_away(self, sequence: int) -> None:
        """The SMSC did not take this part now: it is the next to be sent."""
        if each := self._taken(sequence):
            each.message.sent_count -= 1
            self._queue.appendleft((each.message, each.part))

    def age(self, now: float) -> None:
        """Give back what has waited too long to be sent, and let what is overdue hold no place in the window."""
        self.withdraw(now)
        for sequence, each in list(self._under_way.items()):
            if each.overdue_at > now:
                break
            self._overdue[sequence] = self._under_way.pop(sequence)

    def withdraw(self, now: float | None = None) -> None:
        """End as NOT_SENT what has waited until `now` (None: all that waits) and of which nothing has been sent."""
        if now is not None and (
            not self._queue or min(self._queue[0][0].give_up_at, self._queue[-1][0].give_up_at) > now
        ):
            return
        queue, self._queue = self._queue, deque()
        for message, index in queue:
            if message.sent_count or (now is not None and message.give_up_at > now):
                self._queue.append((message, index))
            else:
                message.end(index, Fate.NOT_SENT)

    def lose(self) -> None:
        """The connection is gone."""
        queue, self._queue = self._queue, deque()
        for message, index in queue:
            message.end(index, Fate.NOT_SENT)
        for each in (*self._under_way.values(), *self._overdue.values()):
            each.message.end(each.part, Fate.LOST)
        self._under_way.clear()
        self._overdue.clear()

    def _taken(self, sequence: int) -> _UnderWay | None:
        return self._under_way.pop(sequence, None) or self._overdue.pop(sequence, None)
