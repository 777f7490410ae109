"""The zip archive that an .xlsx file is: what is refused before anything of it is unpacked, and safe parsing of its parts.

Parts are parsed by expat as they are unpacked: memory does not grow with the file, and a document type, with which
entities could be declared and multiplied, is refused.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Final, Protocol
from xml.parsers import expat

from messaging.imports.faults import FileFault, Unreadable

MAX_PARTS: Final = 2_000
MAX_UNPACKED: Final = 400_000_000
"""Bytes of all parts together; a million rows of four columns take some 200 MB."""

MAX_RATIO: Final = 120
"""How much larger than the file its parts may be, once they are large; spreadsheets reach some 30."""

LARGE: Final = 20_000_000

MAX_STRINGS: Final = 120_000_000
"""Bytes of the part that is kept in memory: the texts that cells share."""

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_CHUNK: Final = 65_536

Attributes = dict[str, str]


class Readable(Protocol):
    """What a part of an archive is read from."""

    def read(self, size: int, /) -> bytes: ...


def opened(file: IO[bytes], size: int) -> zipfile.ZipFile:
    """The archive, if it is a harmless one of `size` bytes. Raises `Unreadable`."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError) as error:
        raise Unreadable(FileFault.DAMAGED) from error
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable(FileFault.PROTECTED)
    unpacked = sum(part.file_size for part in parts)
    strings = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
    is_bomb = unpacked > max(LARGE, MAX_RATIO * size)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or strings > MAX_STRINGS or is_bomb:
        raise Unreadable(FileFault.TOO_MUCH_INSIDE)
    names = {part.filename.lower() for part in parts}
    if any(name.endswith("vbaproject.bin") for name in names) or any("/macrosheets/" in name for name in names):
        raise Unreadable(FileFault.MACROS)
    if not {"[content_types].xml", "xl/workbook.xml"} <= names:
        raise Unreadable(FileFault.NO_TABLE)
    return archive


def is_protected(file: IO[bytes]) -> bool:
    """Whether an OLE file is an .xlsx under a password; otherwise it is a document of an old program."""
    file.seek(0)
    tail = b""
    while chunk := file.read(_CHUNK):
        if ENCRYPTED in tail + chunk:
            return True
        tail = chunk[-len(ENCRYPTED) :]
    return False


def parse(
    source: Readable,
    *,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Parse a part and call the handlers with local names; yields after each piece, so that rows can be taken away.

    Raises `Unreadable` for what is no XML, or XML with a document type.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    if end is not None:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        while chunk := source.read(_CHUNK):
            parser.Parse(chunk, False)
            yield
        parser.Parse(b"", True)
        yield
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise Unreadable(FileFault.DAMAGED) from error


def _refuse(*_: object) -> None:
    raise Unreadable(FileFault.DAMAGED)
