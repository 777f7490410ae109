"""A file of the bank as contents: what kind it is, that it is of our account, and what its columns mean."""

import io
from typing import Final

from django.conf import settings

from billing.bank import camt, tables
from billing.bank.codes import StatementKind
from billing.bank.entries import MAX_BYTES, Contents, Fault, Unreadable
from billing.bank.models import BankStatement

# Between two tags stands a name, a text, an amount. What is longer takes the parser minutes.
MOST_BETWEEN: Final = 100_000
_XML: Final = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")


def operator_iban() -> str:
    """The IBAN of the account that customers pay into, without spaces."""
    return "".join(settings.SELLER["iban"].split()).upper()


def recognise(content: bytes) -> StatementKind:
    """Which kind of statement a file is. Raises `Unreadable` for what is none, too large, or of another account."""
    if not content.strip():
        raise Unreadable(Fault.EMPTY)
    if len(content) > MAX_BYTES:
        raise Unreadable(Fault.TOO_LARGE)
    if content.lstrip()[:8].startswith(_XML):
        _read_camt(content)
        return StatementKind.CAMT
    tables.look(content)
    return StatementKind.CSV


def contents(statement: BankStatement) -> Contents:
    """What a statement holds, its columns as its plan says. Raises `Unreadable`."""
    content = bytes(statement.content)
    if statement.kind == StatementKind.CAMT:
        return _read_camt(content)
    return tables.read(tables.look(content), plan_of(statement))


def plan_of(statement: BankStatement) -> tables.Plan:
    """What the columns of a table mean."""
    return tables.Plan(statement.plan["columns"], statement.plan["decimal_mark"])


def _read_camt(content: bytes) -> Contents:
    if max(map(len, content.split(b">"))) > MOST_BETWEEN:
        raise Unreadable(Fault.DAMAGED)
    found = camt.read(io.BytesIO(content.lstrip() if not content.startswith((b"\xff", b"\xfe")) else content))
    if found.iban != operator_iban():
        raise Unreadable(Fault.OTHER_ACCOUNT, found.iban)
    return found
