"""Where allauth asks Saldo."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Saldo's answers about signing up and signing in."""


class MFAAdapter(DefaultMFAAdapter):
    """Saldo's answers about the second factor."""
