"""The processes Saldo consists of: how each is started, and in which order they stop."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from portal.launcher.preparation import ROOT, Place
from portal.services_embedded import Services
from portal.services_embedded.processes import Child, spawn


@dataclass(frozen=True)
class Part:
    """One process to keep running; `already` when it runs before the supervisor does.

    Parts of a lower `stage` stop first; each gets `patience` seconds to do so.
    """

    name: str
    start: Callable[[], Child]
    stage: int
    patience: float
    already: Child | None = None


def parts_of(place: Place, services: Services) -> list[Part]:
    """Every part in the order of starting; needs the environment of `place` in os.environ when they start."""
    beat_folder = place.folder / "beat"
    beat_folder.mkdir(parents=True, exist_ok=True)
    celery = ("-m", "celery", "--app", "portal.celery", "--quiet")
    gateway = ("manage.py", "gateway_simulator")
    web = (
        *("-m", "gunicorn", "portal.wsgi:application", "--bind", f"127.0.0.1:{place.port}"),
        *("--workers", "2", "--threads", "4", "--preload", "--no-control-socket"),
        *("--timeout", "60", "--graceful-timeout", "2"),
    )
    worker = (*celery, "worker", "--concurrency", "2", "--pool", "prefork", "--without-gossip", "--without-mingle")
    beat = (*celery, "beat", "--schedule", str(beat_folder / "schedule"), "--pidfile=")
    return [
        *_services_of(services),
        Part("web", partial(_python, "web", *web), stage=1, patience=4),
        Part("worker", partial(_python, "worker", *worker), stage=2, patience=4),
        Part("gateway", partial(_python, "gateway", *gateway), stage=3, patience=2),
        Part("beat", partial(_python, "beat", *beat), stage=1, patience=2),
    ]


def _services_of(services: Services) -> list[Part]:
    """The servers of our own: started before the parts and stopped after them, but brought back if they fall."""
    return [
        Part(child.name, partial(_revived, services, child.name), stage=9, patience=0, already=child)
        for child in services.children()
    ]


def _revived(services: Services, name: str) -> Child:
    server = services.postgres if name == "postgres" else services.redis
    return server.start().child


def _python(name: str, *words: str) -> Child:
    return spawn(name, [sys.executable, *words], output=subprocess.PIPE, cwd=ROOT, env=os.environ)
