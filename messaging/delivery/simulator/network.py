"""What becomes of a message, decided by its key and number: the same message has the same fate after a restart."""

import hashlib
import random
from dataclasses import dataclass, replace

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
    answer: str = ""  # what the telephone writes back, a moment after the last receipt


@dataclass(frozen=True, slots=True)
class Weather:
    """How often, of 1, something happens to a message whose number does not choose: it is refused with a code, not
    delivered with a code; its receipts never come, late, twice, or the last before the first."""

    refused: float = 0.0
    refusal_code: str = UNKNOWN_NUMBER
    failed: float = 0.0
    failure_code: str = ABSENT
    silent: float = 0.0
    late: float = 0.0
    late_seconds: float = 120.0
    doubled: float = 0.0
    shuffled: float = 0.0


CLEAR = Weather()


def message_id(key: str, seed: int) -> str:
    """What the network calls the message with this key."""
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()[:20]


def fate(key: str, recipient: str, seed: int, *, calm: bool = False, weather: Weather = CLEAR) -> Fate:
    """The fate of a message: chosen by the number's last four digits, else drawn from its key; delivered when calm.

    The weather comes on top of what was not chosen.
    """
    if not (recipient.startswith("+") and recipient[1:].isdecimal()):
        return Fate(refusal=INVALID_NUMBER)
    chance = random.Random(f"{seed}:{key}")  # noqa: S311 - a simulation that can be repeated
    soon = _soon(chance)
    chosen = _chosen(recipient[-4:], soon)
    if chosen:
        return chosen
    drawn = Fate(receipts=(Receipt(soon, DELIVERED),)) if calm else _drawn(chance)
    return drawn if weather == CLEAR else _weathered(drawn, weather, random.Random(f"{seed}:{key}:weather"))  # noqa: S311


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
        "0009": Fate(receipts=(delivered,), answer="STOP"),
        "0010": Fate(receipts=(delivered,), answer="Grazie, a presto!"),
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


def _weathered(drawn: Fate, weather: Weather, chance: random.Random) -> Fate:
    if chance.random() < weather.refused:
        return Fate(refusal=weather.refusal_code)
    receipts = drawn.receipts
    if chance.random() < weather.failed:
        receipts = (Receipt(receipts[-1].after if receipts else 1, UNDELIVERED, weather.failure_code),)
    if chance.random() < weather.silent:
        receipts = ()
    if chance.random() < weather.late:
        receipts = tuple(replace(each, after=each.after + weather.late_seconds) for each in receipts)
    if chance.random() < weather.shuffled:
        first = Receipt(0.5, BUFFERED)
        receipts = (*receipts, replace(first, after=receipts[-1].after + 1)) if receipts else (first,)
    if chance.random() < weather.doubled:
        receipts = tuple(each for each in receipts for _ in range(2))
    return replace(drawn, receipts=receipts)
