"""manage.py messages update | compile | check"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import catalogues


class Command(BaseCommand):
    """Look after the catalogues of translations."""

    help = "Extracts messages into the catalogues (update), writes what Django reads (compile), or checks (check)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["update", "compile", "check"])
        parser.add_argument("languages", nargs="*", default=catalogues.languages())

    def handle(self, *args: Any, **options: Any) -> None:
        for language in options["languages"]:
            if options["action"] == "update":
                catalogues.update(language)
            if options["action"] in {"update", "compile"} and catalogues.path(language).exists():
                catalogues.compile_catalogue(language)
        if options["action"] == "check":
            faults = [fault for language in options["languages"] for fault in catalogues.faults(language)]
            if faults:
                raise CommandError("\n".join(faults))
