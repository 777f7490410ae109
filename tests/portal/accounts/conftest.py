"""Every test begins without a memory of how often the one before it tried to sign in."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def nothing_was_tried() -> None:
    cache.clear()
