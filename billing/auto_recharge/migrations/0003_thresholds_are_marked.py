"""Write the thresholds of automatic recharges that are on where the sweep looks for wallets that are low."""

from django.db import migrations

WATCH = """
    INSERT INTO credits_watch (wallet_id, watcher, level_units)
    SELECT wallet.id, 'auto_recharge', auto.threshold_units
      FROM auto_recharge_autorecharge auto JOIN credits_wallet wallet ON wallet.account_id = auto.account_id
     WHERE auto.is_on
        ON CONFLICT (wallet_id, watcher) DO UPDATE SET level_units = EXCLUDED.level_units
"""

MARK = """
    UPDATE ledger_account pot SET low_mark = highest.level
      FROM (SELECT payer.ledger_account_id AS id, max(watch.level_units) AS level
              FROM credits_watch watch
              JOIN credits_wallet wallet ON wallet.id = watch.wallet_id
              JOIN credits_wallet payer ON payer.id = coalesce(wallet.draws_on_id, wallet.id)
             GROUP BY payer.ledger_account_id) highest
     WHERE pot.id = highest.id AND pot.low_mark IS DISTINCT FROM highest.level
"""


class Migration(migrations.Migration):
    dependencies = [
        ("auto_recharge", "0002_a_pause_belongs_to_the_wallet"),
        ("credits", "0006_watches"),
        ("ledger", "0006_batches"),
    ]

    operations = [migrations.RunSQL([WATCH, MARK], migrations.RunSQL.noop)]
