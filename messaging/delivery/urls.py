"""Addresses of the delivery room: pages under an account, and the webhooks of gateways."""

from django.urls import path

from messaging.delivery import views

urlpatterns = [
    path("messages/", views.messages, name="messages"),
    path("messages/<uuid:message>/", views.message, name="message"),
]

public_patterns = [
    path("gateways/simulator/receipts/", views.simulator_receipts, name="simulator_receipts"),
]
