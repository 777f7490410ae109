"""Files as people have them."""

import io
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import LazySettings
from django.core.files.base import ContentFile

from messaging.contacts.models import ContactList
from messaging.imports import columns, files, services
from messaging.imports.columns import Plan
from messaging.imports.models import ContactImport, Purpose
from portal.accounts.models import Account, User

CSV = "Nome;Città;Telefono\nAnna;Forlì;+39 347 123 4567\nBruno;;3471234568\n"


@pytest.fixture(autouse=True)
def _own_storage(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def xlsx(rows: Iterable[Sequence[Any]], title: str = "Clienti") -> bytes:
    """A workbook as openpyxl writes it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def look(content: bytes) -> files.Look:
    """What a first look at a file with this content shows."""
    return files.look(io.BytesIO(content), size=len(content))


Upload = Callable[..., ContactImport]


@pytest.fixture
def upload(acme: Account, alice: User, now: datetime) -> Upload:
    """Upload a file for Acme, into a new list unless said otherwise."""

    def do(
        content: bytes | str = CSV,
        *,
        into: ContactList | None = None,
        purpose: Purpose = Purpose.CONTACTS,
        name: str = "clienti.csv",
    ) -> ContactImport:
        raw = content.encode() if isinstance(content, str) else content
        file = ContentFile(raw, name=name)
        return services.upload(
            account=acme,
            destination=services.Destination(purpose, into, "" if into or purpose != Purpose.CONTACTS else "Clienti"),
            file=file,
            look=look(raw),
            reference=uuid.uuid4(),
            actor_id=alice.pk,
            now=now,
        )

    return do


Step = Callable[..., ContactImport]


@pytest.fixture
def read(alice: User, now: datetime) -> Step:
    """Choose the columns as guessed, or by a plan, and read the file."""

    def do(contact_import: ContactImport, plan: Plan | None = None) -> ContactImport:
        plan = plan or columns.guess(contact_import.sample["head"], region="IT")
        assert plan is not None
        services.choose_columns(contact_import=contact_import, plan=plan, actor_id=alice.pk, now=now)
        services.work(import_id=contact_import.pk, clock=lambda: now)
        contact_import.refresh_from_db()
        return contact_import

    return do


@pytest.fixture
def save(alice: User, now: datetime) -> Step:
    """Confirm what was read, and save it."""

    def do(contact_import: ContactImport, *, renew: bool = False) -> ContactImport:
        services.confirm(contact_import=contact_import, renew=renew, actor_id=alice.pk, now=now)
        services.work(import_id=contact_import.pk, clock=lambda: now)
        contact_import.refresh_from_db()
        return contact_import

    return do
