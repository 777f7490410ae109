"""The bank's lines in Django's admin, to look at."""

from django.contrib import admin

from billing.bank.models import BankStatement, Booking, OutgoingLine, StatementLine
from portal.read_only import ReadOnlyAdmin


@admin.register(BankStatement)
class BankStatementAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "file_name", "kind", "added_count", "known_count", "imported_at")
    ordering = ("-pk",)


@admin.register(StatementLine)
class StatementLineAdmin(ReadOnlyAdmin):
    list_display = ("booked_on", "payer_name", "amount_cents", "open_cents", "currency", "state", "finding")
    list_filter = ("state", "is_by_hand")
    ordering = ("-pk",)
    search_fields = ("payer_name", "text", "structured")


@admin.register(OutgoingLine)
class OutgoingLineAdmin(ReadOnlyAdmin):
    list_display = ("booked_on", "payee_name", "amount_cents", "currency", "is_return")
    ordering = ("-pk",)
    search_fields = ("payee_name", "text", "structured")


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "line", "kind", "amount_cents", "attempt", "undoes", "created_by")
    list_filter = ("kind",)
    list_select_related = ("line", "attempt", "undoes", "created_by")
    ordering = ("-pk",)
    search_fields = ("=public_id", "reference")
