"""manage.py load_prices"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.pricing import services as pricing
from billing.pricing.files import FILES, SUPPLIED, PriceFileFault, read


class Command(BaseCommand):
    """Load price lists, packs and rates; what differs is valid from now on. Loading twice changes nothing."""

    help = f"Loads prices from {', '.join(FILES)}: what differs from today's prices is valid from now on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder",
            nargs="?",
            type=Path,
            default=SUPPLIED,
            help="Where the files are; without it, Saldo's own prices.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changes = pricing.load(files=read(options["folder"]), actor_id=None, now=timezone.now())
        except PriceFileFault as error:
            raise CommandError(f"Nothing was loaded. {error}") from error
        except pricing.CurrencyChanged as error:
            raise CommandError(
                f"Nothing was loaded. The price list {error} has another currency: give what it sells now a new code."
            ) from error
        self.stdout.write(f"{len(changes.after)} prices opened, {len(changes.before)} closed.")
