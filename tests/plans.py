"""Whether PostgreSQL can find by an index what is asked: of empty tables it would choose by chance."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

# Not dropped: some stand behind constraints. It is undone with the test's transaction.
_NO_OTHERS = """
    UPDATE pg_index SET indisvalid = false
     WHERE indexrelid <> ALL (%(kept)s::regclass[])
       AND indrelid IN (SELECT indrelid FROM pg_index WHERE indexrelid = ANY (%(kept)s::regclass[]))
"""


def is_found_by(asked: QuerySet[Any], *indexes: str) -> bool:
    """Whether the question begins at these indexes where their tables have no others, rather than at the tables.

    Skips the test for a role that may not write PostgreSQL's own tables.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone() != (True,):
            pytest.skip("asks for a superuser of PostgreSQL")
        cursor.execute(_NO_OTHERS, {"kept": list(indexes)})
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = asked.explain()
    return all(index in plan for index in indexes)
