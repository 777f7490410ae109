"""Payments in Django's admin, to look at."""

from django.contrib import admin

from billing.payments.models import Attempt, Payment, PaymentMethod
from portal.read_only import ReadOnlyAdmin


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ReadOnlyAdmin):
    list_display = ("account", "label", "kind", "provider", "expires_on", "created_at", "removed_at")
    list_filter = ("kind", "provider")
    list_select_related = ("account",)
    search_fields = ("account__name", "label")
    exclude = ("token",)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "account", "amount_cents", "currency", "state", "reference")
    list_filter = ("state", "currency")
    list_select_related = ("account",)
    ordering = ("-pk",)
    search_fields = ("account__name", "reference")


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "payment", "state", "reason", "asked_count", "ask_again_at", "finished_at")
    list_filter = ("state", "reason", "provider")
    list_select_related = ("payment",)
    ordering = ("-pk",)
    search_fields = ("payment__reference", "=provider_reference")
    exclude = ("token",)
