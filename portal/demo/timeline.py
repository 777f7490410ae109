"""Time, played forward: whatever happens in the demo's past happens in its order."""

import heapq
from collections.abc import Callable
from datetime import datetime

Action = Callable[[datetime], object]


class Timeline:
    """Actions at moments, played the earliest first; an action may add others that lie ahead of it.

    So ids, invoice numbers and balances grow with time, whoever they belong to. What lies at `end` or later has not
    happened yet and is not played.
    """

    def __init__(self, end: datetime) -> None:
        self.end = end
        self._ahead: list[tuple[datetime, int, Action]] = []
        self._count = 0
        self._played: datetime | None = None

    def at(self, moment: datetime, action: Action) -> None:
        """Let `action` happen at `moment`, after what was added before for the same one; it is given the moment."""
        if self._played and moment < self._played:
            raise ValueError(f"{moment} is over")
        heapq.heappush(self._ahead, (moment, self._count, action))
        self._count += 1

    def play(self) -> None:
        """Let everything before the end happen."""
        while self._ahead and self._ahead[0][0] < self.end:
            self._played, _, action = heapq.heappop(self._ahead)
            action(self._played)
