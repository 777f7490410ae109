"""Payment providers behind one contract (`base.Provider`); one file each."""

from django.conf import settings

from billing.payments.providers.bank import Bank
from billing.payments.providers.base import Provider
from billing.payments.providers.sandbox import Sandbox
from billing.payments.providers.stripe import Stripe

PROVIDERS: dict[str, Provider] = {"bank": Bank(), "stripe": Stripe()}
if not settings.PRODUCTION:
    PROVIDERS["sandbox"] = Sandbox()


def provider(name: str) -> Provider:
    """The provider with this name."""
    return PROVIDERS[name]
