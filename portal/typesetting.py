"""What `portal.pdf` sets its documents with: WeasyPrint, with our fonts and style sheets, and nothing fetched from anywhere."""

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

STYLES: Final = settings.BASE_DIR / "static" / "css"
VARIANT: Final = "pdf/ua-1"

# The style sheet counts the pages into these.
MARKS: Final = {
    "page_mark": mark_safe('<span class="page-number"></span>'),
    "pages_mark": mark_safe('<span class="page-count"></span>'),
}


class OnlyEmbedded(URLFetcher):  # type: ignore[misc]
    """Reads `data:` addresses, and refuses files and the network."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=("data",))


class Tools(threading.local):
    """Fonts and style sheets, made at the first use in each thread: Pango's fonts must never be shared between two."""

    def __init__(self) -> None:
        self._sheets: dict[str, CSS] = {}

    @cached_property
    def fonts(self) -> FontConfiguration:
        return FontConfiguration()

    def sheet(self, name: str) -> CSS:
        if name not in self._sheets:
            text = (STYLES / name).read_text(encoding="utf-8")
            self._sheets[name] = CSS(string=text, font_config=self.fonts, url_fetcher=OnlyEmbedded())
        return self._sheets[name]


TOOLS: Final = Tools()


def typeset(template: str, context: Mapping[str, Any], sheets: Sequence[str]) -> bytes:
    """Return `template` as `portal.pdf.render` describes it."""
    document = HTML(string=render_to_string(template, {**MARKS, **context}), url_fetcher=OnlyEmbedded())
    dress = [TOOLS.sheet(name) for name in sheets]
    return bytes(document.write_pdf(stylesheets=dress, font_config=TOOLS.fonts, pdf_variant=VARIANT))
