"""The browser counts ahead of the server; both count alike."""

import json
import random
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from messaging.encoding import alphabet, segments

pytestmark = pytest.mark.journey

MODULE = Path(settings.BASE_DIR) / "static" / "js" / "segments.js"
TEXTS = 10_000
PIECES = [
    *alphabet.BASIC_TABLE,
    *alphabet.EXTENSION,
    *"’“”…–\u00a0\u200bÀÈșş漢🎉👍🏽é\u0301",
    *("\r\n", "\r", "\n", "ciao ", "a" * 70, "[" * 10, "e\u0300", "\ud83c", "\udf89", "👨‍👩‍👧"),
]


def texts() -> list[str]:
    """Texts of every kind, many of them near the edges of a segment."""
    chance = random.Random(8)
    made = ["", " ", "]" * 153, "🎉" * 67, "\ud83c", "a" * 160, "a" * 161, "à" * 70, "À" * 70, "À" * 71]
    while len(made) < TEXTS:
        edge = chance.choice([0, 3, 20, 65, 68, 130, 134, 150, 158, 305])
        filling = chance.choice(["a", "[", "À", "🎉", "è"])
        made.append(filling * edge + "".join(chance.choices(PIECES, k=chance.randrange(12))))
    return made


def test_the_browser_counts_as_the_server_does(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<title>counting</title>")
    source = MODULE.read_text(encoding="utf-8")
    # Halves of surrogate pairs travel as JSON's escapes; a message between processes would not carry them.
    answers = page.evaluate(
        """async ([source, written]) => {
            const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
            const { count } = await import(address);
            return JSON.parse(written).map(count).map((c) => [c.encoding, c.characters, c.units, c.segments]);
        }""",
        [source, json.dumps(texts())],
    )
    page.close()
    for text, answer in zip(texts(), answers, strict=True):
        ours = segments.count(text)
        assert answer == [ours.encoding.value, ours.character_count, ours.unit_count, ours.segment_count], ascii(text)
