"""What is to clear is found by the marks of the wallets too: existing alerts set theirs."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

MARK = """
    INSERT INTO credits_watch (wallet_id, watcher, above_units)
    SELECT wallet.id, 'alerts', min(alert.threshold_units)
      FROM alerts_balancealert alert JOIN credits_wallet wallet ON wallet.account_id = alert.account_id
     WHERE alert.removed_at IS NULL AND (alert.email_on OR alert.sms_on) AND NOT alert.armed
       AND alert.threshold_units IS NOT NULL
     GROUP BY wallet.id
        ON CONFLICT (wallet_id, watcher) DO UPDATE SET above_units = EXCLUDED.above_units;
    UPDATE ledger_account pot SET high_mark = watched.level
      FROM (SELECT coalesce(wallet.draws_on_id, wallet.id) AS pot_id, min(watch.above_units) AS level
              FROM credits_watch watch JOIN credits_wallet wallet ON wallet.id = watch.wallet_id
             WHERE watch.above_units IS NOT NULL
             GROUP BY 1) watched
      JOIN credits_wallet wallet ON wallet.id = watched.pot_id
     WHERE pot.id = wallet.ledger_account_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0004_failed_ones_are_found"),
        ("credits", "0007_watched_from_above"),
        ("ledger", "0008_high_marks"),
    ]

    operations = [
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        # Whether an alert is armed stands in no index, and each page has room: firing it writes its row alone.
        migrations.RunSQL(
            "ALTER TABLE alerts_balancealert SET (fillfactor = 90)",
            "ALTER TABLE alerts_balancealert RESET (fillfactor)",
        ),
        migrations.CreateModel(
            name="OwedMarks",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "accounts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None, verbose_name="accounts"
                    ),
                ),
            ],
            options={
                "verbose_name": "marks to be set",
                "verbose_name_plural": "marks to be set",
            },
        ),
        migrations.RemoveIndex(
            model_name="balancealert",
            name="alerts_fired",
        ),
        migrations.AlterField(
            model_name="notice",
            name="alert",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="alerts.balancealert",
            ),
        ),
    ]
