"""Addresses of the invoices room, under an account."""

from django.urls import path

from billing.invoices import views

urlpatterns = [
    path("invoices/", views.invoices, name="invoices"),
    path("invoices/<uuid:invoice>/pdf/", views.invoice_pdf, name="invoice_pdf"),
]
