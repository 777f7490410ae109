"""Django's admin behind the portal's own login and second factor."""

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class SaldoAdminSite(AdminSite):
    """The stock admin, as a read-mostly tool for staff."""

    site_header = _("Saldo data desk")
    site_title = _("Saldo data desk")
    index_title = _("Tables")

    login = secure_admin_login(AdminSite.login)
