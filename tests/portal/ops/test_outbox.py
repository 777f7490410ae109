"""The demo's outbox: what would have been sent can be read in the portal."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from portal import mail, outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "portal.outbox.EmailBackend"
    settings.OUTBOX_DIR = tmp_path / "outbox"
    settings.ROOT_URLCONF = "tests.portal.ops.demo_urls"
    return tmp_path / "outbox"


def write(to: str = "a@b.example", code: str = "ABC-DEF") -> None:
    paper = mail.Attachment("résumé.pdf", b"%PDF-", "application/pdf")
    mail.send(name="verification_code", to=to, language="it", context={"code": code}, attachments=[paper])


def test_outside_the_demo_it_has_no_address(client: Client) -> None:
    assert client.get("/outbox/").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("outbox")


def test_an_empty_outbox_says_what_to_do(folder: Path, client: Client) -> None:
    assert "No e-mail yet" in client.get("/outbox/").content.decode()


def test_the_latest_mail_comes_first(folder: Path, client: Client) -> None:
    write("first@b.example")
    write("second@b.example")

    page = client.get("/outbox/").content.decode()
    assert page.index("second@b.example") < page.index("first@b.example")


def test_a_mail_is_read_whole(folder: Path, client: Client) -> None:
    write(code="È-<b>€")
    (letter,) = outbox.letters()

    assert (letter.to, letter.attachments) == ("a@b.example", (outbox.Attached("résumé.pdf", 5),))
    page = client.get(f"/outbox/{letter.name}/").content.decode()
    assert "È-&lt;b&gt;€" in page
    assert "résumé.pdf" in page


def test_its_html_runs_nothing_and_fetches_nothing(folder: Path, client: Client) -> None:
    write()
    response = Client().get(f"/outbox/{outbox.letters()[0].name}/html/")

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert b"ABC-DEF" in response.content


@pytest.mark.parametrize("name", ["20261120T093000000000-00000000", "secret", "20261120T093000000000-0000000g"])
def test_what_is_not_there_is_not_found(folder: Path, client: Client, name: str) -> None:
    folder.mkdir()
    (folder / "secret.eml").write_text("Subject: no\n\nno")

    assert client.get(f"/outbox/{name}/").status_code == 404
    assert outbox.letters() == []


def test_nothing_outside_the_folder_is_read(folder: Path) -> None:
    folder.mkdir()
    (folder.parent / "20261120T093000000000-00000000.eml").write_text("Subject: no\n\nno")

    assert outbox.letter("../20261120T093000000000-00000000") is None
