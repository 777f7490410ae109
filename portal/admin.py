"""Django's admin behind the portal's own login and second factor."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from portal.accounts.access import ask_for_second_factor, lacks_second_factor


class SaldoAdminSite(AdminSite):
    """The stock admin, as a read-mostly tool for staff."""

    site_header = _("Saldo data desk")
    site_title = _("Saldo data desk")
    index_title = _("Tables")
    site_url = "/desk/"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let staff in whose session has its second factor, where one is required."""
        return super().has_permission(request) and not lacks_second_factor(request)

    @method_decorator(login_not_required)
    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send people to the portal's one login; the admin's own would ask for the password alone."""
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            wanted = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted, reverse("account_login"))
        if not super().has_permission(request):
            raise Http404
        return ask_for_second_factor(request) if lacks_second_factor(request) else redirect(wanted)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Sign out where everybody does."""
        return redirect("account_logout")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change the password where everybody does: there it is confirmed, told by e-mail and recorded."""
        return redirect("account_change_password")
