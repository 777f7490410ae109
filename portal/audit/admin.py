"""The audit log in Django's admin, to look at."""

from django.contrib import admin

from portal.audit.models import AuditEvent
from portal.read_only import ReadOnlyAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "action", "actor", "account", "subject", "address")
    list_select_related = ("actor", "account")
    ordering = ("-pk",)
    search_fields = ("action", "subject", "account__name", "actor__email", "=request_id")
