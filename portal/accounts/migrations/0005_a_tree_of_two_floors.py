from django.db import migrations

# Two floors are what everything that goes from a sub-account to its customer relies on, and the ledger writes the
# customer of an account down when it opens it. A parent that never changes needs no lock to be looked at.
FORWARD = """
CREATE FUNCTION keep_two_floors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'an_account_keeps_its_parent' USING ERRCODE = 'check_violation';
    ELSIF EXISTS (SELECT FROM accounts_account WHERE id = NEW.parent_id AND parent_id IS NOT NULL) THEN
        RAISE EXCEPTION 'a_sub_account_has_none_below_it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER a_sub_account_has_none_below_it AFTER INSERT ON accounts_account
   FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION keep_two_floors();
CREATE TRIGGER an_account_keeps_its_parent AFTER UPDATE OF parent_id ON accounts_account
   FOR EACH ROW WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id) EXECUTE FUNCTION keep_two_floors();
"""
BACK = """
DROP TRIGGER a_sub_account_has_none_below_it ON accounts_account;
DROP TRIGGER an_account_keeps_its_parent ON accounts_account;
DROP FUNCTION keep_two_floors();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_closed_accounts_are_found")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
