"""Addresses of the campaigns room, under an account."""

from django.urls import path

from messaging.campaigns import views

urlpatterns = [
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns/new/", views.campaign_new, name="campaign_new"),
    path("campaigns/preview/", views.campaign_preview, name="campaign_preview"),
    path("campaigns/drafts/<uuid:draft>/", views.campaign_draft, name="campaign_draft"),
    path("campaigns/drafts/<uuid:draft>/removal/", views.campaign_draft_removal, name="campaign_draft_removal"),
    path("campaigns/<uuid:campaign>/", views.campaign, name="campaign"),
    path("campaigns/<uuid:campaign>/cancellation/", views.campaign_cancellation, name="campaign_cancellation"),
]
