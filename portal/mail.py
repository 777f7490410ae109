"""The only way an e-mail leaves Saldo: rendered in the recipient's language, as text and as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils import translation

STYLES = settings.BASE_DIR / "templates" / "email" / "mail.css"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with an e-mail: its name, its bytes, its media type."""

    name: str
    content: bytes
    media_type: str


def send(
    *, name: str, to: str, language: str, context: Mapping[str, Any], attachments: Sequence[Attachment] = ()
) -> None:
    """Send templates/email/<name>.{subject,txt,html} to one address, in `language`.

    The templates see `context`, `subject`, `site_url`, `support_email` and `language`; addresses inside a mail are
    `site_url` and a path. Raises `OSError` (SMTP errors are such) when the mail server does not take it: a task tries
    again, a page says so. Call it outside a transaction.
    """
    with translation.override(language):
        whole = {**context, "site_url": settings.SITE_URL, "support_email": settings.SUPPORT_EMAIL}
        whole["language"] = language
        whole["subject"] = " ".join(_plain(f"email/{name}.subject", whole).split())
        message = EmailMultiAlternatives(
            subject=whole["subject"],
            body=_plain(f"email/{name}.txt", whole).strip() + "\n",
            to=[to],
            headers={"Auto-Submitted": "auto-generated", "Content-Language": language},
        )
        message.attach_alternative(_inlined(render_to_string(f"email/{name}.html", whole)), "text/html")
    for attachment in attachments:
        message.attach(attachment.name, attachment.content, attachment.media_type)
    message.send()


def _plain(template_name: str, context: dict[str, Any]) -> str:
    """Render a template whose output is no HTML: nothing in it is escaped."""
    return str(Engine.get_default().get_template(template_name).render(Context(context, autoescape=False)))


def _inlined(html: str) -> str:
    """Move the styles into the elements: many mail programs read nothing else."""
    return str(_inliner().inline(html))


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(extra_css=STYLES.read_text(), load_remote_stylesheets=False)
