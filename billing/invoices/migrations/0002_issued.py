from pathlib import Path

from django.db import migrations

from portal.append_only import append_only

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    """An issued invoice stays as it is, its lines add up to it, and a series only counts up."""

    dependencies = [("invoices", "0001_initial")]

    operations = [
        append_only("invoices_invoiceline"),
        migrations.RunSQL(
            (SQL / "issued.sql").read_text(encoding="utf-8"), (SQL / "undo_issued.sql").read_text(encoding="utf-8")
        ),
    ]
