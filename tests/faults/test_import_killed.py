"""A worker killed with -9 in the middle of a file: the sweep goes on, no row is lost and none is read twice."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from pytest_django import Settings

from messaging.imports import files, services
from messaging.imports.columns import Plan
from messaging.imports.models import Purpose, State
from portal.accounts.models import Account, User
from tests.faults.reckoning import database_of_the_tests

ROOT = Path(__file__).resolve().parents[2]
ROWS = 12_000
WORKER = """
import sys, django
django.setup()
from messaging.imports import services
services.work(import_id=int(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_file_loses_no_row_and_doubles_none(
    acme: Account, alice: User, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    content = "\n".join(["Telefono", *(f"3471{number:06d}" for number in range(ROWS))]).encode()
    waiting = services.upload(
        account=acme,
        destination=services.Destination(Purpose.CONTACTS, list_name="Killed"),
        file=ContentFile(content, name="killed.csv"),
        look=files.look(io.BytesIO(content), size=len(content)),
        reference=uuid.uuid4(),
        actor_id=alice.pk,
        now=timezone.now(),
    )
    services.choose_columns(contact_import=waiting, plan=Plan(0, region="IT"), actor_id=alice.pk, now=timezone.now())
    worker = start_worker(waiting.pk, tmp_path)
    end = time.monotonic() + 60
    while not waiting.done_count:
        assert worker.poll() is None, "the worker was done before it could be killed"
        assert time.monotonic() < end, "the worker did not begin"
        threading.Event().wait(0.01)
        waiting.refresh_from_db()
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    waiting.refresh_from_db()
    assert waiting.state == State.READING
    assert 0 < waiting.rows.count() == waiting.done_count < ROWS
    services.work(import_id=waiting.pk, clock=lambda: timezone.now() + timedelta(minutes=5))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.report["new"], waiting.rows.count()) == (State.READ, ROWS, ROWS)


def start_worker(import_id: int, folder: Path) -> subprocess.Popen[bytes]:
    """Start a process that works on the import, against the test's own database and files."""
    own = {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    environment = {**os.environ, **database_of_the_tests(), **own}
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(import_id)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
