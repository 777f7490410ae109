"""Invoices in Django's admin, to look at."""

from django.contrib import admin

from billing.invoices.models import CreditNote, Invoice, InvoiceLine, InvoiceSeries
from portal.read_only import ReadOnlyAdmin


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ("full_number", "issued_on", "account", "net_cents", "vat_cents", "gross_cents", "paid_at")
    list_filter = ("year", "treatment", "currency")
    list_select_related = ("account",)
    ordering = ("-issued_on", "-pk")
    search_fields = ("full_number", "account__name")
    exclude = ("pdf",)


@admin.register(InvoiceLine)
class InvoiceLineAdmin(ReadOnlyAdmin):
    list_display = ("invoice", "position", "description", "quantity_units", "unit_price_cents", "net_cents")
    list_select_related = ("invoice",)
    search_fields = ("invoice__full_number",)


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyAdmin):
    list_display = ("full_number", "issued_on", "account", "invoice", "net_cents", "vat_cents", "gross_cents")
    list_filter = ("year", "treatment", "currency")
    list_select_related = ("account", "invoice")
    ordering = ("-issued_on", "-pk")
    search_fields = ("full_number", "account__name", "invoice__full_number")
    exclude = ("pdf",)


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(ReadOnlyAdmin):
    list_display = ("code", "year", "last_number")
