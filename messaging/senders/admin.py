"""Sender names, their registrations and the rules of countries in Django's admin, to look at."""

from django.contrib import admin

from messaging.senders.models import AliasEntry, CountryRule, Decision, Document, Registration, SenderName
from portal.read_only import ReadOnlyAdmin


@admin.register(SenderName)
class SenderNameAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "state", "is_default", "requested_at", "reviewed_by", "reviewed_at")
    list_filter = ("state",)
    list_select_related = ("account", "reviewed_by")
    ordering = ("-pk",)
    search_fields = ("name", "account__name")


@admin.register(Registration)
class RegistrationAdmin(ReadOnlyAdmin):
    list_display = ("sender", "country", "state", "requested_at", "decided_at", "reason")
    list_filter = ("state", "country")
    list_select_related = ("sender",)
    ordering = ("-pk",)
    search_fields = ("sender__name", "country")


@admin.register(AliasEntry)
class AliasEntryAdmin(ReadOnlyAdmin):
    list_display = ("registration", "company", "vat_number", "pec", "contact_name")
    list_select_related = ("registration__sender",)
    ordering = ("-pk",)
    search_fields = ("company", "vat_number", "pec")


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    list_display = ("name", "sender", "media_type", "byte_count", "added_at")
    list_select_related = ("sender",)
    ordering = ("-pk",)
    search_fields = ("name", "sender__name")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("decided_at", "sender", "country", "state", "reason", "decided_by")
    list_filter = ("state",)
    list_select_related = ("sender", "decided_by")
    ordering = ("-pk",)
    search_fields = ("sender__name", "country")


@admin.register(CountryRule)
class CountryRuleAdmin(ReadOnlyAdmin):
    list_display = ("country", "calling_prefix", "alphanumeric", "numeric", "short_code", "valid_from", "valid_until")
    list_filter = ("alphanumeric", "numeric")
    ordering = ("country", "valid_from")
    search_fields = ("country", "calling_prefix")
