"""The gateways there are. Routes per destination come later; so far all messages go one way."""

from django.conf import settings

from messaging.delivery.gateways import simulator
from messaging.delivery.gateways.base import Gateway


class NoGateway(Exception):
    """No gateway is configured: messages wait."""


def gateway_for_sending() -> Gateway:
    """The gateway that messages are handed to. Raises `NoGateway`."""
    if not settings.GATEWAY_SIMULATOR_URL:
        raise NoGateway
    return simulator.client()
