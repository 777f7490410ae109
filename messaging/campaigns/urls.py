"""Addresses of the campaigns room, under an account."""

from django.urls import path

from messaging.campaigns import compose_views, draft_views, views

urlpatterns = [
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns/new/", compose_views.campaign_new, name="campaign_new"),
    path("campaigns/preview/", compose_views.campaign_preview, name="campaign_preview"),
    path("campaigns/rules/", compose_views.sending_rules, name="sending_rules"),
    path("campaigns/templates/", compose_views.text_templates, name="text_templates"),
    path("campaigns/templates/<uuid:text_template>/", compose_views.text_template, name="text_template"),
    path(
        "campaigns/templates/<uuid:text_template>/removal/",
        compose_views.text_template_removal,
        name="text_template_removal",
    ),
    path("campaigns/drafts/<uuid:draft>/", draft_views.campaign_draft, name="campaign_draft"),
    path("campaigns/drafts/<uuid:draft>/removal/", draft_views.campaign_draft_removal, name="campaign_draft_removal"),
    path("campaigns/drafts/<uuid:draft>/quote/", draft_views.campaign_draft_quote, name="campaign_draft_quote"),
    path(
        "campaigns/drafts/<uuid:draft>/omission/", draft_views.campaign_draft_omission, name="campaign_draft_omission"
    ),
    path("campaigns/drafts/<uuid:draft>/default/", draft_views.campaign_draft_default, name="campaign_draft_default"),
    path(
        "campaigns/drafts/<uuid:draft>/countries/",
        draft_views.campaign_draft_countries,
        name="campaign_draft_countries",
    ),
    path("campaigns/<uuid:campaign>/", views.campaign, name="campaign"),
    path("campaigns/<uuid:campaign>/cancellation/", views.campaign_cancellation, name="campaign_cancellation"),
    path("campaigns/<uuid:campaign>/undo/", views.campaign_undo, name="campaign_undo"),
    path("campaigns/<uuid:campaign>/pause/", views.campaign_pause, name="campaign_pause"),
    path("campaigns/<uuid:campaign>/resumption/", views.campaign_resumption, name="campaign_resumption"),
]
