DROP TRIGGER an_issued_credit_note_never_changes ON invoices_creditnote;
DROP TRIGGER an_issued_credit_note_is_never_deleted ON invoices_creditnote;
DROP TRIGGER an_invoice_is_corrected_by_its_credit_notes ON invoices_invoice;
DROP TRIGGER a_credit_note_counts_in_its_invoice ON invoices_creditnote;
DROP FUNCTION refuse_credit_note_change();
DROP FUNCTION check_credit_notes();
CREATE OR REPLACE FUNCTION refuse_invoice_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    payment CONSTANT text[] := ARRAY['paid_at', 'paid_by', 'payment_reference'];
    rendering CONSTANT text[] := ARRAY['pdf', 'pdf_sha256', 'rendered_at', 'render_lease_until'];
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
BEGIN
    IF OLD.paid_at IS NULL THEN
        before := before - payment;
        after := after - payment;
    END IF;
    IF OLD.rendered_at IS NULL THEN
        before := before - rendering;
        after := after - rendering;
    END IF;
    IF before IS DISTINCT FROM after THEN
        RAISE EXCEPTION 'invoice % has been issued: a correction is a credit note', OLD.full_number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
