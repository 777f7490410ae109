"""Documents on their way to whoever may read them: the customer and the staff."""

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from messaging.senders.models import Document


def file_of(document: Document) -> HttpResponse:
    """A document as an attachment of the kind that was found inside. Http404 where the file is gone."""
    try:
        with document.file.open("rb") as file:
            content = file.read()
    except FileNotFoundError as error:
        raise Http404 from error
    attachment = content_disposition_header(True, document.name) or "attachment"
    return HttpResponse(content, content_type=document.media_type, headers={"Content-Disposition": attachment})
