"""Italian and French are complete: nothing untranslated, nothing fuzzy, no placeholder lost."""

import pytest

from portal import catalogues


@pytest.mark.parametrize("language", catalogues.languages())
def test_nothing_is_untranslated(language: str) -> None:
    assert catalogues.faults(language) == []
