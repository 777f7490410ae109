"""Notices in Django's admin, to look at."""

from django.contrib import admin

from portal.notices.models import Notice, OptOut
from portal.read_only import ReadOnlyAdmin


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "account", "user", "state", "attempt_count", "sent_at")
    list_filter = ("kind", "state")
    list_select_related = ("account", "user")
    ordering = ("-pk",)
    search_fields = ("account__name", "user__email", "reference")


@admin.register(OptOut)
class OptOutAdmin(ReadOnlyAdmin):
    list_display = ("account", "user", "kind")
    list_filter = ("kind",)
    list_select_related = ("account", "user")
