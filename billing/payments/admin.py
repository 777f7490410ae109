"""Payments in Django's admin, to look at."""

from django.contrib import admin

from billing.payments.models import (
    Attempt,
    Mandate,
    MethodNeed,
    MethodSetup,
    Payment,
    PaymentMethod,
    PaymentPolicy,
    ProviderEvent,
    Reversal,
)
from portal.read_only import ReadOnlyAdmin


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ReadOnlyAdmin):
    list_display = ("account", "label", "kind", "provider", "expires_on", "created_at", "removed_at")
    list_filter = ("kind", "provider")
    list_select_related = ("account",)
    search_fields = ("account__name", "label")
    exclude = ("token",)


@admin.register(Mandate)
class MandateAdmin(ReadOnlyAdmin):
    list_display = ("reference", "holder", "state", "accepted_at", "validated_at", "ended_at")
    list_filter = ("state",)
    search_fields = ("reference", "holder")


@admin.register(MethodSetup)
class MethodSetupAdmin(ReadOnlyAdmin):
    list_display = ("session", "account", "created_at", "method")
    list_select_related = ("account", "method")
    search_fields = ("session", "account__name")


@admin.register(MethodNeed)
class MethodNeedAdmin(ReadOnlyAdmin):
    list_display = ("by", "account", "kinds")
    list_select_related = ("account",)
    search_fields = ("by",)


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


@admin.register(Reversal)
class ReversalAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "payment", "kind", "state", "amount_cents")
    list_filter = ("kind", "state")
    list_select_related = ("payment",)
    ordering = ("-pk",)
    search_fields = ("=reference",)


@admin.register(ProviderEvent)
class ProviderEventAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "provider", "kind", "state", "verdict", "provider_reference")
    list_filter = ("provider", "state", "verdict")
    ordering = ("-pk",)
    search_fields = ("=event_id", "=provider_reference", "=key")


@admin.register(PaymentPolicy)
class PaymentPolicyAdmin(ReadOnlyAdmin):
    list_display = ("valid_from", "valid_until", "provisional_limit_cents")
    search_fields = ("=provisional_limit_cents",)
