"""Counts texts per second on one core: python -m tests.bench.bench_segments, from the root of the repository."""

import sys
from time import perf_counter

from messaging.encoding import segments

TEXTS = {
    "gsm": "Gentile cliente, il suo ordine è pronto: può ritirarlo domani dalle 9 alle 18. Grazie, Acme Milano.",
    "euro": "Saldo di fine stagione: da 49,90 € a 29,90 € fino a sabato. Info in negozio.",
    "brackets, three segments": "[codice] " * 38,
    "upper-case accents": "È ARRIVATO IL SUO ORDINE: PUÒ RITIRARLO DOMANI DALLE 9 ALLE 18",
    "emoji": "Il tuo pacco è in arrivo oggi 📦 tra le 14 e le 16",
}
ROUNDS = 200_000


def rate(text: str) -> int:
    """Give how many texts like this one are counted in a second."""
    started = perf_counter()
    for _ in range(ROUNDS):
        segments.segment_count(text)
    return round(ROUNDS / (perf_counter() - started))


if __name__ == "__main__":
    for name, text in TEXTS.items():
        sys.stdout.write(f"{name:28}{rate(text):>12,} texts/s\n")
