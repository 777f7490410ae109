"""Where allauth asks Saldo."""

import base64
import logging
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal import logs, mail
from portal.accounts import selectors
from portal.accounts.forms import initial_language
from portal.accounts.models import User

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """A change to how somebody signs in, told to them by e-mail."""

    subject: str | Promise
    sentence: str | Promise


# allauth's name of a mail → our template under templates/email/.
MAILS = {
    "account/email/email_confirmation": "verification_code",
    "account/email/email_confirmation_signup": "verification_code",
    "account/email/account_already_exists": "already_registered",
    "account/email/password_reset_key": "password_reset",
}
# allauth's name of a notification → what our one template for all of them says.
NOTICES = {
    "account/email/password_changed": Notice(
        _("Your password was changed"), _("The password of your Saldo login was changed.")
    ),
    "account/email/password_reset": Notice(
        _("Your password was reset"), _("The password of your Saldo login was reset.")
    ),
    "account/email/password_set": Notice(_("A password was set"), _("A password was set for your Saldo login.")),
    "account/email/email_changed": Notice(
        _("Your e-mail address was changed"),
        _("Your Saldo login was changed from %(from_email)s to %(to_email)s."),
    ),
    "account/email/email_confirm": Notice(
        _("Your e-mail address is confirmed"), _("Your e-mail address was confirmed.")
    ),
    "account/email/email_deleted": Notice(
        _("An e-mail address was removed"), _("The address %(deleted_email)s was removed from your Saldo login.")
    ),
    "mfa/email/totp_activated": Notice(
        _("An authenticator app was added"), _("An authenticator app now protects your Saldo login.")
    ),
    "mfa/email/totp_deactivated": Notice(
        _("The authenticator app was removed"), _("The authenticator app no longer protects your Saldo login.")
    ),
    "mfa/email/recovery_codes_generated": Notice(
        _("New recovery codes were made"),
        _("New recovery codes were made for your Saldo login; the old ones are void."),
    ),
    "mfa/email/webauthn_added": Notice(
        _("A security key was added"), _("A security key was added to your Saldo login.")
    ),
    "mfa/email/webauthn_removed": Notice(
        _("A security key was removed"), _("A security key was removed from your Saldo login.")
    ),
}


class AccountAdapter(DefaultAccountAdapter):
    """Saldo's answers about signing up and signing in."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send allauth's mails in our clothes and in the language of whom they go to."""
        user: User | None = context.get("user")
        language = user.language if user else selectors.language_of(email) or initial_language()
        name, whole = MAILS.get(template_prefix, "security_notice"), dict(context)
        if name == "security_notice":
            notice = NOTICES[template_prefix]
            with translation.override(language):
                whole["notice_subject"], whole["sentence"] = str(notice.subject), str(notice.sentence) % context
        try:
            mail.send(name=name, to=email, language=language, context=whole)
        except OSError:
            logger.exception("An e-mail could not be handed to the mail server.", extra={"mail": name})
            messages.error(
                self.request, gettext("The e-mail could not be sent just now. Please try again in a few minutes.")
            )

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Turn away who is not active, and who is a member of deactivated accounts only."""
        shut_out = selectors.is_shut_out(user)
        response = self.respond_user_inactive(request, user) if shut_out else super().pre_login(request, user, **kwargs)
        return cast("HttpResponse | None", response)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the log lines and the audit carry too."""
        return logs.remote_address.get() or super().get_client_ip(request)


class MFAAdapter(DefaultMFAAdapter):
    """Saldo's answers about the second factor: its secrets are encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """Encrypt a secret with the first key of MFA_ENCRYPTION_KEYS."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt with whichever of the keys it was encrypted with; raises `InvalidToken` if that key is gone."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name Saldo, not its host, in the browser's dialogue about a passkey."""
        return {**super().get_public_key_credential_rp_entity(), "name": "Saldo"}


@cache
def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in settings.MFA_ENCRYPTION_KEYS])


def _derived(key: str) -> bytes:
    """Stretch a secret of any length to the 32 bytes Fernet wants; bound to this one purpose."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"saldo second factor")
    return base64.urlsafe_b64encode(hkdf.derive(key.encode()))
