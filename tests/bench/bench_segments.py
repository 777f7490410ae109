"""Counts texts per second on one core: the median of interleaved rounds."""

import statistics
from time import perf_counter

import pytest

from messaging.encoding import segments
from tests.bench.page import record

TEXTS = {
    "gsm": "Gentile cliente, il suo ordine è pronto: può ritirarlo domani dalle 9 alle 18. Grazie, Acme Milano.",
    "euro": "Saldo di fine stagione: da 49,90 € a 29,90 € fino a sabato. Info in negozio.",
    "brackets, three segments": "[codice] " * 38,
    "upper-case accents": "È ARRIVATO IL SUO ORDINE: PUÒ RITIRARLO DOMANI DALLE 9 ALLE 18",
    "emoji": "Il tuo pacco è in arrivo oggi 📦 tra le 14 e le 16",
}
ROUNDS = 5
TEXTS_A_ROUND = 40_000


def rate(text: str) -> float:
    """Give how many texts like this one are counted in a second."""
    started = perf_counter()
    for _ in range(TEXTS_A_ROUND):
        segments.segment_count(text)
    return TEXTS_A_ROUND / (perf_counter() - started)


@pytest.mark.django_db
def test_segments_are_counted_quickly() -> None:
    rates: dict[str, list[float]] = {name: [] for name in TEXTS}
    for _ in range(ROUNDS):
        for name, text in TEXTS.items():
            rates[name].append(rate(text))
    record(
        "Segments",
        f"Texts per second on one core, median of {ROUNDS} interleaved rounds.",
        ["text", "texts/s"],
        [[name, f"{round(statistics.median(found), -4):,.0f}"] for name, found in rates.items()],
    )
    assert all(len(found) == ROUNDS for found in rates.values())
