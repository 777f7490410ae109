"""The doors. Every page stands behind exactly one of these: an account's, the staff's, or the public's."""

import functools
from collections.abc import Callable
from typing import Any, Protocol, cast
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from portal.accounts import selectors
from portal.accounts.capabilities import TOUCHES_MONEY, Capability, Role
from portal.accounts.models import Account, Member, User

SET_UP_IN_SESSION = "second_factor_set_up_by"
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    htmx: HtmxDetails


class AccountRequest(PersonRequest):
    """A request that came through an account's door."""

    account: Account
    member: Member


class AccountView(Protocol):
    """A page of an account; the URL's `account` has become `request.account`."""

    def __call__(self, request: AccountRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


class StaffView(Protocol):
    def __call__(self, request: PersonRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


class Door(Protocol):
    """What a door makes of a view: a callable that the door test can ask which door it is."""

    door: str
    capability: Capability | None

    def __call__(self, request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def _marked(view: Callable[..., HttpResponseBase], door: str, capability: Capability | None) -> Door:
    marked = cast("Door", view)
    marked.door = door
    marked.capability = capability
    return marked


def account_view(capability: Capability) -> Callable[[AccountView], Door]:
    """Let a member of the account in the URL through who has `capability`.

    A stranger gets 404 (the account is not theirs to know of), a member without the capability 403, an owner without
    a second factor is led to set one up before anything that touches money.
    """

    def decorate(view: AccountView) -> Door:
        @functools.wraps(view)
        def guarded(request: HttpRequest, account: UUID, *args: Any, **kwargs: Any) -> HttpResponseBase:
            access = selectors.access(cast("User", request.user), account)
            if access is None:
                raise Http404
            member = access.member
            # Set before anything is refused: the page that says no wears the account's frame, with the way out of it.
            guarded_request = cast("AccountRequest", request)
            guarded_request.account = access.account
            guarded_request.member = member
            if not member.can(capability):
                raise PermissionDenied
            if capability in TOUCHES_MONEY and member.role == Role.OWNER and lacks_second_factor(request):
                return ask_for_second_factor(request)
            return view(guarded_request, *args, **kwargs)

        return _marked(guarded, "account", capability)

    return decorate


def staff_view(view: StaffView) -> Door:
    """Let the operator's staff through, with their second factor; everybody else gets 404."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not cast("User", request.user).is_staff:
            raise Http404
        if lacks_second_factor(request):
            return ask_for_second_factor(request)
        return view(cast("PersonRequest", request), *args, **kwargs)

    return _marked(guarded, "staff", None)


def person_view(view: StaffView) -> Door:
    """Let anybody through who is signed in: pages about oneself, which need no account."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(cast("PersonRequest", request), *args, **kwargs)

    return _marked(guarded, "person", None)


def public_view(view: Callable[..., HttpResponse]) -> Door:
    """Let everybody through. Public pages are listed by this decorator."""
    return _marked(login_not_required(view), "public", None)


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether a second factor is required here and this very session was opened, or confirmed, without one.

    A recovery code counts in the session; but the person must still have an authenticator app or a key: a factor
    that was removed since protects nothing.
    """
    if not settings.SECOND_FACTOR_REQUIRED:
        return False
    user = cast("User", request.user)
    used = any(record.get("method") == "mfa" for record in get_authentication_records(request, user))
    proven = used or request.session.get(SET_UP_IN_SESSION) == str(user.pk)
    return not (proven and is_mfa_enabled(user, SECOND_FACTORS))


def remember_set_up(request: HttpRequest) -> None:
    """Note that the person set up an authenticator app or a key in this session, which took having it at hand."""
    request.session[SET_UP_IN_SESSION] = str(request.user.pk)


def ask_for_second_factor(request: HttpRequest) -> HttpResponse:
    """Lead to where the second factor is set up, or entered by who has one, and say why; then back to the page."""
    back = urlencode({"next": request.get_full_path() if request.method == "GET" else reverse("home")})
    for method in get_adapter(request).get_reauthentication_methods(cast("User", request.user)):
        if method["id"].startswith("mfa_"):
            messages.info(request, _("This page deals with money. Confirm with your second factor that it is you."))
            return redirect(f"{method['url']}?{back}")
    messages.warning(
        request,
        _("This page deals with money, so it needs a second factor. Set one up here: it takes a minute."),
    )
    return redirect("mfa_index")
