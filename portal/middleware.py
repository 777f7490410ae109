"""What every request passes through: an id for its log lines, and its person's language, zone and theme."""

import ipaddress
import logging
import re
import time
import uuid
import zoneinfo
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

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
    """Speak the signed-in person's language and show times in their zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        # Read now: whoever signs out in this request is nobody when it comes back.
        language, zone = request.user.language, zoneinfo.ZoneInfo(request.user.time_zone)
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = language
            response = get_response(request)
            response["Content-Language"] = language
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
