from django.db import migrations, models
from django.db.models import ExpressionWrapper, F, Q

AVAILABLE = F("credits_posted") - F("debits_posted") - F("debits_pending")


class Migration(migrations.Migration):
    """A second mark says which accounts are high."""

    dependencies = [("ledger", "0007_domains")]

    operations = [
        migrations.AddField("account", "high_mark", models.BigIntegerField(null=True, verbose_name="high above")),
        migrations.AddField(
            "account",
            "is_high",
            models.GeneratedField(
                expression=ExpressionWrapper(Q(high_mark__lt=AVAILABLE), output_field=models.BooleanField()),
                output_field=models.BooleanField(null=True),
                db_persist=True,
            ),
        ),
        migrations.AddIndex("account", models.Index("id", condition=Q(is_high=True), name="accounts_high")),
    ]
