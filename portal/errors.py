"""Error pages that say what is wrong and what to do."""

import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

# PostgreSQL's classes of "I am not there": connection exceptions, too many connections, shutting or starting up.
UNAVAILABLE = ("08", "53", "57P")
# What is read and thrown away of a body that is too large, so that the browser stops sending and reads the answer.
DRAINED = 64_000_000
CHUNK = 1_000_000


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was open too long, or came from elsewhere."""
    return render(request, "403.html", {"csrf_failure": True}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What came cannot be read; a body that is too large is told apart."""
    context: dict[str, object] = {}
    if isinstance(exception, RequestDataTooBig):
        _drain(request)
        limit = getattr(exception, "limit", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        context = {"too_large": True, "megabytes": limit // 1_000_000}
    return HttpResponse(render_to_string("400.html", context), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke here; without its database Saldo says instead that it is away (503). Neither page asks it."""
    if _database_is_away(sys.exc_info()[1]):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "30"})
    return HttpResponse(render_to_string("500.html"), status=500)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Somebody, or something, tries too often."""
    return HttpResponse(render_to_string("429.html"), status=429, headers={"Retry-After": "60"})


def _drain(request: HttpRequest) -> None:
    left = DRAINED
    while left > 0:
        chunk = request.read(CHUNK)
        if not chunk:
            return
        left -= len(chunk)


def _database_is_away(error: BaseException | None) -> bool:
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    # A connection that was never made, or was cut, carries no code.
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(UNAVAILABLE)
