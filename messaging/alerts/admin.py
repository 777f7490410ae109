"""Balance alerts in Django's admin, to look at."""

from django.contrib import admin

from messaging.alerts.models import BalanceAlert, Notice, OwedMarks
from portal.read_only import ReadOnlyAdmin


@admin.register(BalanceAlert)
class BalanceAlertAdmin(ReadOnlyAdmin):
    list_display = (
        "account",
        "threshold_units",
        "threshold_days",
        "email_on",
        "email",
        "sms_on",
        "number",
        "armed",
        "fired_at",
    )
    list_filter = ("armed", "email_on", "sms_on")
    list_select_related = ("account",)
    search_fields = ("account__name", "email", "number")


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "alert", "kind", "channel", "address", "state", "attempt_count", "fault")
    list_filter = ("state", "kind", "channel")
    list_select_related = ("alert",)
    ordering = ("-pk",)
    search_fields = ("address", "alert__account__name")


@admin.register(OwedMarks)
class OwedMarksAdmin(ReadOnlyAdmin):
    list_display = ("id", "accounts")
