"""A command of `manage.py` against the Saldo that runs here: `python -m portal.launcher.manage audit_ledger`."""

import os
import sys

from django.core.management import execute_from_command_line

from portal.launcher.preparation import Place
from portal.launcher.terminal import say
from portal.services_embedded import running_services


def main() -> int:
    """Run the command with the services of the running Saldo. Returns 1 with a sentence when none runs."""
    found = running_services(Place.from_environment(os.environ).folder)
    if not found:
        say("Saldo does not run here. Start it with `make run` in another terminal.", error=True)
        return 1
    os.environ.update(found)
    os.environ.setdefault("SALDO_MODE", "demo")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
