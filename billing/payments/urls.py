"""Addresses of the payments room, under an account."""

from django.urls import path

from billing.payments import views

urlpatterns = [
    path("payment-methods/", views.payment_methods, name="payment_methods"),
    path("payment-methods/<uuid:method>/removal/", views.payment_method_removal, name="payment_method_removal"),
]
