"""Rows that are valid for a half-open period: the condition, and the parts of the constraint that no two overlap."""

from datetime import datetime
from typing import Final

from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast

LASTS: Final = Q(valid_until=None) | Q(valid_until__gt=F("valid_from"))
"""A period ends after it begins, or never."""


def valid_at(now: datetime, path: str = "") -> Q:
    """The condition that a period contains `now`; `path` leads to the row that has it ("price_list__")."""
    still = Q(**{f"{path}valid_until": None}) | Q(**{f"{path}valid_until__gt": now})
    return Q(**{f"{path}valid_from__lte": now}) & still


def point(number: str | Func) -> Func:
    """A whole number as a range of one: PostgreSQL compares ranges in an exclusion without any extension."""
    whole = Cast(number, models.BigIntegerField())
    return Func(whole, whole, Value("[]"), function="int8range", output_field=BigIntegerRangeField())


def period() -> Func:
    """The row's period as a range, for an exclusion constraint."""
    return Func(F("valid_from"), F("valid_until"), function="tstzrange", output_field=DateTimeRangeField())
