DROP TRIGGER an_issued_invoice_never_changes ON invoices_invoice;
DROP TRIGGER an_issued_invoice_is_never_deleted ON invoices_invoice;
DROP TRIGGER an_invoice_is_the_sum_of_its_lines ON invoices_invoice;
DROP TRIGGER a_line_counts_in_its_invoice ON invoices_invoiceline;
DROP TRIGGER a_series_only_counts_up ON invoices_invoiceseries;
DROP TRIGGER a_series_is_never_deleted ON invoices_invoiceseries;
DROP FUNCTION refuse_invoice_change();
DROP FUNCTION check_invoice_sum();
DROP FUNCTION refuse_counting_down();
