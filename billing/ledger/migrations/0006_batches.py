from pathlib import Path

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models
from django.db.models import ExpressionWrapper, F, Q

SQL = Path(__file__).parent.parent / "sql"
OLD = "ledger_transfer(text, bigint, bigint, bigint, bigint, text, text, text, bigint, timestamptz)"


def looked_after(to: str, **options: object) -> models.ForeignKey:
    """A reference that the functions of `sql/` keep right, without a constraint or an index of its own."""
    return models.ForeignKey(
        to=to, on_delete=django.db.models.deletion.PROTECT, db_constraint=False, db_index=False, **options
    )


class Migration(migrations.Migration):
    """Many transfers in one call; `ledger_transfer()` answers with the transfer; a mark says which accounts are low."""

    dependencies = [
        ("ledger", "0005_entries_in_order_of_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex("transfer", "transfer_by_subject"),
        migrations.AddField("transfer", "sequence", models.IntegerField(default=0, verbose_name="place in the batch")),
        migrations.AlterField(
            "transfer",
            "actor",
            looked_after(settings.AUTH_USER_MODEL, null=True, related_name="+", verbose_name="who"),
        ),
        migrations.AlterField("transfer", "credit_account", looked_after("ledger.account", related_name="credits")),
        migrations.AlterField("transfer", "debit_account", looked_after("ledger.account", related_name="debits")),
        migrations.AlterField("transfer", "hold", looked_after("ledger.transfer", null=True, related_name="+")),
        migrations.AlterField("transfer", "reference", models.CharField(max_length=120, verbose_name="reference")),
        migrations.AddConstraint(
            "transfer", models.UniqueConstraint("reference", "sequence", name="a_reference_moves_once")
        ),
        migrations.AddConstraint(
            "transfer", models.UniqueConstraint("hold", condition=Q(hold__isnull=False), name="a_hold_is_resolved_once")
        ),
        migrations.AddField("account", "low_mark", models.BigIntegerField(null=True, verbose_name="low at")),
        migrations.AddField(
            "account",
            "is_low",
            models.GeneratedField(
                db_persist=True,
                expression=ExpressionWrapper(
                    Q(low_mark__gte=F("credits_posted") - F("debits_posted") - F("debits_pending")),
                    output_field=models.BooleanField(),
                ),
                output_field=models.BooleanField(null=True),
            ),
        ),
        migrations.AddIndex("account", models.Index("id", condition=Q(is_low=True), name="accounts_low")),
        migrations.RunSQL(
            f"DROP FUNCTION {OLD}; {(SQL / 'transfer.sql').read_text(encoding='utf-8')}", migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            (SQL / "post_batch.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION ledger_post_batch(bigint[], bigint[], bigint[], text[], text, text, bigint, timestamptz)",
        ),
        migrations.RunSQL(
            "CREATE TRIGGER ledger_account_is_kept BEFORE DELETE ON ledger_account "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            "DROP TRIGGER ledger_account_is_kept ON ledger_account",
        ),
    ]
