from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """Each account knows when it was moved last; `ledger_transfer()` never writes an earlier moment after it."""

    dependencies = [("ledger", "0002_transfer")]

    operations = [
        migrations.AddField("account", "last_entry_at", models.DateTimeField(null=True, verbose_name="last entry")),
        migrations.RunSQL((SQL / "transfer.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
