"""A quote as JSON, so that the page shows what was quoted and not what it would be now. Pure."""

from typing import Any

from billing.pricing.quote import QuoteLine
from messaging.campaigns.pricer import LeftOut, Priced, Reason
from messaging.campaigns.quote import Bar, Quote
from messaging.encoding.numbers import NumberFault
from messaging.encoding.segments import Encoding, Segments


def to_json(quote: Quote) -> dict[str, Any]:
    """What `from_json` makes the same quote of."""
    counted = quote.segments
    return {
        "text": quote.text,
        "segments": [
            counted.text,
            counted.encoding,
            counted.character_count,
            counted.unit_count,
            counted.segment_count,
            counted.units_left,
        ],
        "lines": [
            [line.prefix, line.country_names, line.recipient_count, line.segment_count, line.units]
            for line in quote.lines
        ],
        "bars": [list(bar) for bar in quote.bars],
        "samples": [list(sample) for sample in quote.samples],
        "total_units": quote.total_units,
        "recipient_count": quote.recipient_count,
        "counts": {str(reason): count for reason, count in quote.counts.items()},
        "examples": {
            str(reason): [[each.number, each.detail] for each in some] for reason, some in quote.examples.items()
        },
        "missing": dict(quote.missing),
        "invalid": [list(each) for each in quote.invalid],
        "invalid_count": quote.invalid_count,
        "leaves_out_missing": quote.leaves_out_missing,
        "fingerprint": quote.fingerprint,
    }


def from_json(kept: dict[str, Any]) -> Quote:
    """The quote that was kept."""
    text, encoding, *numbers = kept["segments"]
    return Quote(
        text=kept["text"],
        segments=Segments(text, Encoding(encoding), *numbers),
        lines=tuple(QuoteLine(*line) for line in kept["lines"]),
        bars=tuple(Bar(Encoding(bar[0]), *bar[1:]) for bar in kept["bars"]),
        samples=tuple(_sample(sample) for sample in kept["samples"]),
        total_units=kept["total_units"],
        recipient_count=kept["recipient_count"],
        counts={Reason(reason): count for reason, count in kept["counts"].items()},
        examples={
            Reason(reason): tuple(LeftOut(number, Reason(reason), detail) for number, detail in some)
            for reason, some in kept["examples"].items()
        },
        missing=kept["missing"],
        invalid=tuple((piece, NumberFault(fault)) for piece, fault in kept["invalid"]),
        invalid_count=kept["invalid_count"],
        leaves_out_missing=kept["leaves_out_missing"],
        fingerprint=kept["fingerprint"],
    )


def _sample(kept: list[Any]) -> Priced:
    number, prefix, text, encoding, segment_count, units = kept
    return Priced(number, prefix, text, Encoding(encoding), segment_count, units)
