"""What becomes of a message, decided by its key and number: the same message has the same fate after a restart."""

import hashlib
import random
from dataclasses import dataclass

DELIVERED, UNDELIVERED, EXPIRED, BUFFERED = "DELIVRD", "UNDELIV", "EXPIRED", "BUFFERED"
NO_ERROR, UNKNOWN_NUMBER, INVALID_NUMBER, ABSENT = "000", "001", "013", "027"
# Why messages fail, and how often of a hundred failures.
FAILURES = {"001": 40, "027": 35, "032": 10, "005": 10, "034": 5}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A report, `after` so many seconds from the hand-over; an early one is sent before the hand-over is answered."""

    after: float
    state: str
    code: str = NO_ERROR
    early: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to a message: refused with a code, or taken and reported on."""

    refusal: str = ""
    receipts: tuple[Receipt, ...] = ()


def message_id(key: str, seed: int) -> str:
    """What the network calls the message with this key."""
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()[:20]


def fate(key: str, recipient: str, seed: int, *, calm: bool = False) -> Fate:
    """The fate of a message: chosen by the number's last four digits, else drawn from its key; delivered when calm."""
    if not (recipient.startswith("+") and recipient[1:].isdecimal()):
        return Fate(refusal=INVALID_NUMBER)
    chance = random.Random(f"{seed}:{key}")  # noqa: S311 - a simulation that can be repeated
    soon = _soon(chance)
    chosen = _chosen(recipient[-4:], soon)
    if chosen is None and calm:
        return Fate(receipts=(Receipt(soon, DELIVERED),))
    return chosen or _drawn(chance)


def _soon(chance: random.Random) -> float:
    return 1 + min(chance.expovariate(1 / 3), 20)


def _chosen(digits: str, soon: float) -> Fate | None:
    delivered = Receipt(soon, DELIVERED)
    fates = {
        "0000": Fate(refusal=UNKNOWN_NUMBER),
        "0001": Fate(receipts=(Receipt(soon, UNDELIVERED, UNKNOWN_NUMBER),)),
        "0002": Fate(receipts=(Receipt(soon, BUFFERED), Receipt(soon + 30, EXPIRED, ABSENT))),
        "0003": Fate(receipts=(delivered, Receipt(soon + 1, DELIVERED))),
        "0004": Fate(),
        "0005": Fate(receipts=(Receipt(soon + 120, DELIVERED),)),
        "0006": Fate(receipts=(Receipt(0, DELIVERED, early=True),)),
        "0007": Fate(receipts=(Receipt(1, DELIVERED),)),
        "0008": Fate(receipts=(delivered, Receipt(soon + 1, BUFFERED))),
    }
    return fates.get(digits)


def _drawn(chance: random.Random) -> Fate:
    soon, dice = _soon(chance), chance.random()
    delivered = Receipt(soon, DELIVERED)
    if dice < 0.005:
        return Fate(refusal=UNKNOWN_NUMBER)
    if dice < 0.010:
        return Fate()
    if dice < 0.020:
        return Fate(receipts=(Receipt(chance.uniform(60, 180), DELIVERED),))
    if dice < 0.025:
        return Fate(receipts=(delivered, Receipt(soon + 1, DELIVERED)))
    if dice < 0.030:
        return Fate(receipts=(delivered, Receipt(soon + 1, BUFFERED)))
    if dice < 0.045:
        return Fate(receipts=(Receipt(soon, BUFFERED), Receipt(chance.uniform(30, 60), EXPIRED, ABSENT)))
    if dice < 0.080:
        code = chance.choices(list(FAILURES), list(FAILURES.values()))[0]
        return Fate(receipts=(Receipt(soon, UNDELIVERED, code),))
    return Fate(receipts=(delivered,))
