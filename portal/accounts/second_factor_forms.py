"""Forms of the second factor, where allauth's own say or check too little."""

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as codes
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as security_keys
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _


class EachCodeOnce(codes.BaseAuthenticateForm):
    """A code of the authenticator app is taken once (RFC 6238, section 5.2).

    A code holds for its own step of time and for MFA_TOTP_TOLERANCE steps either way. allauth remembers for one step
    which codes were used, so that one read over somebody's shoulder would pass again in the next.
    """

    def clean_code(self) -> str:
        """Return the code; raise `ValidationError` where it is wrong or was used."""
        code: str = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP and not self._first_use(code):
            self._emit_authentication_failed(self.authenticator)
            raise get_adapter().validation_error("incorrect_code")
        return code

    def _first_use(self, code: str) -> bool:
        digits = "".join(filter(str.isdigit, code))  # allauth takes "123 456" for 123456
        holds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
        return cache.add(f"second-factor:{self.user.pk}:{digits}", "used", timeout=holds)


class CodeForm(EachCodeOnce, codes.AuthenticateForm):
    """The code that completes a login."""


class CodeAgainForm(EachCodeOnce, codes.ReauthenticateForm):
    """The code that confirms who it is, before money and secrets."""


class SecurityKeyForm(security_keys.AddWebAuthnForm):
    """A new security key; allauth's own form has no words for its name."""

    name = forms.CharField(label=_("Name"), required=False)


class SecurityKeyNameForm(security_keys.EditWebAuthnForm):
    """Another name for a security key."""

    name = forms.CharField(label=_("Name"))
