from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """`ledger_post_batch()` sees by what it writes, not by another look at every line, whether one leads abroad."""

    dependencies = [("ledger", "0009_accounts_read_in_part")]

    operations = [
        migrations.RunSQL((SQL / "post_batch.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
