-- Many transfers in one call: line i moves p_amounts[i] out of p_debits[i] into p_credits[i]. All of them move, or none.
-- An account stands on one side of a batch only, so nothing depends on the order of the lines but the running balances.
--
-- p_references holds a key for each line, or one key for all of them; then a line is known by its place (sequence).
--
-- Returns (outcome, known): 'done' (all of it has moved now), 'repeated' (all of it had moved before), 'mixed' (the lines
-- whose keys are `known` had, the others had not), or what is wrong: 'conflict' (a key is another movement's),
-- 'insufficient', 'foreign' (between two customers), 'unknown' (no such account). Only 'done' has changed anything.
CREATE OR REPLACE FUNCTION ledger_post_batch(
    p_debits bigint[], p_credits bigint[], p_amounts bigint[], p_references text[],
    p_code text, p_subject text, p_actor bigint, p_at timestamptz,
    OUT outcome text, OUT known text[]
) LANGUAGE plpgsql AS $$
DECLARE
    keyed boolean := cardinality(p_references) = cardinality(p_debits);
    ids bigint[];        -- the accounts of the batch, and of each:
    customers bigint[];  -- whose it is,
    openings bigint[];   -- the balance before the batch,
    takings bigint[];    -- what leaves,
    bringings bigint[];  -- and what arrives
    written bigint;      -- lines that have moved
    different bigint;    -- lines whose key is another movement's
BEGIN
    -- Every account once, in primary-key order, so that batches wait for each other instead of deadlocking. By a join:
    -- with = ANY (array) the rows would be locked in the order in which they are found.
    WITH wanted AS (
        SELECT debit AS id, sum(amount)::bigint AS taken, 0::bigint AS brought
          FROM unnest(p_debits, p_amounts) AS line(debit, amount) GROUP BY debit
        UNION ALL
        SELECT credit, 0, sum(amount)::bigint FROM unnest(p_credits, p_amounts) AS line(credit, amount) GROUP BY credit
    ), account AS MATERIALIZED (
        SELECT a.*, wanted.taken, wanted.brought
          FROM ledger_account a JOIN wanted ON wanted.id = a.id ORDER BY a.id FOR NO KEY UPDATE OF a
    )
    SELECT CASE WHEN count(*) < (SELECT count(*) FROM wanted) THEN 'unknown'
                WHEN bool_or(NOT may_overdraw AND available < taken) THEN 'insufficient' END,
           array_agg(id), array_agg(customer_id), array_agg(credits_posted - debits_posted), array_agg(taken),
           array_agg(brought), greatest(p_at, max(last_entry_at))
      INTO outcome, ids, customers, openings, takings, bringings, p_at FROM account;
    IF outcome IS NULL THEN
        BEGIN
            WITH opening AS (SELECT * FROM unnest(ids, customers, openings) AS o(id, customer, balance))
            INSERT INTO ledger_transfer (phase, debit_account_id, credit_account_id, amount, code, reference, sequence,
                                         subject, actor_id, debit_balance, credit_balance, created_at)
            SELECT 'single', debit, credit, amount, p_code, coalesce(reference, p_references[1]),
                   CASE WHEN keyed THEN 0 ELSE n - 1 END, p_subject, p_actor, d.balance - taken, c.balance + brought, p_at
              FROM (SELECT *, sum(amount) OVER (PARTITION BY debit ORDER BY n) AS taken,
                              sum(amount) OVER (PARTITION BY credit ORDER BY n) AS brought
                      FROM unnest(p_debits, p_credits, p_amounts, p_references) WITH ORDINALITY
                           AS l(debit, credit, amount, reference, n)) AS line
              JOIN opening d ON d.id = debit JOIN opening c ON c.id = credit AND c.customer = d.customer
             ORDER BY n;
            -- Several customers share a batch, but no line leads from one to another: such a line has found no pair.
            GET DIAGNOSTICS written = ROW_COUNT;
            IF written < cardinality(p_debits) THEN
                RAISE EXCEPTION 'a line leads to another customer';
            END IF;
            UPDATE ledger_account
               SET debits_posted = debits_posted + taken, credits_posted = credits_posted + brought, last_entry_at = p_at
              FROM unnest(ids, takings, bringings) AS total(key, taken, brought) WHERE id = key;
            outcome := 'done';
            RETURN;
        EXCEPTION  -- and nothing has moved
            WHEN raise_exception THEN outcome := 'foreign';
            WHEN unique_violation THEN NULL;  -- a key is known
        END;
    END IF;

    -- Under the locks nobody else can be writing these lines, so what is not found now does not exist.
    SELECT array_agg(t.reference), count(*) FILTER (
               WHERE t.phase <> 'single' OR t.code <> p_code OR t.amount <> l.amount
                  OR t.debit_account_id <> debit OR t.credit_account_id <> credit)
      INTO known, different
      FROM unnest(p_debits, p_credits, p_amounts, p_references) WITH ORDINALITY AS l(debit, credit, amount, reference, n)
      JOIN ledger_transfer t ON t.reference = coalesce(l.reference, p_references[1])
                            AND t.sequence = CASE WHEN keyed THEN 0 ELSE n - 1 END;
    IF known IS NULL THEN
        RETURN;  -- nothing of it has moved before: what the locks showed stands
    ELSIF different > 0 OR NOT keyed AND (cardinality(known) < cardinality(p_debits) OR EXISTS (
        SELECT 1 FROM ledger_transfer WHERE reference = p_references[1] AND sequence = cardinality(p_debits)
    )) THEN
        outcome := 'conflict';
    ELSE
        outcome := CASE WHEN cardinality(known) = cardinality(p_debits) THEN 'repeated' ELSE 'mixed' END;
    END IF;
END
$$;
