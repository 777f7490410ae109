"""E-mails: in the recipient's language, as text and as HTML, in one dress."""

from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.core import mail as django_mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.test import RequestFactory
from django.utils import timezone, translation

from portal import mail
from portal.accounts.adapters import MAILS, NOTICES
from portal.accounts.models import User

# Sent only by ways of signing in that Saldo does not offer.
NOT_OFFERED = {"account/email/login_code", "account/email/password_reset_code", "account/email/unknown_account"}
FACTS: dict[str, Any] = {
    "code": "ABC-DEF",
    "email": "alice@acme.example",
    "password_reset_url": "https://saldo.example/password/reset/key/1-abc/",
    "ip": "127.0.0.1",
    "user_agent": "Firefox <script>",
    "from_email": "a@acme.example",
    "to_email": "b@acme.example",
    "deleted_email": "c@acme.example",
}


def html_of(message: EmailMessage) -> str:
    assert isinstance(message, EmailMultiAlternatives)
    return str(message.alternatives[0][0])


def test_a_mail_has_a_text_an_html_and_its_files() -> None:
    paper = mail.Attachment("invoice.pdf", b"%PDF-", "application/pdf")
    mail.send(
        name="verification_code", to="a@b.example", language="en-gb", context={"code": "X&Y"}, attachments=[paper]
    )

    (message,) = django_mail.outbox
    html = html_of(message)
    assert message.subject == "Your Saldo code is X&Y"
    assert "    X&Y\n" in str(message.body)
    assert "X&amp;Y" in html
    assert "write to help@saldo.example" in str(message.body)
    assert 'href="mailto:help@saldo.example"' in html
    assert message.attachments == [("invoice.pdf", b"%PDF-", "application/pdf")]
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"


def test_the_styles_are_in_the_elements_and_nothing_is_fetched() -> None:
    mail.send(name="verification_code", to="a@b.example", language="en-gb", context=FACTS)

    html = html_of(django_mail.outbox[0])
    assert 'class="code" style="' in html
    assert "<style" not in html
    assert "<script" not in html
    assert "src=" not in html


def test_a_mail_speaks_the_recipients_language_whoever_asks() -> None:
    with translation.override("fr"):
        mail.send(name="verification_code", to="a@b.example", language="it", context=FACTS)

    message = django_mail.outbox[0]
    assert message.extra_headers["Content-Language"] == "it"
    assert '<html lang="it">' in html_of(message)


def test_a_subject_is_one_line() -> None:
    mail.send(name="verification_code", to="a@b.example", language="en-gb", context={"code": "1\nBcc: x@y.example"})

    assert "\n" not in django_mail.outbox[0].subject


def test_every_mail_of_the_login_is_ours() -> None:
    templates = Path(allauth.__file__).parent / "templates"
    sent = {
        f"{folder}/{path.name.removesuffix('_message.txt')}"
        for folder in ("account/email", "mfa/email")
        for path in (templates / folder).glob("*_message.txt")
    } - {"account/email/base"}

    assert sent - NOT_OFFERED == MAILS.keys() | NOTICES.keys()


@pytest.mark.parametrize("prefix", sorted(MAILS.keys() | NOTICES.keys()))
def test_each_of_them_can_be_sent(prefix: str, alice: User, rf: RequestFactory) -> None:
    with context.request_context(rf.get("/")):
        get_adapter().send_mail(prefix, alice.email, FACTS | {"timestamp": timezone.now()})

    (message,) = django_mail.outbox
    html = html_of(message)
    assert message.subject
    assert "%(" not in str(message.body)
    assert "Firefox <script>" not in html


def test_a_mail_server_that_is_away_is_said_on_the_page(
    alice: User, client: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    response = client.post("/password/reset/", {"email": alice.email}, follow=True)

    assert response.status_code == 200
    assert "could not be sent just now" in response.content.decode()
