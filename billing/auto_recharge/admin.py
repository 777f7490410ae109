"""Automatic recharges in Django's admin, to look at."""

from django.contrib import admin

from billing.auto_recharge.models import AutoRecharge, Evaluation, Policy, Question
from portal.read_only import ReadOnlyAdmin


@admin.register(AutoRecharge)
class AutoRechargeAdmin(ReadOnlyAdmin):
    list_display = ("account", "is_on", "threshold_units", "quantity_units", "method", "last_answer", "changed_at")
    list_filter = ("is_on",)
    list_select_related = ("account", "method")
    ordering = ("account__name",)
    search_fields = ("account__name",)


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ("first_at", "last_at", "auto_recharge", "answer", "available_units", "units", "look_count")
    list_filter = ("answer",)
    list_select_related = ("auto_recharge__account",)
    ordering = ("-pk",)
    search_fields = ("auto_recharge__account__name",)


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "auto_recharge", "because", "gross_cents", "currency", "state", "answered_at")
    list_filter = ("state", "because")
    list_select_related = ("auto_recharge__account",)
    ordering = ("-pk",)
    search_fields = ("auto_recharge__account__name",)


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    list_display = ("valid_from", "valid_until", "months_old", "allows_cards", "day_cap_cents", "month_cap_cents")
    ordering = ("-valid_from",)
