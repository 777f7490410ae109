"""Asking a register whether a VAT number is in use: a step that a deployment plugs in, or leaves out.

A register is any callable object with the shape of `VatRegister`; the setting VAT_REGISTER names its class. The one
that comes with Saldo asks nobody: the checksum alone is checked, and the answer says so.
"""

from typing import Protocol

from django.conf import settings
from django.db.models import TextChoices
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class Verdict(TextChoices):
    """What a register said of a VAT number."""

    NOT_ASKED = "not_asked", _("Checked by its check digits only")
    VALID = "valid", _("Confirmed by the VAT register")
    INVALID = "invalid", _("Not known to the VAT register")
    UNAVAILABLE = "unavailable", _("The VAT register did not answer")


class VatRegister(Protocol):
    """A register of VAT numbers, such as the European Union's VIES."""

    def ask(self, vat_number: str) -> Verdict:
        """Return what the register says of a canonical VAT number ("IT07643520567"); never raise for its absence."""
        ...


class NoRegister:
    """Asks nobody."""

    def ask(self, vat_number: str) -> Verdict:
        """Return that nobody was asked."""
        return Verdict.NOT_ASKED


def vat_register() -> VatRegister:
    """Return the register this deployment asks."""
    register: VatRegister = import_string(settings.VAT_REGISTER)()
    return register
