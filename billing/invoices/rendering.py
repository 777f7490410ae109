"""Making the PDF of what was issued, in the background: once, by anybody, again where a worker died."""

import hashlib
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet

from billing.invoices import pdf
from billing.invoices.documents import to_render
from billing.invoices.models import CreditNote, Invoice

# Longer than a worker may take for one task (CELERY_TASK_TIME_LIMIT), so that two never render the same document.
RENDER_LEASE = timedelta(minutes=6)


def render(*, documents: QuerySet[Invoice] | QuerySet[CreditNote], pk: int, now: datetime) -> bool:
    """Make and store the PDF of one of `documents` that has none. Safe to call at any time, by anybody, again.

    Return False when there was nothing to do or another worker is at it. No transaction is open while it works; a
    worker that dies leaves its lease, and after that the next one starts anew.
    """
    lease_until = now + RENDER_LEASE
    if not documents.filter(to_render(now), pk=pk).update(render_lease_until=lease_until):
        return False
    document = documents.get(pk=pk)
    content = pdf.render(document)
    name = f"invoices/{document.year}/{document.public_id}.pdf"
    # What lies there is the half of a file that an interrupted worker left.
    default_storage.delete(name)
    stored = default_storage.save(name, ContentFile(content))
    mine = Q(pk=pk, rendered_at=None, render_lease_until=lease_until)
    checksum = hashlib.sha256(content).hexdigest()
    return bool(documents.filter(mine).update(pdf=stored, pdf_sha256=checksum, rendered_at=now))
