"""The public page of prices."""

from typing import Final

from babel import Locale
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from billing.pricing import catalogue, selectors
from billing.pricing.codes import Service
from portal.accounts.access import public_view
from portal.templatetags.formats import locale

LOCALES: Final = tuple(Locale.parse(translation.to_locale(code)) for code, _ in settings.LANGUAGES)
LONGEST_QUERY: Final = 80


@public_view
@require_safe
@vary_on_headers("HX-Request")
def prices(request: HttpRequest) -> HttpResponse:
    """Every public pack, and what the chosen one is worth at the destinations that are looked for."""
    now = timezone.now()
    table = selectors.rates(Service.SMS_SEGMENT, now)
    shelves = catalogue.shelves(selectors.public_lists(now), table)
    chosen = catalogue.choose(shelves, request.GET.get("pack", ""))
    query = request.GET.get("q", "")[:LONGEST_QUERY].strip()
    found = catalogue.search(query, table, chosen.pack, locale(), LOCALES) if chosen else []
    context = {
        "shelves": shelves,
        "compared": catalogue.compared(locale()),
        "chosen": chosen,
        "query": query,
        "found": found,
    }
    is_live = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    return render(request, "billing/pricing/_rates.html" if is_live else "billing/pricing/prices.html", context)
