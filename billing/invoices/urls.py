"""Addresses of the invoices room, under an account."""

from django.urls import path

from billing.invoices import views

urlpatterns = [
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/archive/", views.invoice_archive, name="invoice_archive"),
    path("credit-notes/<uuid:credit_note>/pdf/", views.credit_note_pdf, name="credit_note_pdf"),
    path("invoices/<uuid:invoice>/pdf/", views.invoice_pdf, name="invoice_pdf"),
]
