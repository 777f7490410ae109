"""Campaigns in Django's admin, to look at."""

from django.contrib import admin

from messaging.campaigns.models import Campaign, CampaignDraft, SendingRules, TextTemplate
from portal.read_only import ReadOnlyAdmin


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "account",
        "name",
        "sender",
        "recipient_count",
        "state",
        "held_units",
        "charged_units",
    )
    list_filter = ("state",)
    list_select_related = ("account",)
    ordering = ("-pk",)
    search_fields = ("name", "account__name")


@admin.register(CampaignDraft)
class CampaignDraftAdmin(ReadOnlyAdmin):
    list_display = ("updated_at", "account", "name", "campaign")
    list_select_related = ("account", "campaign")
    ordering = ("-pk",)
    search_fields = ("name", "account__name")


@admin.register(TextTemplate)
class TextTemplateAdmin(ReadOnlyAdmin):
    list_display = ("updated_at", "account", "name")
    list_select_related = ("account",)
    ordering = ("-pk",)
    search_fields = ("name", "account__name")


@admin.register(SendingRules)
class SendingRulesAdmin(ReadOnlyAdmin):
    list_display = ("account", "undo_seconds", "closing")
    list_select_related = ("account",)
    ordering = ("account__name",)
    search_fields = ("account__name",)
