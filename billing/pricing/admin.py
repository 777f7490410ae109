"""Prices in Django's admin, to look at."""

from django.contrib import admin

from billing.pricing.models import CreditPack, PriceAgreement, PriceList, Rate
from portal.read_only import ReadOnlyAdmin


@admin.register(PriceList)
class PriceListAdmin(ReadOnlyAdmin):
    list_display = (
        "code",
        "name",
        "currency",
        "is_public",
        "is_default",
        "credits_expire_after_months",
        "valid_from",
        "valid_until",
    )


@admin.register(CreditPack)
class CreditPackAdmin(ReadOnlyAdmin):
    list_display = ("price_list", "credits", "price_cents", "valid_from", "valid_until")
    list_filter = ("price_list",)
    list_select_related = ("price_list",)


@admin.register(PriceAgreement)
class PriceAgreementAdmin(ReadOnlyAdmin):
    list_display = ("account", "price_list")
    list_select_related = ("account", "price_list")
    search_fields = ("account__name",)


@admin.register(Rate)
class RateAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "country_names", "service", "units", "valid_from", "valid_until")
    list_filter = ("service",)
    ordering = ("prefix", "valid_from")
    search_fields = ("prefix", "country_names")
