"""Addresses of the delivery room: pages under an account, and the webhooks of gateways."""

from django.urls import path

from messaging.delivery import figure_views, views

urlpatterns = [
    path("messages/", views.messages, name="messages"),
    path("messages/<uuid:message>/", views.message, name="message"),
    path("campaigns/<uuid:campaign>/figures/", figure_views.campaign_figures, name="campaign_figures"),
    path("campaigns/<uuid:campaign>/suppression/", figure_views.campaign_suppression, name="campaign_suppression"),
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
