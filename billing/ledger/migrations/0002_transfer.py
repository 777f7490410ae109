from pathlib import Path

from django.db import migrations

from portal.append_only import append_only

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """The function that moves credits; transfers stay; account rows leave room to be updated in place."""

    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (SQL / "transfer.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION ledger_transfer(text, bigint, bigint, bigint, bigint, text, text, text, bigint, timestamptz)",
        ),
        append_only("ledger_transfer"),
        migrations.RunSQL(
            "ALTER TABLE ledger_account SET (fillfactor = 50)", "ALTER TABLE ledger_account RESET (fillfactor)"
        ),
    ]
