"""The gateways there are: declared in the environment, where their secrets live; a supplier is one file beside this.

A gateway of the kinds in `CALLED` is called by a worker with a batch in hand. Any other kind is a process of its own
that claims its messages itself and says now and then that it is there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from messaging.delivery.gateways import simulator, twilio
from messaging.delivery.gateways.base import Gateway
from messaging.delivery.gateways.webhooks import Listener

CALLED: Final[dict[str, Callable[[str, str], Gateway]]] = {"simulator": simulator.connect, "twilio": twilio.connect}


@dataclass(frozen=True, slots=True)
class Configured:
    """A gateway that the environment declares: its name, its kind (the scheme of its address), its address."""

    name: str
    kind: str
    url: str

    @property
    def is_called(self) -> bool:
        """Whether workers call it; otherwise a process of its own claims for it."""
        return self.kind in CALLED


def configured() -> dict[str, Configured]:
    """Every gateway by name, in the order in which they stand in for each other while there are no routes."""
    addresses: dict[str, str] = dict(settings.GATEWAYS)
    if settings.GATEWAY_SIMULATOR_URL:
        addresses.setdefault(simulator.NAME, f"simulator:{settings.GATEWAY_SIMULATOR_URL}")
    return {name: Configured(name, url.partition(":")[0], url) for name, url in addresses.items()}


def called() -> list[Gateway]:
    """The gateways that a worker can call."""
    return [CALLED[each.kind](each.name, each.url) for each in configured().values() if each.is_called]


def listener(name: str) -> Listener | None:
    """The gateway of this name, if it is one that calls back."""
    known = configured().get(name)
    if known is None or not known.is_called:
        return None
    gateway: object = CALLED[known.kind](known.name, known.url)
    return gateway if isinstance(gateway, Listener) else None
