"""How fast a session may send: its rate a second, and its patience with an SMSC that is busy. Told the time, asks none."""

TICK_SECONDS = 0.25
_FIRST_HOLD_SECONDS, _LONGEST_HOLD_SECONDS = 0.25, 8.0


class Pace:
    """A bucket that holds a tick's worth of the rate, and a hold that doubles while the SMSC says it is busy."""

    def __init__(self, now: float) -> None:
        self.rate: int | None = None
        """Messages a second; None: as many as the window lets through."""
        self._allowance, self._counted_at = 1.0, now
        self._held_until = self._hold = 0.0

    def allow(self, wanted: int, now: float) -> int:
        """How many of the wanted may go now."""
        if now < self._held_until:
            return 0
        if self.rate is None:
            return wanted
        most = max(1.0, self.rate * TICK_SECONDS)
        self._allowance = min(most, self._allowance + (now - self._counted_at) * self.rate)
        self._counted_at = now
        allowed = min(wanted, int(self._allowance))
        self._allowance -= allowed
        return allowed

    def busy(self, now: float) -> None:
        """The SMSC turned one away. A whole window that it turned away counts once."""
        if now >= self._held_until:
            self._hold = min(self._hold * 2 or _FIRST_HOLD_SECONDS, _LONGEST_HOLD_SECONDS)
            self._held_until = now + self._hold

    def welcome(self) -> None:
        """The SMSC took one: the next hold is a short one again."""
        self._hold = 0.0
