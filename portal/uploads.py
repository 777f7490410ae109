"""What is uploaded is refused before it is read, if it says that it is too large."""

from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MAX_BYTES: Final = 60_000_000
"""Bytes of a whole request with files in it; each form has its own limit below that."""


class UploadTooBig(RequestDataTooBig):
    """A request with files is larger than `MAX_BYTES`."""

    limit = MAX_BYTES


class Bounded(FileUploadHandler):
    """Stands before the handlers that keep files, and keeps none itself.

    Django's own limit for a request leaves its files out. This one looks at the length that the browser announces, so
    that two gigabytes are refused without a byte of them on our disk.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django passes it by this name
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        """Raise `UploadTooBig` for a request that is too large."""
        if content_length > MAX_BYTES:
            raise UploadTooBig("The request with its files is too large.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
