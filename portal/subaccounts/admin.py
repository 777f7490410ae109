"""Persons in charge in Django's admin, to look at."""

from django.contrib import admin

from portal.read_only import ReadOnlyAdmin
from portal.subaccounts.models import PersonInCharge


@admin.register(PersonInCharge)
class PersonInChargeAdmin(ReadOnlyAdmin):
    list_display = ("account", "first_name", "last_name", "email")
    list_select_related = ("account",)
    search_fields = ("account__name", "email")
