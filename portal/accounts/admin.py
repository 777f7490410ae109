"""Accounts and people in Django's admin, to look at."""

from django.contrib import admin

from portal.accounts.models import Account, BillingDetails, Invitation, Member, User
from portal.read_only import ReadOnlyAdmin


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("name", "parent", "language", "time_zone", "created_at", "deactivated_at")
    list_filter = ("is_operator", "language")
    list_select_related = ("parent",)
    search_fields = ("name",)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("email", "first_name", "last_name", "language", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "language")
    search_fields = ("email", "first_name", "last_name", "phone")
    exclude = ("password", "groups", "user_permissions")


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ("user", "account", "role", "may_spend", "created_at")
    list_filter = ("role", "may_spend")
    list_select_related = ("user", "account")
    search_fields = ("user__email", "account__name")


@admin.register(BillingDetails)
class BillingDetailsAdmin(ReadOnlyAdmin):
    list_display = ("account", "company", "last_name", "city", "country", "vat_number")
    list_filter = ("country",)
    list_select_related = ("account",)
    search_fields = ("account__name", "company", "last_name", "vat_number")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("email", "account", "role", "invited_by", "created_at", "expires_at", "accepted_at", "withdrawn_at")
    list_filter = ("role",)
    list_select_related = ("account", "invited_by")
    search_fields = ("email", "account__name")
    exclude = ("token_hash",)
