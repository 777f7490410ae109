"""Contact lists in Django's admin, to look at."""

from django.contrib import admin

from messaging.contacts.models import Contact, ContactList, OptOut
from portal.read_only import ReadOnlyAdmin


@admin.register(ContactList)
class ContactListAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "created_at")
    list_select_related = ("account",)
    search_fields = ("name", "account__name")


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ("number", "name", "contact_list", "created_at")
    list_select_related = ("contact_list",)
    ordering = ("-pk",)
    search_fields = ("=number", "name", "contact_list__name")


@admin.register(OptOut)
class OptOutAdmin(ReadOnlyAdmin):
    list_display = ("number", "account", "created_at")
    list_select_related = ("account",)
    ordering = ("-pk",)
    search_fields = ("=number", "account__name")
