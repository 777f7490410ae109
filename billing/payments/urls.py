"""Addresses of the payments room: under an account, and the providers' webhooks."""

from django.urls import path

from billing.payments import views

urlpatterns = [
    path("payment-methods/", views.payment_methods, name="payment_methods"),
    path("payment-methods/<uuid:method>/removal/", views.payment_method_removal, name="payment_method_removal"),
    path("payment-methods/<uuid:method>/first-place/", views.payment_method_first, name="payment_method_first"),
]

public_patterns = [
    path("payment-providers/<slug:provider>/events/", views.provider_events, name="provider_events"),
]
