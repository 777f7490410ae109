"""How destinations are called on pages: `{% load destinations %}{{ line.prefix|countries:line.country_names }}`."""

from django import template

from billing.pricing import destinations
from portal.templatetags.formats import locale

register = template.Library()


@register.filter
def countries(prefix: str, country_names: str = "") -> str:
    """The countries behind a prefix in the reader's language: "39" → "Italia, Città del Vaticano"."""
    return ", ".join(destinations.names(prefix, country_names or f"+{prefix}", locale()))


@register.filter
def main_country(prefix: str, country_names: str = "") -> str:
    """The first of them: "39" → "Italia"."""
    return destinations.names(prefix, country_names or f"+{prefix}", locale())[0]
