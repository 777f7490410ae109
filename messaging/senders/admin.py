"""Sender names in Django's admin, to look at."""

from django.contrib import admin

from messaging.senders.models import SenderName
from portal.read_only import ReadOnlyAdmin


@admin.register(SenderName)
class SenderNameAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "state", "is_default", "requested_at", "reviewed_by", "reviewed_at")
    list_filter = ("state",)
    list_select_related = ("account", "reviewed_by")
    ordering = ("-pk",)
    search_fields = ("name", "account__name")
