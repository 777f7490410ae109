"""Italian and French are complete: nothing untranslated, nothing fuzzy, no placeholder lost, no full stop twice."""

import re

import pytest

from portal import catalogues

# Companies end in S.r.l., S.p.A. and Ltd.
COMPANY_THEN_STOP = re.compile(r"%\((account|customer|parent|payer|source|target)\)s\.(\s|$)")


@pytest.mark.parametrize("language", catalogues.languages())
def test_nothing_is_untranslated(language: str) -> None:
    assert catalogues.faults(language) == []


@pytest.mark.parametrize("language", catalogues.languages())
def test_no_sentence_ends_with_the_name_of_a_company(language: str) -> None:
    forms = [form for each in catalogues.load(language) for form in _forms(each.id) + _forms(each.string or "")]
    assert [form for form in forms if COMPANY_THEN_STOP.search(form)] == []


def _forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)
