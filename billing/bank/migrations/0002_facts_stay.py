"""Bookings are append only; of a line only what is open of it changes."""

from django.db import migrations

from portal.append_only import append_only

_FACTS = """
CREATE FUNCTION refuse_other_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'state' - 'finding' - 'open_cents')
        IS DISTINCT FROM (to_jsonb(OLD) - 'state' - 'finding' - 'open_cents')
    THEN
        RAISE EXCEPTION 'what a line of a statement says never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER a_line_says_what_it_said BEFORE UPDATE OR DELETE ON bank_statementline
    FOR EACH ROW EXECUTE FUNCTION refuse_other_facts();
"""
_BACK = "DROP TRIGGER a_line_says_what_it_said ON bank_statementline; DROP FUNCTION refuse_other_facts();"


class Migration(migrations.Migration):
    dependencies = [("bank", "0001_initial")]

    operations = [append_only("bank_booking"), migrations.RunSQL(_FACTS, _BACK)]
