"""Wallets and lots in Django's admin, to look at."""

from django.contrib import admin

from billing.credits.models import CreditLot, ExpiryWarning, LotDraw, Wallet, Watch
from portal.read_only import ReadOnlyAdmin


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    list_display = ("account", "public_id")
    list_select_related = ("account",)
    search_fields = ("account__name",)


@admin.register(CreditLot)
class CreditLotAdmin(ReadOnlyAdmin):
    list_display = ("wallet", "origin", "granted", "remaining", "held", "unit_price_cents", "expires_at", "created_at")
    list_filter = ("origin",)
    list_select_related = ("wallet__account",)
    ordering = ("-pk",)
    search_fields = ("wallet__account__name",)


@admin.register(LotDraw)
class LotDrawAdmin(ReadOnlyAdmin):
    list_display = ("transfer", "lot", "amount")
    list_select_related = ("transfer", "lot")
    ordering = ("-pk",)
    search_fields = ("=transfer__reference",)


@admin.register(ExpiryWarning)
class ExpiryWarningAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "wallet", "expires_on", "days_before", "units")
    list_select_related = ("wallet__account",)
    ordering = ("-pk",)
    search_fields = ("wallet__account__name",)


@admin.register(Watch)
class WatchAdmin(ReadOnlyAdmin):
    list_display = ("wallet", "watcher", "level_units", "above_units")
    list_select_related = ("wallet__account",)
    search_fields = ("wallet__account__name",)
