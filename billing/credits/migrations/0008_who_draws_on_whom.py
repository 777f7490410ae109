from django.db import migrations

# A wallet spends its own credits, or those of one other of the same customer, which spends its own. A chain would be
# followed for one step only. Both wallets' rows are locked by whoever changes this (`services.draw_on`).
FORWARD = """
CREATE FUNCTION keep_drawing_short() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM credits_wallet payer WHERE payer.id = NEW.draws_on_id AND payer.draws_on_id IS NOT NULL)
       OR EXISTS (SELECT FROM credits_wallet spender WHERE spender.draws_on_id = NEW.id) THEN
        RAISE EXCEPTION 'who_is_drawn_on_draws_on_nobody' USING ERRCODE = 'check_violation';
    ELSIF NOT EXISTS (
        SELECT FROM ledger_account mine
          JOIN credits_wallet payer ON payer.id = NEW.draws_on_id
          JOIN ledger_account pot ON pot.id = payer.ledger_account_id AND pot.customer_id = mine.customer_id
         WHERE mine.id = NEW.ledger_account_id
    ) THEN
        RAISE EXCEPTION 'a_wallet_draws_on_none_of_another_customer' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER a_wallet_draws_on_one_that_pays_by_itself AFTER INSERT OR UPDATE OF draws_on_id ON credits_wallet
   FOR EACH ROW WHEN (NEW.draws_on_id IS NOT NULL) EXECUTE FUNCTION keep_drawing_short();
"""
BACK = """
DROP TRIGGER a_wallet_draws_on_one_that_pays_by_itself ON credits_wallet;
DROP FUNCTION keep_drawing_short();
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0007_watched_from_above"), ("ledger", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
