"""The demo's outbox: e-mails are written to a folder and read in the portal, never sent."""

import email
import email.policy
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

# A name of ours sorts by time and is the message's address in the portal; anything else in the folder is not shown.
NAME = re.compile(r"(\d{8}T\d{12})-[0-9a-f]{8}")
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a message: its name and its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail of the outbox, ready to be shown."""

    name: str
    written_at: datetime
    sender: str
    to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attached, ...]


class EmailBackend(BaseEmailBackend):
    """Write each message as one `.eml` file whose name sorts by time."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages; each file appears whole, so that a reader never sees half of one."""
        settings.OUTBOX_DIR.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{timezone.now().astimezone(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
            unfinished: Path = settings.OUTBOX_DIR / f"{name}.part"
            unfinished.write_bytes(message.message().as_bytes())
            unfinished.rename(settings.OUTBOX_DIR / f"{name}.eml")
        return len(email_messages)


def letters() -> list[Letter]:
    """Return the newest messages, the latest first."""
    names = sorted((path.stem for path in settings.OUTBOX_DIR.glob("*.eml") if NAME.fullmatch(path.stem)), reverse=True)
    return [_read(name) for name in names[:SHOWN]]


def letter(name: str) -> Letter | None:
    """Return one message by its name, or None where there is no such."""
    known = NAME.fullmatch(name) and (settings.OUTBOX_DIR / f"{name}.eml").is_file()
    return _read(name) if known else None


def _read(name: str) -> Letter:
    content = (settings.OUTBOX_DIR / f"{name}.eml").read_bytes()
    message = email.message_from_bytes(content, policy=email.policy.default)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Letter(
        name=name,
        written_at=datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC),
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=str(text.get_content()) if text else "",
        html=str(html.get_content()) if html else "",
        attachments=tuple(
            Attached(part.get_filename() or "", len(cast("bytes", part.get_payload(decode=True) or b"")))
            for part in message.iter_attachments()
        ),
    )
