"""The door through which every write goes: one transaction, and deadlocks retried instead of shown."""

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from psycopg import errors

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 6
# Worth another try: the database chose this transaction to give way, and nothing of it was kept.
TRANSIENT = (errors.DeadlockDetected, errors.SerializationFailure)


def unit_of_work(service: Callable[P, R]) -> Callable[P, R]:
    """Run `service` in one transaction; retry it when PostgreSQL asks it to give way.

    Inside another unit of work it joins that transaction (no savepoint: an error undoes the whole), and the
    outermost one retries. A service must therefore be safe to run again, which it is when everything it does is in
    the database.
    """

    return _retried(service, transaction.atomic(service))


def one_statement(service: Callable[P, R]) -> Callable[P, R]:
    """Run `service`, which sends the database one statement and nothing else; retry it as `unit_of_work` does.

    A statement is a transaction by itself. To open one around it would be two more trips to the database.
    """
    return _retried(service, service)


def _retried(service: Callable[P, R], alone: Callable[P, R]) -> Callable[P, R]:
    """Run `service` in the transaction it is called in, or, where there is none, `alone`, and again if need be."""

    @functools.wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return service(*args, **kwargs)
        for attempt in range(ATTEMPTS):
            try:
                return alone(*args, **kwargs)
            except OperationalError as error:
                if not isinstance(error.__cause__, TRANSIENT) or attempt == ATTEMPTS - 1:
                    raise
            time.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311 - spreads retries, hides nothing
        raise AssertionError("unreachable: the last attempt returns or raises")

    return run
