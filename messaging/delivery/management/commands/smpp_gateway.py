"""`manage.py smpp_gateway <name>`: the process of one SMPP gateway; one for each that the environment declares."""

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.delivery.gateways import configured, smpp
from messaging.delivery.smpp_gateway import SmppGateway


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C; then what is under way comes home first."""

    help = "Bind to the SMSC of a gateway, hand messages over, take receipts and replies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the gateway."""
        parser.add_argument("gateway", help="its name in GATEWAYS, where its address is smpp:// or smpps://")

    def handle(self, **options: Any) -> None:
        """Run the gateway."""
        name = options["gateway"]
        known = {each.name: each.url for each in configured().values() if each.kind in smpp.KINDS}
        if name not in known:
            raise CommandError(f"GATEWAYS declares no SMPP gateway {name!r}; it has: {', '.join(known) or 'none'}.")
        try:
            read = smpp.options(known[name])
        except smpp.BadAddress as error:
            raise CommandError(f"{name}: {error}") from error
        asyncio.run(self._run(name, read))
        self.stdout.write("Unbound")

    async def _run(self, name: str, options: smpp.Options) -> None:
        gateway = SmppGateway(name, options)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, gateway.stop)
        self.stdout.write(f"Gateway {name} to {options.peers[0].host}:{options.peers[0].port}")
        self.stdout.flush()
        await gateway.run()
