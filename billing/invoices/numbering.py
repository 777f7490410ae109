"""Numbers without gaps, per series and year.

A database sequence leaves a gap wherever a transaction is undone, and "highest plus one" gives the same number twice.
So the counter is a row: it is locked in the transaction that issues, after everything else that could fail or wait,
and goes back with it.
"""

from typing import Any

from django.db.models import F

from billing.invoices.models import InvoiceSeries


def lock(*, code: str, year: int) -> InvoiceSeries:
    """Return the counter of this series and year, locked until the transaction ends; a new one starts at zero."""
    InvoiceSeries.objects.bulk_create([InvoiceSeries(code=code, year=year)], ignore_conflicts=True)
    return InvoiceSeries.objects.select_for_update().get(code=code, year=year)


def take(series: InvoiceSeries) -> dict[str, Any]:
    """Return the next number of a locked series, as the fields of a document."""
    InvoiceSeries.objects.filter(pk=series.pk).update(last_number=F("last_number") + 1)
    series.refresh_from_db(fields=["last_number"])
    code, year, number = series.code, series.year, series.last_number
    return {
        "series": code,
        "year": year,
        "number": number,
        "full_number": full_number(code=code, year=year, number=number),
    }


def full_number(*, code: str, year: int, number: int) -> str:
    """Return the number as it is printed: "2026/000123", in a named series "NC 2026/000123"."""
    return f"{code} {year}/{number:06d}".strip()
