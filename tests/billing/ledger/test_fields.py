"""The columns that carry their own rule: of the types the models say, and the same after they are copied."""

import pytest
from django.db import connection

from billing.ledger.fields import AmountField, CodeField, CounterField
from billing.ledger.models import Account, Transfer


@pytest.mark.django_db
def test_the_columns_are_of_the_domains_that_the_models_name() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, domain_name FROM information_schema.columns"
            " WHERE domain_name IS NOT NULL AND table_schema = current_schema()"
        )
        found = set(cursor.fetchall())
    named = {
        (model._meta.db_table, field.column, field.db_type(connection))
        for model in (Account, Transfer)
        for field in model._meta.local_concrete_fields
        if isinstance(field, AmountField | CodeField | CounterField)
    }
    assert found == named


def test_a_migration_remembers_everything_about_a_code() -> None:
    field = CodeField("kind", max_length=16, domain="ledger_kind")
    _, path, args, options = field.deconstruct()
    assert (path, args) == ("billing.ledger.fields.CodeField", [])
    assert options == {"verbose_name": "kind", "max_length": 16, "domain": "ledger_kind"}
    assert field.clone().db_type(connection) == "ledger_kind"
