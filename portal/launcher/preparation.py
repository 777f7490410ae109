"""What happens before the parts start: a free port, the tables, the words, the demo's data."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Self

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from portal.launcher.errors import LaunchFailed
from portal.launcher.terminal import say
from portal.services_embedded import Services

ROOT = Path(__file__).resolve().parents[2]
_LOCALE = ROOT / "portal" / "locale"
_DEFAULT_PORT = "8000"


@dataclass(frozen=True)
class Place:
    """Where this Saldo lives: its folder and its loopback ports."""

    folder: Path
    port: int
    gateway_port: int

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read PORT and DATA_DIR. Raises LaunchFailed for a port that is none."""
        written = environ.get("PORT") or _DEFAULT_PORT
        if not written.isdecimal() or not 0 < int(written) < 65536:
            raise LaunchFailed(f"PORT must be a number from 1 to 65535, not {written!r}.")
        folder = Path(environ.get("DATA_DIR") or ROOT / "var").absolute()
        return cls(folder=folder, port=int(written), gateway_port=_free_port())

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log_folder(self) -> Path:
        return self.folder / "log"

    def check_port(self) -> None:
        """Raise LaunchFailed when somebody listens on the port or we may not."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except PermissionError as error:
                raise LaunchFailed(f"Port {self.port} needs root. Choose another: make run PORT=8001") from error
            except OSError as error:
                raise LaunchFailed(
                    f"Port {self.port} is in use. Stop what listens there, or choose another:"
                    f" make run PORT={_next(self.port)}"
                ) from error

    def environment(self, services: Services) -> dict[str, str]:
        """What every part reads at its start."""
        return {
            **services.environment(),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "SALDO_MODE": os.environ.get("SALDO_MODE") or "demo",
            "DATA_DIR": str(self.folder),
            "SITE_URL": os.environ.get("SITE_URL") or self.address,
            "GATEWAY_SIMULATOR_URL": f"http://127.0.0.1:{self.gateway_port}",
            "PYTHONUNBUFFERED": "1",
            # Celery warns of root at every start; here root is whoever typed `make run`, and only loopback listens.
            "PYTHONWARNINGS": "ignore::celery.platforms.SecurityWarning",
        }


def prepare(place: Place) -> None:
    """Bring the words, the tables and the demo's data up to date; quick when they are.

    Raises LaunchFailed when a setting is wrong, the database named by DATABASE_URL refuses, or a command fails.
    """
    place.log_folder.mkdir(parents=True, exist_ok=True)
    try:
        django.setup()
        _bring_up_to_date()
    except OperationalError as error:
        raise LaunchFailed(f"The database does not answer or refuses: {error}") from error
    except (ImproperlyConfigured, CommandError) as error:
        raise LaunchFailed(str(error)) from error


def _bring_up_to_date() -> None:
    if _catalogues_are_old():
        say("Compiling the translations")
        call_command("messages", "compile")
    if count := _migrations_due():
        say(f"Bringing the database up to date ({count} migrations)")
        call_command("migrate", verbosity=0, interactive=False)
    call_command("demo")
    # A demo that was loaded by an older Saldo has none yet.
    call_command("load_countries", stdout=StringIO())
    # The parts are processes of their own; this one needs the database no more.
    connection.close()


def show_who_to_log_in_as() -> None:
    """List the people of the demo with their passwords."""
    call_command("demo", "--who")
    connection.close()


def _migrations_due() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _catalogues_are_old() -> bool:
    sources = [*_LOCALE.glob("*/LC_MESSAGES/*.po")]
    return any(
        not (compiled := source.with_suffix(".mo")).exists() or compiled.stat().st_mtime < source.stat().st_mtime
        for source in sources
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _next(port: int) -> int:
    return port + 1 if port < 65535 else int(_DEFAULT_PORT)
