from pathlib import Path

from django.db import migrations, models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.lookups import Exact, In, IsNull

from billing.ledger.fields import AmountField, CodeField, CounterField

SQL = Path(__file__).parent.parent / "sql"
KINDS = ["wallet", "issue", "usage", "expiry"]
REASONS = [
    *("purchase", "promotion", "correction", "campaign", "alert", "call", "move", "reset", "loan", "loan_return"),
    *("expiry", "refund", "reversal"),
]
PHASES = ["single", "hold", "post", "void"]
AVAILABLE = F("credits_posted") - F("debits_posted") - F("debits_pending")


def domain(name: str, base: str, rule: str, condition: str) -> migrations.RunSQL:
    """A type of column with its own rule."""
    return migrations.RunSQL(
        f"CREATE DOMAIN {name} AS {base} CONSTRAINT {rule} CHECK ({condition})", f"DROP DOMAIN {name}"
    )


def codes(name: str, rule: str, values: list[str]) -> migrations.RunSQL:
    """A type of column for these codes and no others."""
    return domain(name, "varchar(16)", rule, "VALUE IN (" + ", ".join(f"'{value}'" for value in values) + ")")


class Migration(migrations.Migration):
    """The rules of single columns become domains; `ledger_transfer()` moves both accounts in one statement."""

    dependencies = [("ledger", "0006_batches")]

    operations = [
        domain("ledger_counter", "bigint", "a_counter_is_never_negative", "VALUE >= 0"),
        domain("ledger_amount", "bigint", "a_transfer_moves_something", "VALUE > 0"),
        codes("ledger_kind", "an_account_has_a_known_kind", KINDS),
        codes("ledger_reason", "a_transfer_has_a_known_reason", REASONS),
        codes("ledger_phase", "a_transfer_has_a_known_phase", PHASES),
        # The type of a column cannot change under columns computed from it.
        migrations.RemoveIndex("account", "accounts_low"),
        migrations.RemoveField("account", "is_low"),
        migrations.RemoveField("account", "available"),
        migrations.RemoveConstraint("account", "an_account_is_never_overdrawn"),
        migrations.RemoveConstraint("account", "a_counter_is_never_negative"),
        migrations.RemoveConstraint("account", "an_account_has_a_known_kind"),
        migrations.RemoveConstraint("transfer", "a_transfer_moves_something"),
        migrations.RemoveConstraint("transfer", "a_transfer_has_a_known_reason"),
        migrations.RemoveConstraint("transfer", "only_a_resolution_names_a_hold"),
        *(
            migrations.AlterField("account", name, CounterField(default=0))
            for name in ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
        ),
        migrations.AlterField(
            "account",
            "code",
            CodeField(
                choices=[
                    ("wallet", "Wallet"),
                    ("issue", "Credits issued"),
                    ("usage", "Credits used"),
                    ("expiry", "Credits expired"),
                ],
                domain="ledger_kind",
                max_length=16,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField("transfer", "amount", AmountField(verbose_name="amount")),
        migrations.AlterField(
            "transfer",
            "code",
            CodeField(
                choices=[
                    ("purchase", "Purchase"),
                    ("promotion", "Promotional credits"),
                    ("correction", "Correction"),
                    ("campaign", "Messages"),
                    ("alert", "Alert message"),
                    ("call", "Call"),
                    ("move", "Transfer between wallets"),
                    ("reset", "Reset of a sub-account"),
                    ("loan", "Loan"),
                    ("loan_return", "Loan returned"),
                    ("expiry", "Expired credits"),
                    ("refund", "Refund"),
                    ("reversal", "Reversal"),
                ],
                domain="ledger_reason",
                max_length=16,
                verbose_name="reason",
            ),
        ),
        migrations.AlterField(
            "transfer",
            "phase",
            CodeField(
                choices=[
                    ("single", "Transfer"),
                    ("hold", "Hold"),
                    ("post", "Spent from a hold"),
                    ("void", "Hold given back"),
                ],
                domain="ledger_phase",
                max_length=16,
                verbose_name="phase",
            ),
        ),
        migrations.AddField(
            "account",
            "available",
            models.GeneratedField(expression=AVAILABLE, output_field=models.BigIntegerField(), db_persist=True),
        ),
        migrations.AddField(
            "account",
            "is_low",
            models.GeneratedField(
                expression=ExpressionWrapper(Q(low_mark__gte=AVAILABLE), output_field=models.BooleanField()),
                output_field=models.BooleanField(null=True),
                db_persist=True,
            ),
        ),
        migrations.AddIndex("account", models.Index("id", condition=Q(is_low=True), name="accounts_low")),
        migrations.AddConstraint(
            "account",
            models.CheckConstraint(
                condition=Q(may_overdraw=True) | Q(credits_posted__gte=F("debits_posted") + F("debits_pending")),
                name="an_account_is_never_overdrawn",
            ),
        ),
        migrations.AddConstraint(
            "transfer",
            models.CheckConstraint(
                condition=Exact(IsNull(F("hold"), False), In(F("phase"), ["post", "void"])),
                name="only_a_resolution_names_a_hold",
            ),
        ),
        migrations.RunSQL((SQL / "transfer.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop),
    ]
