"""What every request passes through: an id for its log lines, and its person's language, zone and theme."""

import ipaddress
import logging
import re
import time
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme

from portal import logs

GetResponse = Callable[[HttpRequest], HttpResponse]
logger = logging.getLogger("portal.requests")
# Asked every few seconds by machines; a line each would only hide the others.
QUIET_PATHS = frozenset({"/healthz", "/readyz"})
# How exactly one's own sessions say when each was last used.
SEEN_EVERY_SECONDS = 60
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def request_id(get_response: GetResponse) -> GetResponse:
    """Take the proxy's X-Request-ID or make one; answer with it, log with it, and log the request itself."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        current = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        id_token = logs.request_id.set(current)
        address_token = logs.remote_address.set(client_address(request))
        started = time.perf_counter()
        try:
            response = get_response(request)
            if request.path not in QUIET_PATHS:
                _log(request, response, time.perf_counter() - started)
        finally:
            logs.request_id.reset(id_token)
            logs.remote_address.reset(address_token)
        response["X-Request-ID"] = current
        return response

    return middleware


def client_address(request: HttpRequest) -> str | None:
    """Return the address the request came from; behind our proxy that is the last one in X-Forwarded-For."""
    text = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        text = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _log(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """Write one line about a request: never its query, its body or a key in its path, which open what they name."""
    arguments = request.resolver_match.kwargs if request.resolver_match else {}
    key = str(arguments.get("key") or arguments.get("token") or "")
    logger.info(
        "%s %s",
        request.method,
        request.path.replace(key, "…") if key else request.path,
        extra={
            "status": response.status_code,
            "milliseconds": round(seconds * 1000),
            "address": logs.remote_address.get(),
        },
    )


def person(get_response: GetResponse) -> GetResponse:
    """Speak the signed-in person's language, show times in their zone, and let nobody keep their pages."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        # Read now: whoever signs out in this request is nobody when it comes back.
        language, zone = request.user.language, zoneinfo.ZoneInfo(request.user.time_zone)
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = language
            response = get_response(request)
            response["Content-Language"] = language
        if not response.has_header("Cache-Control"):
            # Nobody else's, and asked for anew each time: a right that was taken away ends with the page that showed it.
            patch_cache_control(response, private=True, no_cache=True)
        return response

    return middleware


def session_seen(get_response: GetResponse) -> GetResponse:
    """Write down when and from where a session is used, once a minute.

    allauth's own middleware does so at every request, which is six statements more on every page.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        key = request.session.session_key
        if key and request.user.is_authenticated and cache.add(f"session-seen:{key}", 1, SEEN_EVERY_SECONDS):
            UserSession.objects.create_from_request(request)
        return get_response(request)

    return middleware


class LoginRequired(LoginRequiredMiddleware):
    """Ask who it is, and lead back to a page: to the one asked for, or to the one that the form stood on.

    A form that is sent after the session has ended goes to an address that may know no GET; led there, a person would
    meet an error right after signing in.
    """

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        """Lead to the sign-in page, and from there to a page."""
        is_part = _is_part(request)
        if request.method in {"GET", "HEAD"} and not is_part:
            return super().handle_no_permission(request, view_func)
        back = request.headers.get("HX-Current-URL" if is_part else "Referer", "")
        if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
            back = "/"
        return redirect_to_login(back, self.get_login_url(view_func), self.get_redirect_field_name(view_func))

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Let who is signed in through. Where htmx asked for a part, the browser leaves the whole page."""
        answer = super().process_view(request, view_func, args, kwargs)
        if isinstance(answer, HttpResponseRedirect) and _is_part(request):
            return HttpResponse(headers={"HX-Redirect": answer.url})
        return answer


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def only_forms(get_response: GetResponse) -> GetResponse:
    """Say in words that an address takes forms alone: a browser shows a page of its own for an empty 405."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 405 and request.method == "GET" and request.accepts("text/html"):
            response.content = render_to_string("405.html", request=request)
        return response

    return middleware
