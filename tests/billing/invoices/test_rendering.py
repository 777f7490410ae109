"""Rendering in the background: once, repeatable, and not lost with the worker that died."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from billing.invoices import pdf, services, tasks
from billing.invoices.models import Invoice
from billing.invoices.signals import invoice_issued
from portal.accounts.models import Account
from tests.billing.invoices.conftest import Issue


def content_of(invoice: Invoice) -> bytes:
    with invoice.pdf.open("rb") as file:
        return bytes(file.read())


def test_a_rendered_invoice_has_its_file_and_checksum(acme: Account, issue: Issue, now: datetime) -> None:
    invoice = issue(acme)
    assert services.render(invoice_id=invoice.pk, now=now)
    invoice.refresh_from_db()
    content = content_of(invoice)
    assert content.startswith(b"%PDF-1.7")
    assert invoice.pdf_sha256 == hashlib.sha256(content).hexdigest()
    assert (invoice.pdf.name, invoice.rendered_at) == (f"invoices/2026/{invoice.public_id}.pdf", now)


def test_an_invoice_is_rendered_once(acme: Account, issue: Issue, now: datetime, files: Path) -> None:
    invoice = issue(acme)
    done = [services.render(invoice_id=invoice.pk, now=now + timedelta(hours=hour)) for hour in range(3)]
    assert done == [True, False, False]
    assert len(list(files.rglob("*.pdf"))) == 1


def test_while_one_works_the_next_leaves_it_alone(acme: Account, issue: Issue, now: datetime) -> None:
    invoice = issue(acme)
    Invoice.objects.filter(pk=invoice.pk).update(render_lease_until=now + services.RENDER_LEASE)
    assert not services.render(invoice_id=invoice.pk, now=now)
    assert not Invoice.objects.to_render(now).exists()


def test_what_a_dead_worker_left_is_taken_up_when_its_lease_ends(acme: Account, issue: Issue, now: datetime) -> None:
    invoice = issue(acme)
    default_storage.save(f"invoices/2026/{invoice.public_id}.pdf", ContentFile(b"%PDF- half a fi"))
    Invoice.objects.filter(pk=invoice.pk).update(render_lease_until=now)
    assert list(Invoice.objects.to_render(now)) == [invoice]
    assert services.render(invoice_id=invoice.pk, now=now)
    assert content_of(Invoice.objects.get()) == pdf.render(invoice)


def test_an_invoice_that_does_not_exist_is_no_work(db: None, now: datetime) -> None:
    assert not services.render(invoice_id=0, now=now)


def test_issuing_rings_the_bell_after_the_commit(
    acme: Account, issue: Issue, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard = []

    def listen(sender: object, *, id: int, **_: Any) -> None:
        heard.append(id)

    invoice_issued.connect(listen)
    try:
        with django_capture_on_commit_callbacks() as callbacks:
            invoice = issue(acme)
            issue(acme, reference=invoice.reference)
        assert heard == []
        for callback in callbacks:
            callback()
    finally:
        invoice_issued.disconnect(listen)
    assert heard == [invoice.pk]


def test_the_task_renders_the_invoice_whose_id_it_carries(acme: Account, issue: Issue) -> None:
    other, invoice = issue(acme), issue(acme)
    tasks.render(invoice.pk)
    assert list(Invoice.objects.to_render(timezone.now())) == [other]


def test_the_sweep_queues_what_waits_and_leaves_what_is_done_or_in_hand(
    acme: Account, issue: Issue, now: datetime
) -> None:
    done, busy, waiting = issue(acme), issue(acme), issue(acme)
    services.render(invoice_id=done.pk, now=now)
    Invoice.objects.filter(pk=busy.pk).update(render_lease_until=timezone.now() + services.RENDER_LEASE)
    with current_app.connection_for_write() as connection, connection.SimpleQueue("saldo") as queue:
        queue.clear()
        tasks.render_waiting()
        message = queue.get(timeout=5)
        message.ack()
        with pytest.raises(queue.Empty):
            queue.get_nowait()
    assert (message.headers["task"], message.headers["argsrepr"]) == (tasks.render.name, f"({waiting.pk},)")
