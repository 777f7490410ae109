"""Rows that are valid for a half-open period: the condition, what begins a new one, and the parts of the constraint that
no two overlap."""

from datetime import datetime
from typing import Any, Final

from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast

LASTS: Final = Q(valid_until=None) | Q(valid_until__gt=F("valid_from"))
"""A period ends after it begins, or never."""


class InThePast(Exception):
    """What was valid stays so: a period begins now or later."""


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


def begin(rows: models.Manager[Any], *, valid_from: datetime, now: datetime, **columns: Any) -> bool:
    """Let a row with these columns be the one that is valid from `valid_from` on; False where it is so already.

    What had begun before ends there, what had not gives way. The caller holds the lock that others wait for, because
    before the first row there is none to wait for. Raises `InThePast`.
    """
    if valid_from < now:
        raise InThePast
    open_rows = rows.filter(Q(valid_until=None) | Q(valid_until__gt=valid_from))
    if open_rows.count() == 1 and open_rows.filter(valid_until=None, valid_from__lte=valid_from, **columns).exists():
        return False
    open_rows.filter(valid_from__gte=valid_from).delete()
    open_rows.update(valid_until=valid_from)
    rows.create(valid_from=valid_from, **columns)
    return True
