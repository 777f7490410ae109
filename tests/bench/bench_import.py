"""Importing 100,000 contacts from text and from a workbook: seconds, and the memory of the process that does it."""

import io
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import xlsxwriter
from django.core.files.base import ContentFile
from django.utils import timezone
from pytest_django import Settings

from messaging.imports import columns, files, services
from messaging.imports.models import ContactImport, Purpose, State
from portal.accounts.models import Account, User
from tests.bench.page import record
from tests.faults.reckoning import database_of_the_tests

ROOT = Path(__file__).resolve().parents[2]
ROWS = 100_000
HEADINGS = ["Nome", "Cellulare", "Città", "Codice", "Importo"]
PEAK = """
import json, sys, time
from tests.bench.memory import peak_megabytes as peak
"""
WORKER = f"""{PEAK}
import django
django.setup()
from messaging.imports import services
before, start, cpu = peak(), time.perf_counter(), time.process_time()
services.work(import_id=int(sys.argv[1]))
print(json.dumps([time.perf_counter() - start, time.process_time() - cpu, before, peak()]))
"""
READERS = {
    "our reader": (
        "from messaging.imports.sheets import Workbook\n"
        "import os\n"
        "file = open(sys.argv[1], 'rb')\n"
        "book = Workbook(file, os.path.getsize(sys.argv[1]))\n"
        "count = sum(1 for _ in book.rows(book.sheets[0]))"
    ),
    "openpyxl, read only": (
        "import openpyxl\n"
        "book = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)\n"
        "count = sum(1 for _ in book.active.iter_rows(values_only=True))"
    ),
}
MEASURED = """
start, cpu = time.perf_counter(), time.process_time()
{}
assert count == {}, count
print(json.dumps([time.perf_counter() - start, time.process_time() - cpu, peak()]))
"""


def contact(place: int) -> list[str]:
    return [f"Cliente {place}", f"+39347{place:07d}", f"Città {place % 500}", f"C{place:06d}", f"{place / 100:.2f}"]


def as_text() -> bytes:
    return "\n".join(";".join(row) for row in (HEADINGS, *map(contact, range(ROWS)))).encode()


def as_workbook() -> bytes:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written) as book:
        sheet = book.add_worksheet("Clienti")
        for number, row in enumerate((HEADINGS, *map(contact, range(ROWS)))):
            sheet.write_row(number, 0, row)
    return written.getvalue()


@pytest.mark.django_db(transaction=True)
def test_import_of_a_hundred_thousand_contacts(acme: Account, alice: User, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    rows = []
    workbook = as_workbook()
    for name, content in (("contacts.csv", as_text()), ("contacts.xlsx", workbook)):
        waiting = upload(acme, alice, name, content)
        plan = columns.guess(waiting.sample["head"], region="IT")
        assert plan is not None
        services.choose_columns(contact_import=waiting, plan=plan, actor_id=alice.pk, now=timezone.now())
        reading = work(waiting, tmp_path)
        services.confirm(contact_import=waiting, renew=False, actor_id=alice.pk, now=timezone.now())
        saving = work(waiting, tmp_path)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.added_count) == (State.SAVED, ROWS)
        for step, (seconds, cpu, before, peak) in (("read, checked, counted", reading), ("saved", saving)):
            megabytes = f"{peak:.0f} MB, of which {before:.0f} MB before"
            rows.append([f"{name}, {len(content) / 1e6:.1f} MB", step, f"{seconds:.1f} s", f"{cpu:.1f} s", megabytes])
    path = tmp_path / "contacts.xlsx"
    path.write_bytes(workbook)
    for name, code in READERS.items():
        seconds, cpu, peak = run(PEAK + MEASURED.format(code, ROWS + 1), str(path), tmp_path)
        rows.append(["contacts.xlsx", f"rows alone, {name}", f"{seconds:.1f} s", f"{cpu:.1f} s", f"{peak:.0f} MB"])
    record(
        "Importing 100,000 contacts",
        "A file with five columns, read by a process of its own into checked rows, then saved into a new list; once each. "
        "Time includes PostgreSQL and whatever else the machine does; CPU and memory are those of the process alone.",
        ["File", "Step", "Time", "CPU", "Peak memory"],
        rows,
    )


def upload(account: Account, actor: User, name: str, content: bytes) -> ContactImport:
    return services.upload(
        account=account,
        destination=services.Destination(Purpose.CONTACTS, list_name=name),
        file=ContentFile(content, name=name),
        look=files.look(io.BytesIO(content), size=len(content)),
        reference=uuid.uuid4(),
        actor_id=actor.pk,
        now=timezone.now(),
    )


def work(waiting: ContactImport, folder: Path) -> list[float]:
    return run(WORKER, str(waiting.pk), folder)


def run(code: str, argument: str, folder: Path) -> list[float]:
    """Run `code` in a process of its own against the test's database, and return the numbers that it prints."""
    own = {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    environment = {**os.environ, **database_of_the_tests(), **own}
    done = subprocess.run(
        [sys.executable, "-c", code, argument], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    numbers: list[float] = json.loads(done.stdout)
    return numbers
