"""What the ledger refuses."""

from typing import Final


class LedgerError(Exception):
    """The ledger refused; nothing has moved."""


class InsufficientCredits(LedgerError):
    """The account has less available than the transfer asks for."""


class ReferenceConflict(LedgerError):
    """The reference already belongs to a different movement."""


class HoldAlreadyResolved(LedgerError):
    """The hold has been posted or voided, under another reference."""


class ExceedsHold(LedgerError):
    """More would be posted than is held."""


class UnknownHold(LedgerError):
    """There is no such hold."""


class ForeignAccounts(LedgerError):
    """The two accounts belong to different customers."""


class UnknownAccount(LedgerError):
    """There is no such account."""


REFUSALS: Final[dict[str, type[LedgerError]]] = {
    "insufficient": InsufficientCredits,
    "conflict": ReferenceConflict,
    "resolved": HoldAlreadyResolved,
    "exceeds": ExceedsHold,
    "unknown_hold": UnknownHold,
    "foreign": ForeignAccounts,
    "unknown": UnknownAccount,
}
"""What an outcome of the ledger's functions raises."""
