-- What an invoice may have added is its PDF and its payment, once each. What its credit notes correct only grows; what
-- was paid and went back is kept up to date by those who hear of it.
CREATE OR REPLACE FUNCTION refuse_invoice_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    payment CONSTANT text[] := ARRAY['paid_at', 'paid_by', 'payment_reference'];
    rendering CONSTANT text[] := ARRAY['pdf', 'pdf_sha256', 'rendered_at', 'render_lease_until'];
    standing CONSTANT text[] := ARRAY['credited_cents', 'returned_cents'];
    before jsonb := to_jsonb(OLD) - standing;
    after jsonb := to_jsonb(NEW) - standing;
BEGIN
    IF OLD.paid_at IS NULL THEN
        before := before - payment;
        after := after - payment;
    END IF;
    IF OLD.rendered_at IS NULL THEN
        before := before - rendering;
        after := after - rendering;
    END IF;
    IF before IS DISTINCT FROM after OR NEW.credited_cents < OLD.credited_cents THEN
        RAISE EXCEPTION 'invoice % has been issued: a correction is a credit note', OLD.full_number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

-- An issued credit note stays as it is; its PDF is added once.
CREATE FUNCTION refuse_credit_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rendering CONSTANT text[] := ARRAY['pdf', 'pdf_sha256', 'rendered_at', 'render_lease_until'];
BEGIN
    IF OLD.rendered_at IS NOT NULL OR to_jsonb(OLD) - rendering IS DISTINCT FROM to_jsonb(NEW) - rendering THEN
        RAISE EXCEPTION 'credit note % has been issued: it never changes', OLD.full_number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER an_issued_credit_note_never_changes BEFORE UPDATE ON invoices_creditnote
    FOR EACH ROW EXECUTE FUNCTION refuse_credit_note_change();

CREATE TRIGGER an_issued_credit_note_is_never_deleted BEFORE DELETE ON invoices_creditnote
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Looked at when the transaction commits: the notes of an invoice are what it says that they correct, are taxed as it
-- was, and come to no more than it in any sum; where they correct all of it, then to exactly its sums.
CREATE FUNCTION check_credit_notes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    corrected invoices_invoice;
    notes record;
BEGIN
    IF TG_TABLE_NAME = 'invoices_invoice' THEN
        SELECT * INTO corrected FROM invoices_invoice WHERE id = NEW.id;
    ELSE
        SELECT * INTO corrected FROM invoices_invoice WHERE id = NEW.invoice_id;
    END IF;
    SELECT coalesce(sum(gross_cents), 0) AS gross, coalesce(sum(net_cents), 0) AS net,
           coalesce(sum(vat_cents), 0) AS vat,
           coalesce(bool_and((account_id, currency, vat_rate, treatment)
               = (corrected.account_id, corrected.currency, corrected.vat_rate, corrected.treatment)), true) AS alike
      INTO notes FROM invoices_creditnote WHERE invoice_id = corrected.id;
    IF notes.gross <> corrected.credited_cents OR notes.net > corrected.net_cents OR notes.vat > corrected.vat_cents
       OR NOT notes.alike THEN
        RAISE EXCEPTION 'invoice % says that % cents of it are corrected, and its credit notes % + %',
            corrected.full_number, corrected.credited_cents, notes.net, notes.vat
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER an_invoice_is_corrected_by_its_credit_notes AFTER UPDATE OF credited_cents ON invoices_invoice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_credit_notes();

CREATE CONSTRAINT TRIGGER a_credit_note_counts_in_its_invoice AFTER INSERT ON invoices_creditnote
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_credit_notes();
