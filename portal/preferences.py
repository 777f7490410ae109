"""What a person chooses in the top bar, signed in or not: the language and the theme."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from portal.accounts.access import public_view
from portal.accounts.models import User
from portal.shell import THEMES

YEAR = 60 * 60 * 24 * 365


@public_view
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak the chosen language from now on: a cookie for the browser, the person's own setting when signed in."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    return set_language(request)


@public_view
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the chosen theme on this device and go back to the page it was chosen on."""
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            "theme", chosen, max_age=YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
        )
    return response
