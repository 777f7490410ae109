"""What was uploaded to show whose name it is: looked into, whatever it is called, before anything is kept."""

import io
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from django.core.files.base import File
from PIL import Image, UnidentifiedImageError

from messaging.senders.codes import MediaType
from messaging.senders.models import MAX_DOCUMENT_BYTES

MAX_DOCUMENTS: Final = 10
"""Documents one sender name may have."""

_LONGEST_NAME: Final = 120
_MOST_PIXELS: Final = 60_000_000
# What the last of each kind of file says. Cameras and scanners may write a little behind it.
_ENDS: Final = {MediaType.PDF: b"%%EOF", MediaType.PNG: b"IEND", MediaType.JPEG: b"\xff\xd9"}
_TAIL: Final = 1024
_SUFFIXES: Final = {MediaType.PDF: ".pdf", MediaType.PNG: ".png", MediaType.JPEG: ".jpg"}
_BETWEEN_FOLDERS: Final = re.compile(r"[/\\]")
_STRANGE: Final = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


class DocumentFault(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    KIND = "kind"
    BROKEN = "broken"


class DocumentRefused(Exception):
    """The file is not taken; `fault` says why."""

    def __init__(self, fault: DocumentFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that has been looked into: a harmless name, what it is, and its bytes."""

    name: str
    media_type: MediaType
    content: bytes


def check(file: File[bytes]) -> Paper:
    """Read an uploaded file and say what it is by its content. Raises `DocumentRefused`.

    Each begins and ends as its format does, and a picture is one to the decoder of its format. No more than the limit
    is read, however large the file says it is.
    """
    content = file.read(MAX_DOCUMENT_BYTES + 1)
    if not content:
        raise DocumentRefused(DocumentFault.EMPTY)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise DocumentRefused(DocumentFault.TOO_LARGE)
    media_type = _media_type(content)
    return Paper(_harmless(file.name or "", media_type), media_type, content)


def _media_type(content: bytes) -> MediaType:
    media_type = MediaType.PDF if content.startswith(b"%PDF-") else _kind_of_picture(content)
    if _ENDS[media_type] not in content[-_TAIL:]:
        raise DocumentRefused(DocumentFault.BROKEN)
    return media_type


def _kind_of_picture(content: bytes) -> MediaType:
    """Ask the decoder; nothing is decoded, so a picture that says it is huge costs nothing."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise DocumentRefused(DocumentFault.TOO_LARGE)
            picture.verify()
            return MediaType.PNG if picture.format == "PNG" else MediaType.JPEG
    except UnidentifiedImageError as error:
        raise DocumentRefused(DocumentFault.KIND) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DocumentRefused(DocumentFault.TOO_LARGE) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise DocumentRefused(DocumentFault.BROKEN) from error


def _harmless(name: str, media_type: MediaType) -> str:
    """Keep the name somebody gave, without what could mean a path or turn the text around, with the suffix it deserves."""
    last = _BETWEEN_FOLDERS.split(unicodedata.normalize("NFC", name))[-1]
    stem = PurePosixPath(_STRANGE.sub("_", last)).stem.strip(" .")
    suffix = _SUFFIXES[media_type]
    return f"{stem[: _LONGEST_NAME - len(suffix)] or 'document'}{suffix}"
