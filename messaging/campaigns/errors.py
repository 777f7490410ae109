"""What can stand in the way of a campaign, by name."""

from datetime import datetime

from messaging.campaigns.quote import Problem


class NotSendable(Exception):
    """Nothing can be sent; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class QuoteChanged(Exception):
    """Recipients or prices are no longer those that were shown; nothing was sent."""


class QuoteExpired(Exception):
    """The quote held its price for a quarter of an hour, which is over; nothing was sent."""


class SenderNotUsable(Exception):
    """The sender name is not one that the account may send under."""


class AlreadySent(Exception):
    """The same text went to the same people at `sent_at`, and nobody said that it should go again."""

    def __init__(self, sent_at: datetime) -> None:
        super().__init__(sent_at)
        self.sent_at = sent_at


class StartPassed(Exception):
    """The moment that was chosen for the first message has passed; nothing was sent."""


class NothingToCancel(Exception):
    """Every message has been handed over already."""


class TooLateToUndo(Exception):
    """The first messages may have left."""


class NotUnderWay(Exception):
    """The campaign is not being sent, so there is nothing to pause or to resume."""
