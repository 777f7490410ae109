"""manage.py load_countries"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from messaging.senders import countries
from messaging.senders.rule_file import SUPPLIED, RuleFileFault, read


class Command(BaseCommand):
    """Load what countries do with senders. Countries that have rules keep them; loading twice changes nothing."""

    help = "Loads what countries do with senders, for the countries that have no rule yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=SUPPLIED, help="Without it, Saldo's own table.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = countries.load(rows=read(options["file"]), actor_id=None, now=timezone.now())
        except RuleFileFault as error:
            raise CommandError(f"Nothing was loaded. {error}") from error
        self.stdout.write(f"{count} countries added.")
