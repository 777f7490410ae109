"""The ledger in Django's admin, to look at."""

from django.contrib import admin

from billing.ledger.models import Account, Transfer
from portal.read_only import ReadOnlyAdmin


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("owner", "code", "available", "debits_posted", "credits_posted", "debits_pending")
    list_filter = ("code", "may_overdraw")
    list_select_related = ("owner",)
    search_fields = ("owner__name",)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "code", "phase", "amount", "debit_account", "credit_account", "reference", "actor")
    list_filter = ("code", "phase")
    list_select_related = ("debit_account", "credit_account", "actor")
    ordering = ("-pk",)
    search_fields = ("reference", "=subject")
