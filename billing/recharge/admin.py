"""Recharges in Django's admin, to look at."""

from django.contrib import admin

from billing.recharge.models import Recharge, TakeBack
from portal.read_only import ReadOnlyAdmin


@admin.register(Recharge)
class RechargeAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "account", "credits_units", "gross_cents", "currency", "state", "invoice")
    list_filter = ("state", "vat_treatment")
    list_select_related = ("account", "invoice")
    ordering = ("-pk",)
    search_fields = ("account__name", "invoice__full_number")


@admin.register(TakeBack)
class TakeBackAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "recharge", "units", "taken_units", "undone_at")
    list_select_related = ("recharge",)
    ordering = ("-pk",)
    search_fields = ("=recharge__public_id",)
