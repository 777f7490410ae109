"""From a template to a PDF: A4, tagged for screen readers, the same bytes each time, nothing fetched from anywhere."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from django.utils.module_loading import import_string


def render(template: str, context: Mapping[str, Any], *, sheets: Sequence[str]) -> bytes:
    """Return `template` as a PDF/UA-1 document, in the active language, dressed in `sheets` of static/css.

    The template finds `page_mark` and `pages_mark`, which become the number of the page and how many there are.
    """
    return _typesetter()(template, context, sheets)


@cache
def _typesetter() -> Callable[[str, Mapping[str, Any], Sequence[str]], bytes]:
    """WeasyPrint comes with the first document: its import takes a third of Saldo's start, and most processes make none."""
    typeset: Callable[[str, Mapping[str, Any], Sequence[str]], bytes] = import_string("portal.typesetting.typeset")
    return typeset
