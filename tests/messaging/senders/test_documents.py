"""Papers that show whose a name is: looked into before they are kept, given only to those who may read them."""

import io
import zlib
from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from messaging.senders import documents, services
from messaging.senders.codes import MediaType
from messaging.senders.documents import DocumentFault, DocumentRefused, Paper
from messaging.senders.models import MAX_DOCUMENT_BYTES, Document, SenderName
from portal.accounts.models import Account, User
from tests.conftest import SignedIn

PDF = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"


def picture(kind: str) -> bytes:
    held = io.BytesIO()
    Image.effect_noise((40, 30), 90).save(held, kind)
    return held.getvalue()


def bomb(width: int) -> bytes:
    """A small PNG that says it is `width` pixels wide and high."""
    head = width.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("name", "content", "media_type", "kept_as"),
    [
        ("proof.pdf", PDF, MediaType.PDF, "proof.pdf"),
        ("proof.exe", PDF, MediaType.PDF, "proof.pdf"),
        ("scan.png", picture("PNG"), MediaType.PNG, "scan.png"),
        ("scan.png", picture("JPEG"), MediaType.JPEG, "scan.jpg"),
        ("../../etc/passwd", PDF, MediaType.PDF, "passwd.pdf"),
        ('a"b\r\nc.pdf', PDF, MediaType.PDF, "a_b_c.pdf"),
        ("fdp\u202egpj.exe", PDF, MediaType.PDF, "fdp_gpj.pdf"),
        ("...", PDF, MediaType.PDF, "document.pdf"),
        ("x" * 300 + ".pdf", PDF, MediaType.PDF, "x" * 116 + ".pdf"),
    ],
)
def test_a_document_is_what_its_content_says(name: str, content: bytes, media_type: MediaType, kept_as: str) -> None:
    paper = documents.check(ContentFile(content, name=name))
    assert (paper.media_type, paper.content) == (media_type, content)
    assert paper.name == kept_as


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", DocumentFault.EMPTY),
        (b"<script>alert(1)</script>", DocumentFault.KIND),
        (b"MZ\x90\x00", DocumentFault.KIND),
        (b"GIF89a" + b"\0" * 40, DocumentFault.KIND),
        (b"%PDF-1.7 half a file", DocumentFault.BROKEN),
        (picture("PNG")[:-600], DocumentFault.BROKEN),
        (picture("JPEG")[:-200], DocumentFault.BROKEN),
        (PDF + b"\0" * MAX_DOCUMENT_BYTES, DocumentFault.TOO_LARGE),
        (bomb(8_000), DocumentFault.TOO_LARGE),
        (bomb(10_000), DocumentFault.TOO_LARGE),
        (bomb(60_000), DocumentFault.TOO_LARGE),
    ],
)
def test_what_is_no_document_is_refused(content: bytes, fault: DocumentFault) -> None:
    with pytest.raises(DocumentRefused) as refused:
        documents.check(ContentFile(content, name="proof.pdf"))
    assert refused.value.fault == fault


def test_a_request_brings_its_documents_and_only_its_people_read_them(
    acme: Account,
    globex: Account,
    alice: User,
    bob: User,
    charlie: User,
    olga: User,
    signed_in: SignedIn,
    files: Path,
) -> None:
    papers = [SimpleUploadedFile("proof.exe", PDF), SimpleUploadedFile("mark.png", picture("PNG"))]
    answer = signed_in(alice).post(
        reverse("sender_name_new", args=[acme.public_id]), {"name": "Acme", "papers": papers}, follow=True
    )
    assert "proof.pdf" in answer.text
    document = Document.objects.order_by("pk")[0]
    mine = reverse("sender_document", args=[acme.public_id, document.sender.public_id, document.public_id])
    desk = reverse("desk_sender_document", args=[document.sender.public_id, document.public_id])
    for who, url in ((alice, mine), (olga, desk)):
        response = signed_in(who).get(url)
        assert response.content == PDF
        assert response["Content-Disposition"] == 'attachment; filename="proof.pdf"'
        assert response["Content-Type"] == "application/pdf"
        assert response["X-Content-Type-Options"] == "nosniff"
    assert signed_in(bob).get(mine).status_code == 403
    assert signed_in(charlie).get(mine).status_code == 404
    assert signed_in(alice).get(desk).status_code == 404
    for kept in files.rglob("*"):
        if kept.is_file():
            kept.unlink()
    assert signed_in(alice).get(mine).status_code == 404


def test_a_file_that_is_not_taken_is_named_and_nothing_is_requested(
    acme: Account, alice: User, signed_in: SignedIn, files: Path
) -> None:
    papers = [SimpleUploadedFile("proof.pdf", PDF), SimpleUploadedFile("virus.pdf", b"MZ")]
    url = reverse("sender_name_new", args=[acme.public_id])
    answer = signed_in(alice).post(url, {"name": "Acme", "papers": papers})
    assert answer.status_code == 422
    assert "“virus.pdf” is not a PDF, PNG or JPEG file" in answer.text
    assert not SenderName.objects.exists()
    assert not list(files.rglob("*"))


def test_documents_can_be_added_until_there_are_ten(
    acme: Account, sender: SenderName, alice: User, now: datetime, signed_in: SignedIn
) -> None:
    browser, url = signed_in(alice), reverse("sender_documents", args=[acme.public_id, sender.public_id])
    assert browser.post(url, {}).status_code == 422
    for _ in range(2):
        papers = [SimpleUploadedFile("proof.pdf", PDF) for _ in range(5)]
        assert browser.post(url, {"papers": papers}).status_code == 302
    answer = browser.post(url, {"papers": [SimpleUploadedFile("proof.pdf", PDF)]})
    assert answer.status_code == 422
    assert "at most 10 documents" in answer.text
    eleven = [SimpleUploadedFile("proof.pdf", PDF) for _ in range(11)]
    assert browser.post(url, {"papers": eleven}).status_code == 422
    assert sender.documents.count() == 10


def test_a_name_that_is_over_takes_no_documents(
    acme: Account, sender: SenderName, alice: User, now: datetime, signed_in: SignedIn
) -> None:
    services.withdraw(sender=sender, actor_id=alice.pk, now=now)
    with pytest.raises(services.AlreadyReviewed):
        services.add_documents(
            sender=sender, papers=[Paper("proof.pdf", MediaType.PDF, PDF)], actor_id=alice.pk, now=now
        )
    url = reverse("sender_documents", args=[acme.public_id, sender.public_id])
    assert signed_in(alice).post(url, {"papers": [SimpleUploadedFile("proof.pdf", PDF)]}).status_code == 422
