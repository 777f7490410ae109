"""The bell of the invoices room."""

from django.dispatch import Signal

# Rung after an invoice has been issued; `id` is the invoice's primary key. Its PDF waits to be rendered.
invoice_issued = Signal()
