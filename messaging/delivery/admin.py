"""Messages in Django's admin, to look at."""

from django.contrib import admin

from messaging.delivery.models import DeliveryReceipt, GatewayState, Message, Reply
from portal.read_only import ReadOnlyAdmin


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "account", "recipient", "sender", "state", "price_units", "gateway")
    list_filter = ("state", "purpose")
    list_select_related = ("account",)
    ordering = ("-pk",)
    search_fields = ("=recipient", "=gateway_message_id")


@admin.register(DeliveryReceipt)
class DeliveryReceiptAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "gateway", "gateway_message_id", "state", "error_code", "reported_at")
    list_filter = ("state", "gateway")
    ordering = ("-pk",)
    search_fields = ("=gateway_message_id",)


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "source", "destination", "gateway", "handled_at")
    list_filter = ("gateway",)
    ordering = ("-pk",)
    search_fields = ("=source", "=destination", "=key")


@admin.register(GatewayState)
class GatewayStateAdmin(ReadOnlyAdmin):
    list_display = ("name", "is_paused", "failure_count", "retry_at", "last_ok_at", "last_error_at", "last_error")
