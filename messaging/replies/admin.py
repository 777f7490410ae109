"""Replies in Django's admin, to look at."""

from django.contrib import admin

from messaging.replies.models import InboxReply, ReplyNumber, ReplySettings
from portal.read_only import ReadOnlyAdmin


@admin.register(InboxReply)
class InboxReplyAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "account", "number", "found_by", "is_stop", "auto_reply", "forwarded_at")
    list_filter = ("is_stop", "auto_reply", "found_by")
    list_select_related = ("account",)
    ordering = ("-pk",)
    search_fields = ("=number", "account__name")


@admin.register(ReplyNumber)
class ReplyNumberAdmin(ReadOnlyAdmin):
    list_display = ("number", "account", "valid_from", "valid_until")
    list_select_related = ("account",)
    search_fields = ("=number", "account__name")


@admin.register(ReplySettings)
class ReplySettingsAdmin(ReadOnlyAdmin):
    list_display = ("account", "forward_on", "forward_email", "answer_on")
    list_select_related = ("account",)
