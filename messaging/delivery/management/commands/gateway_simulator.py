"""`manage.py gateway_simulator`: the telephone network of the demo and the tests, on a loopback port."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from messaging.delivery.gateways.simulator import NAME
from messaging.delivery.simulator.memory import Memory
from messaging.delivery.simulator.postman import Postman
from messaging.delivery.simulator.server import Manners, Simulator


class Command(BaseCommand):
    """Runs until it is stopped. Needs no database; remembers what it took in a file."""

    help = "Simulate a gateway and the network behind it, on a loopback port."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the flags; without any it behaves like a network on a good day."""
        parser.add_argument("--port", type=int, help="default: that of GATEWAY_SIMULATOR_URL; 0 chooses a free one")
        parser.add_argument("--memory", type=Path, help="the file it remembers in")
        parser.add_argument("--webhook", help="where receipts are posted")
        parser.add_argument("--seed", type=int, default=1, help="another seed, other fates")
        parser.add_argument(
            "--pace", type=float, default=1.0, help="stretch (2) or shorten (0.01) the wait for receipts"
        )
        parser.add_argument("--latency", type=float, default=0.05, help="seconds a hand-over takes")
        parser.add_argument("--rate", type=int, default=400, help="messages a second; 0: as fast as it can")
        parser.add_argument("--drop-responses", type=float, default=0.0, help="share of hand-overs never answered")
        parser.add_argument("--fail-rate", type=float, default=0.0, help="share of hand-overs turned away")
        parser.add_argument("--calm", action="store_true", help="deliver all whose number does not say otherwise")
        parser.add_argument("--no-receipts", action="store_true", help="never report")

    def handle(self, **options: Any) -> None:
        """Listen until stopped."""
        if settings.PRODUCTION:
            raise CommandError("The gateway simulator is for the demo and for tests; in production messages are real.")
        memory = Memory(options["memory"] or settings.DATA_DIR / "gateway" / "simulator.jsonl")
        webhook = options["webhook"] or settings.SITE_URL + reverse("gateway_receipts", kwargs={"gateway": NAME})
        replies = settings.SITE_URL + reverse("gateway_replies", kwargs={"gateway": NAME})
        secret = settings.GATEWAY_WEBHOOK_SECRET
        postman = Postman(memory, webhook=webhook, secret=secret, pace=options["pace"], replies=replies)
        manners = Manners(
            token=settings.GATEWAY_TOKEN,
            seed=options["seed"],
            latency=options["latency"],
            rate=options["rate"],
            drop_responses=options["drop_responses"],
            fail_rate=options["fail_rate"],
            receipts=not options["no_receipts"],
            calm=options["calm"],
        )
        port = urlsplit(settings.GATEWAY_SIMULATOR_URL).port or 8025 if options["port"] is None else options["port"]
        with Simulator(port, memory=memory, postman=postman, manners=manners) as simulator:
            self.stdout.write(f"Simulating a gateway on http://127.0.0.1:{simulator.server_port}")
            self.stdout.flush()
            postman.start()
            try:
                simulator.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("Stopped")
