"""Addresses of the operator's desk."""

from django.urls import path

from portal.backoffice import (
    bank_views,
    country_views,
    gateway_views,
    money_views,
    payment_views,
    policy_views,
    sender_views,
    sending_views,
    statement_views,
    transfer_views,
    views,
)

_SENDER = "sender-names/<uuid:sender>/"

staff_patterns = [
    path("", views.desk, name="desk"),
    path("customers/", views.desk_customers, name="desk_customers"),
    path("customers/<uuid:customer>/", views.desk_customer, name="desk_customer"),
    path("ledger/", views.desk_ledger, name="desk_ledger"),
    path("payments/", payment_views.desk_payments, name="desk_payments"),
    path("payments/<uuid:payment>/", payment_views.desk_payment, name="desk_payment"),
    path("payments/<uuid:payment>/inquiry/", payment_views.desk_payment_inquiry, name="desk_payment_inquiry"),
    path(
        "payments/<uuid:payment>/abandonment/", payment_views.desk_payment_abandonment, name="desk_payment_abandonment"
    ),
    path(
        "payments/<uuid:payment>/contradiction/",
        payment_views.desk_payment_contradiction,
        name="desk_payment_contradiction",
    ),
    path("payments/<uuid:payment>/refund/", payment_views.desk_payment_refund, name="desk_payment_refund"),
    path("bank/", bank_views.desk_bank, name="desk_bank"),
    path("bank/booked/", bank_views.desk_bank_booked, name="desk_bank_booked"),
    path("bank/outgoing/", bank_views.desk_bank_outgoing, name="desk_bank_outgoing"),
    path("bank/lines/<uuid:line>/", bank_views.desk_bank_line, name="desk_bank_line"),
    path("bank/lines/<uuid:line>/assignment/", bank_views.desk_bank_assignment, name="desk_bank_assignment"),
    path("bank/lines/<uuid:line>/exclusion/", bank_views.desk_bank_exclusion, name="desk_bank_exclusion"),
    path("bank/lines/<uuid:line>/return/", bank_views.desk_bank_return, name="desk_bank_return"),
    path("bank/bookings/<uuid:booking>/undoing/", bank_views.desk_bank_undoing, name="desk_bank_undoing"),
    path("bank/transfers/", transfer_views.desk_bank_transfers, name="desk_bank_transfers"),
    path("bank/transfers/<uuid:payment>/", transfer_views.desk_bank_transfer, name="desk_bank_transfer"),
    path(
        "bank/transfers/<uuid:payment>/confirmation/",
        transfer_views.desk_bank_confirmation,
        name="desk_bank_confirmation",
    ),
    path("bank/transfers/<uuid:payment>/closure/", transfer_views.desk_bank_closure, name="desk_bank_closure"),
    path("bank/statements/", statement_views.desk_bank_statements, name="desk_bank_statements"),
    path("bank/statements/<uuid:statement>/", statement_views.desk_bank_statement, name="desk_bank_statement"),
    path(
        "bank/statements/<uuid:statement>/removal/",
        statement_views.desk_bank_statement_removal,
        name="desk_bank_statement_removal",
    ),
    path("bank/statements/<uuid:statement>/import/", statement_views.desk_bank_import, name="desk_bank_import"),
    path("invoices/", money_views.desk_invoices, name="desk_invoices"),
    path("invoices/<uuid:invoice>/", money_views.desk_invoice, name="desk_invoice"),
    path("invoices/<uuid:invoice>/credit-notes/", money_views.desk_credit_notes, name="desk_credit_notes"),
    path("credit-notes/<uuid:credit_note>/pdf/", money_views.desk_credit_note_pdf, name="desk_credit_note_pdf"),
    path("invoices/<uuid:invoice>/pdf/", money_views.desk_invoice_pdf, name="desk_invoice_pdf"),
    path("sender-names/", sender_views.desk_senders, name="desk_senders"),
    path(f"{_SENDER}review/", sender_views.desk_sender_review, name="desk_sender_review"),
    path(f"{_SENDER}withdrawal/", sender_views.desk_sender_withdrawal, name="desk_sender_withdrawal"),
    path(f"{_SENDER}documents/<uuid:document>/file/", sender_views.desk_sender_document, name="desk_sender_document"),
    path(
        f"{_SENDER}registrations/<uuid:registration>/decision/",
        sender_views.desk_registration_decision,
        name="desk_registration_decision",
    ),
    path("countries/", country_views.desk_countries, name="desk_countries"),
    path("countries/new/", country_views.desk_country_new, name="desk_country_new"),
    path("countries/<uuid:rule>/", country_views.desk_country, name="desk_country"),
    path("policies/", policy_views.desk_policies, name="desk_policies"),
    path("policies/recharges/", policy_views.desk_recharge_policies, name="desk_recharge_policies"),
    path("policies/payments/", policy_views.desk_payment_policies, name="desk_payment_policies"),
    path("recharge-questions/", policy_views.desk_questions, name="desk_questions"),
    path("alerts/", sending_views.desk_notices, name="desk_notices"),
    path("gateways/", gateway_views.desk_gateways, name="desk_gateways"),
    path("gateways/pause/", gateway_views.desk_gateway_pause, name="desk_gateway_pause"),
    path("routes/", gateway_views.desk_routes, name="desk_routes"),
    path("routes/new/", gateway_views.desk_route, name="desk_route_new"),
    path("routes/<uuid:route>/", gateway_views.desk_route, name="desk_route"),
]
