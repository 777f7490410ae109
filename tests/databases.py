"""How the tests come by their databases, and how a test that committed leaves its database empty.

Migrating takes ten seconds of a processor. Where several workers share the services, one database is migrated while they
collect, and each worker copies it.
"""

import fcntl
import os
from functools import cache
from pathlib import Path

from django.db import connection
from django.db.utils import ProgrammingError
from django.test import TransactionTestCase

from tests.services import TEMPLATE_LOCK

# What Django makes by itself after migrating; no test changes it.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}

_flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def use_template() -> None:
    """Have Django copy the template once it is there; what it lacks is migrated after that, or complained of."""
    if TEMPLATE_LOCK in os.environ:
        with Path(os.environ[TEMPLATE_LOCK]).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
        connection.settings_dict["TEST"]["TEMPLATE"] = connection.settings_dict["NAME"]


@cache
def _question() -> str:
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - KEPT)
    return " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)


def sweep(case: TransactionTestCase) -> None:
    """Empty the tables that hold rows: TRUNCATE of all hundred takes a third of a second, and most hold none."""
    with connection.cursor() as cursor:
        try:
            # Without the triggers that keep references whole and rows unchanged, for these deletions alone.
            cursor.execute("SET session_replication_role = replica")
        except ProgrammingError:
            # A database of your own whose user may not: as Django does it.
            _flush(case)
            return
        try:
            cursor.execute(_question())
            for (table,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {table}")
        finally:
            cursor.execute("RESET session_replication_role")
