"""CAMT.053, the bank's statement in XML (ISO 20022, camt.053.001.02 to .08): its booked entries, in both directions.

Elements are taken by their local names, so every version's namespace will do. Each transaction of an entry is an entry
of its own when their amounts add up to the entry's; else the entry is taken as one. A document type, with which entities
could be declared and multiplied, is refused.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import IO, Final
from xml.etree.ElementTree import Element, ParseError  # parsing itself is defusedxml's

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from billing.bank.entries import CURRENCY, MAX_CENTS, MAX_ENTRIES, YEARS, Contents, Entry, Fault, LeftOut, Unreadable

ROOT: Final = "BkToCstmrStmt"
# Statements are some ten elements deep.
MAX_DEPTH: Final = 100
CREDIT: Final = "CRDT"
DEBIT: Final = "DBIT"
_AMOUNT: Final = re.compile(r"\d{1,15}(\.\d{1,5})?")
# What banks write where the payer gave no reference.
_NO_REFERENCE: Final = frozenset({"NOTPROVIDED", "NONREF", "NOTAVAILABLE"})


def read(file: IO[bytes]) -> Contents:
    """The entries of a statement; of several statements in one file all must be of one account.

    Raises `Unreadable`.
    """
    contents, is_statement, ibans = Contents(), False, set[str]()
    try:
        for element in _elements(file):
            name = _local(element)
            if name == ROOT:
                is_statement = True
            elif name == "Acct":
                ibans.add(_text(element, "Id", "IBAN").replace(" ", "").upper())
            elif name == "Ntry":
                _take(element, contents)
                element.clear()
            if contents.entry_count > MAX_ENTRIES:
                raise Unreadable(Fault.TOO_MANY)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Unreadable(Fault.DAMAGED) from error
    if not is_statement or not ibans:
        raise Unreadable(Fault.NO_STATEMENT)
    if len(ibans) > 1:
        raise Unreadable(Fault.OTHER_ACCOUNT, ", ".join(sorted(ibans)))
    contents.iban = ibans.pop()
    return contents


def _elements(file: IO[bytes]) -> Iterator[Element]:
    """The finished entries, the accounts that statements are of, and the element that says that it is one."""
    path: list[str] = []
    for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
        name = _local(element)
        if event == "start":
            path.append(name)
            if len(path) > MAX_DEPTH:
                raise Unreadable(Fault.DAMAGED)
            continue
        path.pop()
        if name == ROOT or path[-2:] == [ROOT, "Stmt"]:
            yield element


def _take(entry: Element, contents: Contents) -> None:
    """Add what an entry brings, or count why it is left out."""
    wrong, booked_on, cents = _about(entry)
    if wrong or booked_on is None or cents is None:
        contents.left_out[wrong or LeftOut.NO_AMOUNT] += 1
        return
    taken = contents.entries if _direction(entry) == CREDIT else contents.outgoing
    details = list(_all(entry, "NtryDtls", "TxDtls"))
    parts = [_part_cents(each, _direction(entry)) for each in details]
    if len(details) > 1 and None not in parts and sum(part or 0 for part in parts) == cents:
        taken += [_entry(booked_on, part or 0, [each], entry) for each, part in zip(details, parts, strict=True)]
        return
    taken.append(_entry(booked_on, cents, details, entry))


def _about(entry: Element) -> tuple[LeftOut | None, date | None, int | None]:
    """Why the entry is left out, if so; else the day it was booked on and its cents."""
    status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
    amount = _child(entry, "Amt")
    if _direction(entry) not in (CREDIT, DEBIT):
        return LeftOut.NO_AMOUNT, None, None
    if status != "BOOK":
        return LeftOut.NOT_BOOKED, None, None
    if amount is None or amount.get("Ccy") != CURRENCY:
        return LeftOut.CURRENCY, None, None
    cents = _cents(amount)
    booked_on = _day(entry, "BookgDt") or _day(entry, "ValDt")
    if booked_on is None:
        return LeftOut.NO_DAY, None, None
    return (None if cents else LeftOut.NO_AMOUNT), booked_on, cents


def _direction(entry: Element) -> str:
    return _text(entry, "CdtDbtInd")


def _entry(booked_on: date, cents: int, details: list[Element], entry: Element) -> Entry:
    texts, structured, own = [], [], []
    for each in details:
        texts += [_value(found) for found in _all(each, "RmtInf", "Ustrd")]
        texts += [_value(found) for found in _all(each, "RmtInf", "Strd", "AddtlRmtInf")]
        texts += [_text(each, "Refs", "EndToEndId"), _text(each, "AddtlTxInf")]
        structured += [_value(found) for found in _all(each, "RmtInf", "Strd", "CdtrRefInf", "Ref")]
        own += [_text(each, "Refs", "AcctSvcrRef") or _text(each, "Refs", "TxId")]
    other = "Dbtr" if _direction(entry) == CREDIT else "Cdtr"
    payer, reference = details[0] if len(details) == 1 else None, _text(entry, "AcctSvcrRef")
    texts.append(_text(entry, "AddtlNtryInf"))
    said = [text for text in texts if text and text.upper() not in _NO_REFERENCE]
    return Entry(
        booked_on,
        cents,
        payer_name=_name(payer, other)[:140],
        payer_iban=_text(payer, "RltdPties", f"{other}Acct", "Id", "IBAN").replace(" ", "").upper()[:34],
        text="\n".join(dict.fromkeys(said))[:1000],
        structured=" ".join(dict.fromkeys(structured))[:140],
        bank_reference=" ".join(dict.fromkeys(part for part in (reference, *own) if part))[:140],
        is_return=_text(entry, "RvslInd") in ("true", "1")
        or any(_child(each, "RtrInf") is not None for each in details),
    )


def _name(details: Element | None, party: str) -> str:
    """Who paid (`Dbtr`) or got it (`Cdtr`): the name stands one level deeper since version 08."""
    return _text(details, "RltdPties", party, "Nm") or _text(details, "RltdPties", party, "Pty", "Nm")


def _part_cents(details: Element, direction: str) -> int | None:
    """The cents of one transaction of an entry; None where it does not say, or goes the other way."""
    found = _child(details, "Amt")
    if found is None:
        found = next(_all(details, "AmtDtls", "TxAmt", "Amt"), None)
    if found is None or found.get("Ccy") != CURRENCY or _direction(details) not in ("", direction):
        return None
    return _cents(found)


def _cents(amount: Element) -> int | None:
    """Whole cents above zero; None for what is none."""
    written = _value(amount)
    if not _AMOUNT.fullmatch(written):
        return None
    cents = Decimal(written) * 100
    return int(cents) if cents == int(cents) and 0 < cents <= MAX_CENTS else None


def _day(entry: Element, name: str) -> date | None:
    written = _text(entry, name, "Dt") or _text(entry, name, "DtTm")
    try:
        day = date.fromisoformat(written[:10])
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _child(element: Element | None, name: str) -> Element | None:
    return next((each for each in element if _local(each) == name), None) if element is not None else None


def _all(element: Element | None, *names: str) -> Iterator[Element]:
    """Every element at the end of a path of local names."""
    if element is None:
        return
    for each in element:
        if _local(each) == names[0]:
            if len(names) == 1:
                yield each
            else:
                yield from _all(each, *names[1:])


def _value(element: Element) -> str:
    return " ".join((element.text or "").split())


def _text(element: Element | None, *names: str) -> str:
    """The text of the first element at the end of a path; empty when there is none."""
    found = next(_all(element, *names), None)
    return "" if found is None else _value(found)
