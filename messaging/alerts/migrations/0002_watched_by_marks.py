"""What fired is found by an index of its own, what is to fire by the marks of the wallets: existing alerts set theirs."""

from django.db import migrations, models

MARK = """
    INSERT INTO credits_watch (wallet_id, watcher, level_units)
    SELECT wallet.id, 'alerts', max(alert.threshold_units)
      FROM alerts_balancealert alert JOIN credits_wallet wallet ON wallet.account_id = alert.account_id
     WHERE alert.removed_at IS NULL AND (alert.email_on OR alert.sms_on)
     GROUP BY wallet.id;
    UPDATE ledger_account pot SET low_mark = watched.level
      FROM (SELECT coalesce(wallet.draws_on_id, wallet.id) AS pot_id, max(watch.level_units) AS level
              FROM credits_watch watch JOIN credits_wallet wallet ON wallet.id = watch.wallet_id
             GROUP BY 1) watched
      JOIN credits_wallet wallet ON wallet.id = watched.pot_id
     WHERE pot.id = wallet.ledger_account_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0001_initial"),
        ("credits", "0006_watches"),
        ("ledger", "0006_batches"),
    ]

    operations = [
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        migrations.AddIndex(
            "balancealert",
            models.Index("account", name="alerts_fired", condition=models.Q(removed_at=None, armed=False)),
        ),
    ]
