import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """No alert is deleted, so no foreign key has to look whether a notice's is there."""

    dependencies = [("alerts", "0006_notices_by_moment")]

    operations = [
        migrations.AlterField(
            "notice",
            "alert",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="alerts.balancealert",
            ),
        ),
        migrations.RunSQL(
            "CREATE TRIGGER alerts_balancealert_is_kept BEFORE DELETE ON alerts_balancealert "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            "DROP TRIGGER alerts_balancealert_is_kept ON alerts_balancealert",
        ),
    ]
