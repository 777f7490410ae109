"""Reports in Django's admin, to look at."""

from django.contrib import admin

from portal.read_only import ReadOnlyAdmin
from portal.reports.models import ReportRequest


@admin.register(ReportRequest)
class ReportRequestAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "account", "kind", "state", "requested_by")
    list_filter = ("kind", "state")
    list_select_related = ("account", "requested_by")
    ordering = ("-pk",)
    search_fields = ("account__name", "requested_by__email")
    exclude = ("file",)
