"""Numbers are written as the reader's language writes them."""

from decimal import Decimal

import pytest
from django.utils import translation

from portal.templatetags import formats


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en-gb", ("22%", "99.5%")),
        ("it", ("22%", "99,5%")),
        ("fr", ("22\N{NO-BREAK SPACE}%", "99,5\N{NO-BREAK SPACE}%")),
    ],
)
def test_a_percentage_has_the_space_its_language_wants(language: str, shown: tuple[str, str]) -> None:
    with translation.override(language):
        assert (formats.percent(Decimal("0.22")), formats.percent(Decimal("0.995"))) == shown


def test_what_is_below_zero_has_the_same_minus_everywhere() -> None:
    with translation.override("it"):
        assert formats.credits(-7000) == "−0,7"
        assert formats.signed_credits(-7000) == "−0,7"
        assert (formats.signed_credits(7000), formats.signed_credits(0)) == ("+0,7", "0")
        assert formats.money(-420) == "−4,20\N{NO-BREAK SPACE}€"
        assert formats.number(-1200) == "−1.200"
