-- An issued invoice stays as it is. What may be added, once each: its PDF, and its payment.
CREATE FUNCTION refuse_invoice_change() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER an_issued_invoice_never_changes BEFORE UPDATE ON invoices_invoice
    FOR EACH ROW EXECUTE FUNCTION refuse_invoice_change();

CREATE TRIGGER an_issued_invoice_is_never_deleted BEFORE DELETE ON invoices_invoice
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Looked at when the transaction commits: by then an invoice and all its lines are there.
CREATE FUNCTION check_invoice_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
    issued text;
    found bigint;
    subject bigint;
BEGIN
    IF TG_TABLE_NAME = 'invoices_invoice' THEN
        subject := NEW.id;
    ELSE
        subject := NEW.invoice_id;
    END IF;
    SELECT net_cents, full_number INTO wanted, issued FROM invoices_invoice WHERE id = subject;
    SELECT coalesce(sum(net_cents), 0) INTO found FROM invoices_invoiceline WHERE invoice_id = subject;
    IF wanted <> found THEN
        RAISE EXCEPTION 'invoice % asks for % cents and its lines for %', issued, wanted, found
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER an_invoice_is_the_sum_of_its_lines AFTER INSERT ON invoices_invoice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_invoice_sum();

CREATE CONSTRAINT TRIGGER a_line_counts_in_its_invoice AFTER INSERT ON invoices_invoiceline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_invoice_sum();

-- A counter only counts up: a number that was given is never given again.
CREATE FUNCTION refuse_counting_down() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_number < OLD.last_number OR (NEW.code, NEW.year) IS DISTINCT FROM (OLD.code, OLD.year) THEN
        RAISE EXCEPTION 'a series of invoices only counts up' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER a_series_only_counts_up BEFORE UPDATE ON invoices_invoiceseries
    FOR EACH ROW EXECUTE FUNCTION refuse_counting_down();

CREATE TRIGGER a_series_is_never_deleted BEFORE DELETE ON invoices_invoiceseries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
