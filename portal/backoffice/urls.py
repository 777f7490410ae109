"""Addresses of the operator's desk."""

from django.urls import path

from portal.backoffice import money_views, sending_views, views

staff_patterns = [
    path("", views.desk, name="desk"),
    path("customers/", views.desk_customers, name="desk_customers"),
    path("customers/<uuid:customer>/", views.desk_customer, name="desk_customer"),
    path("ledger/", views.desk_ledger, name="desk_ledger"),
    path("payments/", money_views.desk_payments, name="desk_payments"),
    path("payments/<uuid:payment>/", money_views.desk_payment, name="desk_payment"),
    path("payments/<uuid:payment>/inquiry/", money_views.desk_payment_inquiry, name="desk_payment_inquiry"),
    path("invoices/", money_views.desk_invoices, name="desk_invoices"),
    path("invoices/<uuid:invoice>/pdf/", money_views.desk_invoice_pdf, name="desk_invoice_pdf"),
    path("sender-names/", sending_views.desk_senders, name="desk_senders"),
    path("sender-names/<uuid:sender>/review/", sending_views.desk_sender_review, name="desk_sender_review"),
    path("alerts/", sending_views.desk_notices, name="desk_notices"),
    path("gateways/", sending_views.desk_gateways, name="desk_gateways"),
    path("gateways/pause/", sending_views.desk_gateway_pause, name="desk_gateway_pause"),
]
