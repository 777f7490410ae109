-- The one statement that moves credits. A single call locks both accounts in primary-key order, recognises a repeated
-- reference, writes the transfer and moves the counters, so that no client round trip happens while a row is locked.
--
-- Returns (outcome, moved): 'done' or 'repeated' (same reference, same movement: nothing moved) with the transfer, or the
-- name of what is wrong: 'conflict' (the reference is another movement's), 'insufficient', 'resolved' (the hold has
-- been), 'exceeds' (posts more than is held), 'unknown_hold', 'unknown' (no such account), 'foreign' (between two
-- customers). Only 'done' has changed anything.
CREATE OR REPLACE FUNCTION ledger_transfer(
    p_phase text, p_debit bigint, p_credit bigint, p_amount bigint, p_hold bigint,
    p_code text, p_reference text, p_subject text, p_actor bigint, p_at timestamptz,
    OUT outcome text, OUT moved ledger_transfer
) LANGUAGE plpgsql AS $$
DECLARE
    held ledger_transfer%ROWTYPE;
    debit record;         -- of both accounts what is asked of them below, not the whole row
    credit record;
    pending bigint := 0;  -- how both pending counters change
    posted bigint := 0;   -- how both posted counters change
BEGIN
    IF p_hold IS NOT NULL THEN
        SELECT * INTO held FROM ledger_transfer WHERE id = p_hold AND phase = 'hold';
        IF NOT FOUND THEN
            outcome := 'unknown_hold';
            RETURN;
        END IF;
        p_debit := held.debit_account_id;
        p_credit := held.credit_account_id;
        p_amount := coalesce(p_amount, held.amount);
    END IF;
    CASE p_phase
        WHEN 'single' THEN posted := p_amount;
        WHEN 'hold' THEN pending := p_amount;
        WHEN 'post' THEN posted := p_amount; pending := -held.amount;
        WHEN 'void' THEN pending := -held.amount;
    END CASE;

    IF p_debit < p_credit THEN
        SELECT id, customer_id, may_overdraw, available, last_entry_at, credits_posted - debits_posted AS balance
          INTO debit FROM ledger_account WHERE id = p_debit FOR NO KEY UPDATE;
        SELECT id, customer_id, may_overdraw, available, last_entry_at, credits_posted - debits_posted AS balance
          INTO credit FROM ledger_account WHERE id = p_credit FOR NO KEY UPDATE;
    ELSE
        SELECT id, customer_id, may_overdraw, available, last_entry_at, credits_posted - debits_posted AS balance
          INTO credit FROM ledger_account WHERE id = p_credit FOR NO KEY UPDATE;
        SELECT id, customer_id, may_overdraw, available, last_entry_at, credits_posted - debits_posted AS balance
          INTO debit FROM ledger_account WHERE id = p_debit FOR NO KEY UPDATE;
    END IF;

    -- No foreign key looks after this: a transfer is written by the functions of this folder alone, and an account is
    -- never deleted.
    IF debit.id IS NULL OR credit.id IS NULL THEN
        outcome := 'unknown';
        RETURN;
    ELSIF debit.customer_id <> credit.customer_id THEN
        outcome := 'foreign';
    ELSIF p_hold IS NULL AND NOT debit.may_overdraw AND debit.available < p_amount THEN
        outcome := 'insufficient';
    ELSIF p_hold IS NOT NULL AND EXISTS (SELECT FROM ledger_transfer WHERE hold_id = p_hold) THEN
        outcome := 'resolved';
    ELSIF p_amount > held.amount THEN
        outcome := 'exceeds';
    ELSE
        -- A caller's clock may be behind another's; on an account time does not run backwards.
        p_at := greatest(p_at, debit.last_entry_at, credit.last_entry_at);
        INSERT INTO ledger_transfer (phase, debit_account_id, credit_account_id, amount, hold_id, code, reference,
                                     sequence, subject, actor_id, debit_balance, credit_balance, created_at)
        VALUES (p_phase, p_debit, p_credit, p_amount, p_hold, p_code, p_reference, 0, p_subject, p_actor,
                debit.balance - posted, credit.balance + posted, p_at)
        ON CONFLICT (reference, sequence) DO NOTHING
        RETURNING * INTO moved;
        IF FOUND THEN
            -- Both rows in one statement: to begin another costs more than a row.
            UPDATE ledger_account
               SET debits_posted = debits_posted + CASE id WHEN p_debit THEN posted ELSE 0 END,
                   debits_pending = debits_pending + CASE id WHEN p_debit THEN pending ELSE 0 END,
                   credits_posted = credits_posted + CASE id WHEN p_credit THEN posted ELSE 0 END,
                   credits_pending = credits_pending + CASE id WHEN p_credit THEN pending ELSE 0 END,
                   last_entry_at = p_at
             WHERE id IN (p_debit, p_credit);
            outcome := 'done';
            RETURN;
        END IF;
    END IF;

    -- What is refused now may have moved before. Under the locks nobody else can be writing this movement, so what is
    -- not found here does not exist.
    SELECT * INTO moved FROM ledger_transfer WHERE reference = p_reference AND sequence = 0;
    IF FOUND THEN
        outcome := CASE
            WHEN moved.phase = p_phase AND moved.debit_account_id = p_debit AND moved.credit_account_id = p_credit
             AND moved.amount = p_amount AND moved.code = p_code AND moved.hold_id IS NOT DISTINCT FROM p_hold
            THEN 'repeated' ELSE 'conflict' END;
    END IF;
END
$$;
