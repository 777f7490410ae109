"""What every request passes through: an id for its log lines, and its person's language, zone and theme."""

import re
import uuid
import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from portal import logs

GetResponse = Callable[[HttpRequest], HttpResponse]
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def request_id(get_response: GetResponse) -> GetResponse:
    """Take the proxy's X-Request-ID or make one; answer with it, log with it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        current = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        id_token = logs.request_id.set(current)
        address_token = logs.remote_address.set(request.META.get("REMOTE_ADDR") or None)
        try:
            response = get_response(request)
        finally:
            logs.request_id.reset(id_token)
            logs.remote_address.reset(address_token)
        response["X-Request-ID"] = current
        return response

    return middleware


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
