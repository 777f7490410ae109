"""Addresses of the delivery room: pages under an account, and the webhooks of gateways."""

from django.urls import path

from messaging.delivery import views

urlpatterns = [
    path("messages/", views.messages, name="messages"),
    path("messages/<uuid:message>/", views.message, name="message"),
]

public_patterns = [
    path("gateways/<slug:gateway>/receipts/", views.gateway_receipts, name="gateway_receipts"),
    path(
        "gateways/<slug:gateway>/messages/<uuid:message>/receipts/",
        views.gateway_receipts,
        name="gateway_message_receipts",
    ),
    path("gateways/<slug:gateway>/replies/", views.gateway_replies, name="gateway_replies"),
]
