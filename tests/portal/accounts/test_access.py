"""As whom somebody acts in an account."""

import uuid

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts import selectors
from portal.accounts.models import Account, User


def test_the_database_is_asked_the_same_of_a_strangers_account_as_of_none(
    alice: User, acme: Account, globex: Account
) -> None:
    asked = []
    for account_id in (globex.public_id, uuid.uuid4()):
        with CaptureQueriesContext(connection) as queries:
            assert selectors.access(alice, account_id) is None
        asked.append([query["sql"].replace(account_id.hex, "").replace(str(account_id), "") for query in queries])
    assert asked[0] == asked[1]
    assert len(asked[0]) == 2
    found = selectors.access(alice, acme.public_id)
    assert found is not None
    assert (found.account, found.member.user) == (acme, alice)
