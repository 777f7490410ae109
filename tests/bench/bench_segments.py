"""Counts texts per second on one core, beside smsutil, smpplib and gsm0338 in the same run, and where they disagree."""

import statistics
from collections.abc import Callable
from time import process_time

import gsm0338
import pytest
import smsutil
from smpplib.gsm import make_parts

from messaging.encoding import segments
from tests.bench.page import record
from tests.bench.texts import MIX, RARE

Count = Callable[[str], int]
ROUNDS = 7
# Seconds of CPU each measurement takes at least.
AT_LEAST = 0.05
HUNDRED = [text for _, share, text in MIX for _ in range(share)]


def by_smsutil(text: str) -> int:
    return len(smsutil.split(text).parts)


def by_smpplib(text: str) -> int:
    return len(make_parts(text)[0])


def by_gsm0338(text: str) -> int:
    """It is a codec only: the size it encodes to, divided by what a part holds, and UCS-2 where it cannot."""
    try:
        size, alone, in_part = len(text.encode(gsm0338.Codec.NAME)), 160, 153
    except UnicodeEncodeError:
        size, alone, in_part = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if size <= alone else -(-size // in_part)


COUNTS: dict[str, Count] = {
    "Saldo": segments.segment_count,
    "smsutil": by_smsutil,
    "smpplib": by_smpplib,
    "gsm0338": by_gsm0338,
}
AIMS = {"smsutil": 30, "smpplib": 18, "gsm0338": 30}

# Texts on which they do not agree, how many parts there are, and why.
DISPUTED = (
    ("153 × ]", "]" * 153, 3, "an escape pair is not split: 76 brackets a part, and one left over"),
    ("152 × a, €, 152 × a", "a" * 152 + "€" + "a" * 152, 3, "the euro sign does not fit behind 152 letters"),
    ("67 × 😀", "😀" * 67, 3, "a surrogate pair is not split: 33 emoji a part, and one left over"),
    ("66 × a, 😀, 66 × a", "a" * 66 + "😀" + "a" * 66, 3, "the emoji does not fit behind 66 letters"),
    ("§ and 80 × a", "§" + "a" * 80, 1, "§ stands in the GSM alphabet, at 0x5F"),
    ("` and 80 × a", "`" + "a" * 80, 2, "the backtick stands in no place of the GSM alphabet: UCS-2"),
    ("159 × a, form feed", "a" * 159 + "\f", 2, "a form feed is of the extension and takes two septets"),
    ("e + U+0300, 100 ×", "e\u0300" * 100, 1, "is è once normalised (NFC), and è is GSM"),
    ("160 × CR LF", "\r\n" * 160, 1, "a line end is one character on a telephone"),
    ("escape character, 80 × a", "\x1b" + "a" * 80, 2, "the escape is no character: a text with one is UCS-2"),
    ("empty text", "", 0, "there is nothing to send"),
)


def rate(count: Count, texts: list[str]) -> float:
    """Give how many of these texts are counted in a second of CPU."""
    done, started = 0, process_time()
    while True:
        for text in texts:
            count(text)
        done += len(texts)
        taken = process_time() - started
        if taken >= AT_LEAST:
            return done / taken


def medians(texts: dict[str, tuple[Count, list[str]]]) -> dict[str, float]:
    found: dict[str, list[float]] = {name: [] for name in texts}
    for _ in range(ROUNDS):
        for name, (count, given) in texts.items():
            found[name].append(rate(count, given))
    return {name: statistics.median(rates) for name, rates in found.items()}


@pytest.mark.django_db
def test_segments_are_counted_quickly() -> None:
    rates = medians({name: (segments.segment_count, [text] * 100) for name, _, text in MIX})
    rare = medians({name: (segments.segment_count, [text] * 100) for name, text in RARE})
    rows = [[name, f"{share} %", f"{round(rates[name], -4):,.0f}"] for name, share, _ in MIX]
    rows += [[name, "", f"{round(found, -4):,.0f}"] for name, found in rare.items()]
    record(
        "Segments",
        f"Texts per second of CPU on one core, median of {ROUNDS} interleaved rounds. The share is that of the mix.",
        ["text", "share", "texts/s"],
        rows,
    )
    assert min(rates.values()) > 0


@pytest.mark.django_db
def test_segments_are_counted_beside_others() -> None:
    rates = medians({name: (count, HUNDRED) for name, count in COUNTS.items()})
    rows = [
        [name, f"{round(found, -3):,.0f}", f"{rates['Saldo'] / found:.1f}", f"{AIMS[name]}" if name in AIMS else ""]
        for name, found in rates.items()
    ]
    record(
        "Segments beside other libraries",
        "The mix of “Segments”, texts per second of CPU on one core in one run. smsutil and smpplib cut the text into its parts, "
        "gsm0338 is a codec and its size is divided; all that is counted here is how many parts there are.",
        ["library", "texts/s", "Saldo is faster by", "aim"],
        rows,
    )


@pytest.mark.parametrize(("name", "text", "expected", "why"), DISPUTED, ids=[each[0] for each in DISPUTED])
def test_the_standard_decides_what_is_disputed(name: str, text: str, expected: int, why: str) -> None:
    assert segments.segment_count(text) == segments.count(text).segment_count == expected, why


@pytest.mark.django_db
def test_where_they_disagree_is_written_down() -> None:
    rows = []
    for name, text, _, why in DISPUTED:
        found = [str(_found(count, text)) for count in COUNTS.values()]
        rows.append([name, *found, why])
    record(
        "Segments: where libraries disagree",
        "Parts each of them counts. Saldo's is right by 3GPP TS 23.038 and 23.040, for the reason given.",
        ["text", *COUNTS, "why"],
        rows,
    )


def _found(count: Count, text: str) -> int | str:
    try:
        return count(text)
    except Exception as error:  # noqa: BLE001 - whatever another library does is what is written down
        return type(error).__name__
