"""Addresses of the payments room: under an account, and the providers' webhooks."""

from django.urls import path

from billing.payments import stripe_views, views

urlpatterns = [
    path("payment-methods/", views.payment_methods, name="payment_methods"),
    path("payment-methods/<uuid:method>/removal/", views.payment_method_removal, name="payment_method_removal"),
    path("payment-methods/<uuid:method>/first-place/", views.payment_method_first, name="payment_method_first"),
    path("payment-methods/stripe-pages/", stripe_views.stripe_page, name="stripe_page"),
    path("payment-methods/stripe-methods/", stripe_views.stripe_method, name="stripe_method"),
]

public_patterns = [
    path("payment-providers/<slug:provider>/events/", views.provider_events, name="provider_events"),
]
