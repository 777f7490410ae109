"""What happens to a login is written to the audit log: allauth and Django say it, this listens."""

from collections.abc import Callable
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth_signals
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts.access import SECOND_FACTORS, remember_set_up
from portal.accounts.models import User
from portal.audit import services as audit

Receiver = Callable[..., None]

EVENTS: tuple[tuple[Signal, str], ...] = (
    (account_signals.user_logged_in, "login.opened"),
    (auth_signals.user_logged_out, "login.closed"),
    (account_signals.password_changed, "password.changed"),
    (account_signals.password_set, "password.set"),
    (account_signals.password_reset, "password.reset"),
    (account_signals.email_added, "email.added"),
    (account_signals.email_changed, "email.changed"),
    (account_signals.email_removed, "email.removed"),
    (mfa_signals.authenticator_added, "second_factor.added"),
    (mfa_signals.authenticator_removed, "second_factor.removed"),
    (mfa_signals.authenticator_reset, "second_factor.reset"),
    (mfa_signals.authentication_failed, "second_factor.refused"),
)


def connect() -> None:
    """Begin to listen; called once when the room is ready."""
    for signal, action in EVENTS:
        signal.connect(recorder(action), weak=False, dispatch_uid=action)
    auth_signals.user_login_failed.connect(record_refused_login, dispatch_uid="login.refused")
    mfa_signals.authenticator_added.connect(note_second_factor, dispatch_uid="second_factor.set_up")


def recorder(action: str) -> Receiver:
    """Return a receiver that records `action` of the signal's person."""

    def record(sender: object, *, user: User | None = None, **facts: Any) -> None:
        if user is None:
            return
        audit.record(
            action=action,
            actor_id=user.pk,
            subject=f"user:{user.public_id}",
            after=_after(action, user, facts),
            now=timezone.now(),
        )

    return record


def record_refused_login(
    sender: object, *, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Record that somebody tried to sign in and was refused; the address is all that is known of them."""
    given = credentials.get("email") or credentials.get("username") or ""
    audit.record(action="login.refused", actor_id=None, after={"email": str(given)[:254]}, now=timezone.now())


def note_second_factor(sender: object, *, request: HttpRequest, authenticator: Authenticator, **_: Any) -> None:
    """Setting up an app or a key took its first code: this session has shown its second factor."""
    if authenticator.type in SECOND_FACTORS:
        remember_set_up(request)


def _after(action: str, user: User, facts: dict[str, Any]) -> dict[str, Any]:
    if action == "login.opened":
        records = get_authentication_records(facts["request"], user)
        return {"methods": [record["method"] for record in records]}
    if "authenticator" in facts:
        return {"type": str(facts["authenticator"].type)}
    addresses = {
        name: facts[name] for name in ("email_address", "from_email_address", "to_email_address") if name in facts
    }
    return {name: address.email for name, address in addresses.items() if address is not None}
