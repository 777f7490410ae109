"""PDFs on their way to a browser: one, or all of a period in one archive."""

from collections.abc import Iterable
from tempfile import TemporaryFile
from typing import Final
from zipfile import ZipFile

from django.http import FileResponse

from billing.invoices.documents import Document

MOST: Final = 2000
"""Documents in one archive."""


def one(document: Document) -> FileResponse:
    """The PDF as it was issued. Call it for a document that has been rendered."""
    headers = {"Content-Type": "application/pdf", "Cache-Control": "private"}
    return FileResponse(document.pdf.open("rb"), as_attachment=True, filename=document.file_name, headers=headers)


def archive(documents: Iterable[Document], name: str) -> FileResponse:
    """The PDFs of documents that have all been rendered, as a ZIP file called `name`."""
    # The response closes it, and with it it is gone from the disk.
    file = TemporaryFile()  # noqa: SIM115
    with ZipFile(file, "w") as packed:
        for document in documents:
            with document.pdf.open("rb") as pdf:
                packed.writestr(document.file_name, pdf.read())
    file.seek(0)
    headers = {"Content-Type": "application/zip", "Cache-Control": "private"}
    return FileResponse(file, as_attachment=True, filename=name, headers=headers)
