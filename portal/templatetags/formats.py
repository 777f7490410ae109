"""How credits, money and local time are shown: the only place that formats them.

Everything is formatted by Babel in the active language and, for moments, in the active time zone. The functions are
template filters; tables, mails, PDFs and spreadsheets call them directly.
"""

from datetime import date, datetime, tzinfo
from decimal import Decimal

from babel import Locale
from babel import dates as babel_dates
from babel import numbers as babel_numbers
from django import template
from django.utils import timezone, translation

from billing.amounts import to_credits

register = template.Library()


def locale() -> Locale:
    """The active language as Babel's locale; English means en-GB."""
    return Locale.parse(translation.to_locale(translation.get_language() or "en-gb"))


@register.filter
def country_name(country: str) -> str:
    """A country (ISO 3166) in the active language; a code that Babel does not know comes back as it is."""
    return str(locale().territories.get(country, country))


@register.filter
def zone_city(zone: tzinfo | str) -> str:
    """The city that a time zone is named for, in the active language: Europe/Rome → "Rome", "Roma"."""
    return babel_dates.get_timezone_location(zone, locale=locale(), return_city=True)


@register.filter
def credits(units: int | None) -> str:
    """Units as credits, with the decimals that are needed: 12345600 → "1,234.56", −7000 → "−0.7"."""
    if units is None:
        return "–"
    return _minus(babel_numbers.format_decimal(to_credits(units).normalize(), "#,##0.####", locale=locale()))


@register.filter
def signed_credits(units: int) -> str:
    """Units as credits with their sign: "+100", "−0.7"; nothing at all has none."""
    if not units:
        return credits(units)
    return babel_numbers.format_decimal(to_credits(units).normalize(), "+#,##0.####;−#,##0.####", locale=locale())


@register.filter
def iban(number: str) -> str:
    """An account number in the groups of four in which people read it: "IT60 X054 2811 1010 0000 0123 456"."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


@register.filter
def money(cents: int | None, currency: str = "EUR") -> str:
    """Cents as money: 420 → "€4.20", "4,20 €"; −420 → "−€4.20", "−4,20 €"."""
    if cents is None:
        return "–"
    return _minus(babel_numbers.format_currency(Decimal(cents).scaleb(-2), currency, locale=locale()))


@register.filter
def unit_price(cents: Decimal, currency: str = "EUR") -> str:
    """The price of one credit in cents, not rounded to cents: Decimal("4.2") → "€0.042"."""
    return babel_numbers.format_currency(
        cents.scaleb(-2).normalize(), currency, locale=locale(), decimal_quantization=False
    )


@register.filter
def price_each(cents: Decimal, currency: str = "EUR") -> str:
    """The price of one credit among others, with three decimals at least: Decimal("4") → "€0.040"."""
    pattern = locale().currency_formats["standard"].pattern.replace("0.00", "0.000###")
    return babel_numbers.format_currency(cents.scaleb(-2), currency, pattern, locale=locale(), currency_digits=False)


@register.filter
def rate(units: int) -> str:
    """Units as credits in a column of rates, with two decimals at least: 7000 → "0.70", 10500 → "1.05"."""
    return babel_numbers.format_decimal(to_credits(units), "#,##0.00##", locale=locale())


@register.filter
def rate_price(cents: Decimal, currency: str = "EUR") -> str:
    """The price of one message in cents, with five decimals at least: Decimal("2.94") → "€0.02940"."""
    pattern = locale().currency_formats["standard"].pattern.replace("0.00", "0.00000#")
    return babel_numbers.format_currency(cents.scaleb(-2), currency, pattern, locale=locale(), currency_digits=False)


@register.filter
def number(value: int | Decimal | None) -> str:
    """A number with the language's separators."""
    return "–" if value is None else _minus(babel_numbers.format_decimal(value, locale=locale()))


@register.filter
def percent(value: Decimal) -> str:
    """A share of one as a percentage, with at most one decimal: Decimal("0.22") → "22%", "22 %"."""
    pattern = locale().percent_formats[None].pattern.replace("#,##0", "#,##0.#")
    return babel_numbers.format_percent(value, pattern, locale=locale())


@register.filter
def day(value: date | datetime | None) -> str:
    """A day: "20 Nov 2026"."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return babel_dates.format_date(value, "medium", locale=locale())


@register.filter
def moment(value: datetime | None) -> str:
    """A moment in the reader's zone: "20 Nov 2026, 14:05"."""
    if value is None:
        return "–"
    return babel_dates.format_datetime(timezone.localtime(value), _MOMENT, locale=locale())


@register.filter
def weekday_moment(value: datetime) -> str:
    """A moment of the days ahead in the reader's zone: "Thursday 26 Nov 2026, 11:00"."""
    return babel_dates.format_datetime(timezone.localtime(value), f"EEEE {_MOMENT}", locale=locale())


@register.filter
def instant(value: datetime) -> str:
    """A moment to the second, where several fall into one minute: "20 Nov 2026, 14:05:09"."""
    return babel_dates.format_datetime(timezone.localtime(value), f"{_MOMENT}:ss", locale=locale())


@register.filter
def clock(value: datetime | None) -> str:
    """The time of day in the reader's zone: "14:05"."""
    return "–" if value is None else babel_dates.format_time(timezone.localtime(value), "HH:mm", locale=locale())


@register.filter
def iso(value: date | datetime) -> str:
    """For the `datetime` attribute of <time>."""
    return value.isoformat()


def _minus(text: str) -> str:
    """Babel's languages write a hyphen; a minus is as wide as the plus and never ends a line."""
    return text.replace("-", "\N{MINUS SIGN}")


_MOMENT = "d MMM y, HH:mm"
