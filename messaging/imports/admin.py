"""Imports in Django's admin, to look at."""

from django.contrib import admin

from messaging.imports.models import ContactImport
from portal.read_only import ReadOnlyAdmin


@admin.register(ContactImport)
class ContactImportAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "account", "file_name", "purpose", "state", "created_by")
    list_filter = ("purpose", "state")
    list_select_related = ("account", "created_by")
    ordering = ("-pk",)
    search_fields = ("account__name", "file_name")
    exclude = ("file", "sample")
