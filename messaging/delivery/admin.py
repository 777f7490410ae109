"""Messages in Django's admin, to look at."""

from django.contrib import admin

from messaging.delivery.models import (
    DeliveryReceipt,
    GatewayMinute,
    GatewayState,
    Message,
    MessagePart,
    Reply,
    ReplyPart,
    Route,
)
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


@admin.register(ReplyPart)
class ReplyPartAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "source", "destination", "number", "part_count", "gateway")
    list_filter = ("gateway",)
    ordering = ("-pk",)
    search_fields = ("=source", "=destination")


@admin.register(GatewayState)
class GatewayStateAdmin(ReadOnlyAdmin):
    list_display = ("name", "is_paused", "failure_count", "retry_at", "last_ok_at", "last_error_at", "last_error")


@admin.register(GatewayMinute)
class GatewayMinuteAdmin(ReadOnlyAdmin):
    list_display = ("minute", "gateway", "accepted_count", "refused_count", "fault_count", "delivered_count")
    list_filter = ("gateway",)
    ordering = ("-minute",)


@admin.register(Route)
class RouteAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "gateway", "priority", "is_paused", "per_second", "valid_from", "valid_until")
    list_filter = ("gateway",)
    ordering = ("prefix", "priority")


@admin.register(MessagePart)
class MessagePartAdmin(ReadOnlyAdmin):
    list_display = ("message", "number", "gateway", "gateway_message_id")
    list_select_related = ("message",)
    ordering = ("-pk",)
    search_fields = ("=gateway_message_id",)
