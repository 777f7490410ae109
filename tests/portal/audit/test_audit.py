"""The audit log keeps what was written."""

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from portal.accounts.models import Account
from portal.audit import selectors
from portal.audit import services as audit
from tests.plans import is_found_by


@pytest.mark.parametrize("statement", ["UPDATE audit_auditevent SET action = 'x'", "DELETE FROM audit_auditevent"])
def test_the_audit_log_is_append_only(acme: Account, now: datetime, statement: str) -> None:
    audit.record(action="test.done", now=now, actor_id=None, account_id=acme.pk)
    with (
        pytest.raises(IntegrityError, match="append only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_what_a_person_did_is_found_without_what_others_did(db: None) -> None:
    assert is_found_by(selectors.by_person(1)[:51], "audit_by_person")
