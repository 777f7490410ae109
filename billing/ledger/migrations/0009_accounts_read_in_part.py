from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """`ledger_transfer()` reads of both accounts what it asks for."""

    dependencies = [("ledger", "0008_high_marks")]

    operations = [
        migrations.RunSQL((SQL / "transfer.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
