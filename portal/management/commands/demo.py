"""manage.py demo [--who]"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.demo import services
from portal.demo.cast import PASSWORD, who


class Command(BaseCommand):
    """Load the demo's business, once."""

    help = "Loads a business to look at: three customers, 90 days. A second time it does nothing and says nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--who", action="store_true", help="Say who can log in, and load nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo is loaded only where SALDO_MODE is demo; real customers live here.")
        if options["who"]:
            people = who()
            width = max(len(person.email) for person, _ in people)
            for person, description in people:
                self.stdout.write(f"{person.email:{width}}  {PASSWORD}  {person.name}, {description}")
        elif not services.is_loaded():
            self.stdout.write("Loading the demo's business (90 days, three customers)")
            services.load(now=timezone.now())
