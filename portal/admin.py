"""Django's admin behind the portal's own login and second factor."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from portal.accounts.access import ask_for_second_factor, lacks_second_factor
from portal.read_only import ReadOnlyAdmin


class SaldoAdminSite(AdminSite):
    """The stock admin, as a tool for staff to look things up with."""

    site_header = _("Saldo data desk")
    site_title = _("Saldo data desk")
    index_title = _("Tables")
    site_url = "/desk/"

    @method_decorator(login_not_required)
    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the portal's own sign-in; the admin's would take a password alone, even from who has more."""
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            wanted = reverse("admin:index")
        return (
            redirect(wanted) if request.user.is_authenticated else redirect_to_login(wanted, reverse("account_login"))
        )

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign out where everybody does."""
        return redirect("account_logout")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change the password where everybody does: there it is confirmed, told by e-mail and recorded."""
        return redirect("account_change_password")

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Take what is read-only; other packages' own admins would let people write past the services."""
        if admin_class and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def _build_app_dict(self, request: HttpRequest, label: Any = None) -> dict[str, Any]:
        """Name each table by a text: Django sorts them on every page, and translates a lazy name at every comparison."""
        apps: dict[str, Any] = super()._build_app_dict(request, label)
        for table in (table for app in apps.values() for table in app["models"]):
            table["name"] = str(table["name"])
        return apps

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Keep the same door as the desk: staff with their second factor; for everybody else it is not there."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated:
                if not request.user.is_staff:
                    raise Http404
                if lacks_second_factor(request):
                    return ask_for_second_factor(request)
            response: HttpResponse = inner(request, *args, **kwargs)
            return response

        return guarded
