"""Payment providers behind one contract (`base.Provider`); one file each."""

from billing.payments.providers.base import Provider
from billing.payments.providers.sandbox import Sandbox

PROVIDERS: dict[str, Provider] = {"sandbox": Sandbox()}


def provider(name: str) -> Provider:
    """The provider with this name."""
    return PROVIDERS[name]
