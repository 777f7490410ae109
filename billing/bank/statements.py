"""Files of the bank: uploaded and looked at, then imported, once; what an import would do is shown before."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from billing.bank import matching, reading, selectors, tables
from billing.bank.codes import LineState, StatementKind
from billing.bank.entries import CURRENCY, Contents, Entry, keys
from billing.bank.matching import Verdict
from billing.bank.models import BankStatement, OutgoingLine, StatementLine
from portal.audit import services as audit
from portal.transactions import unit_of_work


class AlreadyImported(Exception):
    """This very file has been imported before, and nothing has changed; `statement` is the import."""

    def __init__(self, statement: BankStatement) -> None:
        super().__init__(statement.file_name)
        self.statement = statement


class PlanMissing(Exception):
    """The columns of a table have not been named: at least the day and the amount."""


@unit_of_work
def upload(*, content: bytes, file_name: str, actor_id: int, now: datetime) -> BankStatement:
    """Keep a file so that it can be looked at. The same file again is the same statement.

    Raises `entries.Unreadable`, and `AlreadyImported`.
    """
    kind, digest = reading.recognise(content), hashlib.sha256(content).hexdigest()
    kept, _ = BankStatement.objects.get_or_create(
        iban=reading.operator_iban(),
        digest=digest,
        defaults={
            "kind": kind,
            "file_name": file_name[-120:],
            "content": content,
            "plan": _first_plan(content) if kind == StatementKind.CSV else {},
            "created_by_id": actor_id,
            "created_at": now,
        },
    )
    if kept.imported_at:
        raise AlreadyImported(kept)
    return kept


@unit_of_work
def choose_columns(*, statement: BankStatement, plan: tables.Plan) -> BankStatement:
    """Say what the columns of a table mean, and how its amounts are written. Raises `AlreadyImported`."""
    statement = BankStatement.objects.select_for_update().get(pk=statement.pk)
    if statement.imported_at:
        raise AlreadyImported(statement)
    statement.plan = {**statement.plan, "columns": dict(plan.columns), "decimal_mark": plan.decimal_mark}
    statement.save(update_fields=["plan"])
    return statement


@unit_of_work
def discard(*, statement: BankStatement, actor_id: int, now: datetime) -> None:
    """Throw a file away that was looked at and is not to be imported. Raises `AlreadyImported`."""
    statement = BankStatement.objects.select_for_update().get(pk=statement.pk)
    if statement.imported_at:
        raise AlreadyImported(statement)
    audit.record(
        action="bank_statement.discarded",
        actor_id=actor_id,
        subject=f"bank_statement:{statement.public_id}",
        before={"file": statement.file_name, "digest": statement.digest},
        now=now,
    )
    statement.delete()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An entry and what would become of it; `is_known` when it is there already and nothing would."""

    entry: Entry
    is_known: bool
    verdict: Verdict


def foresee(statement: BankStatement) -> tuple[Contents, list[Foreseen]]:
    """What importing would do, entry by entry, without doing it. Raises `entries.Unreadable`, `PlanMissing`."""
    contents = _contents(statement)
    names = keys(statement.iban, contents.entries)
    known = _known(statement.iban, names)
    quoted = [selectors.references(entry) for entry in contents.entries]
    expected = selectors.expected(set().union(*quoted))
    foreseen = []
    for entry, name, references in zip(contents.entries, names, quoted, strict=True):
        if name in known:
            foreseen.append(Foreseen(entry, True, Verdict()))
            continue
        seen_before = bool(references & expected.keys()) and selectors.is_seen_before(entry, statement)
        verdict = matching.decide(
            entry.amount_cents, references, expected, seen_before=seen_before, is_return=entry.is_return
        )
        for one in [each for each in expected.values() if each.attempt_id == verdict.attempt_id]:
            expected[one.reference] = matching.after(one, verdict)
        foreseen.append(Foreseen(entry, False, verdict))
    return contents, foreseen


@unit_of_work
def import_lines(*, statement: BankStatement, actor_id: int, now: datetime) -> BankStatement:
    """Keep the lines of a statement that are not there yet; `services.book_new` then looks at each. Money that went out
    is kept beside them.

    Raises `AlreadyImported`, `PlanMissing`, `entries.Unreadable`.
    """
    statement = BankStatement.objects.select_for_update().get(pk=statement.pk)
    if statement.imported_at:
        raise AlreadyImported(statement)
    contents = _contents(statement)
    names = keys(statement.iban, contents.entries)
    lines = [_line(statement, entry, name, now) for entry, name in zip(contents.entries, names, strict=True)]
    # Two files that overlap may be imported at once: the table decides which line is there already.
    StatementLine.objects.bulk_create(lines, ignore_conflicts=True, batch_size=1000)
    _keep_outgoing(statement, contents.outgoing, now)
    statement.added_count = statement.lines.count()
    statement.known_count = len(lines) - statement.added_count
    statement.left_out_count = contents.left_out.total()
    statement.imported_at = now
    statement.save(update_fields=["added_count", "known_count", "left_out_count", "imported_at"])
    audit.record(
        action="bank_statement.imported",
        actor_id=actor_id,
        subject=f"bank_statement:{statement.public_id}",
        after={"file": statement.file_name, "added": statement.added_count, "known": statement.known_count},
        now=now,
    )
    return statement


def new_lines(statement: BankStatement | None = None) -> list[StatementLine]:
    """The lines that were not looked at yet, of one statement or of all, the oldest first."""
    waiting = StatementLine.objects.filter(state=LineState.NEW).order_by("pk")
    return list(waiting.filter(statement=statement) if statement else waiting)


def _first_plan(content: bytes) -> dict[str, object]:
    """What the columns meant last time a table with the same heading was imported; else what their headings say."""
    table = tables.look(content)
    alike = BankStatement.objects.filter(kind=StatementKind.CSV, plan__heading=table.heading, imported_at__isnull=False)
    last = alike.order_by("-imported_at", "-pk").values_list("plan", flat=True).first()
    if last:
        return dict(last)
    plan = tables.guess(table)
    return {"heading": table.heading, "columns": dict(plan.columns), "decimal_mark": plan.decimal_mark}


def _contents(statement: BankStatement) -> Contents:
    if statement.kind == StatementKind.CSV and not reading.plan_of(statement).is_complete:
        raise PlanMissing
    return reading.contents(statement)


def _known(iban: str, names: list[str]) -> set[str]:
    return set(StatementLine.objects.filter(iban=iban, key__in=names).values_list("key", flat=True))


def _keep_outgoing(statement: BankStatement, entries: list[Entry], now: datetime) -> None:
    lines = [
        OutgoingLine(
            statement=statement,
            iban=statement.iban,
            key=key,
            booked_on=entry.booked_on,
            amount_cents=entry.amount_cents,
            currency=CURRENCY,
            payee_name=entry.payer_name,
            payee_iban=entry.payer_iban,
            text=entry.text,
            structured=entry.structured,
            bank_reference=entry.bank_reference,
            is_return=entry.is_return,
            created_at=now,
        )
        for entry, key in zip(entries, keys(statement.iban, entries), strict=True)
    ]
    OutgoingLine.objects.bulk_create(lines, ignore_conflicts=True, batch_size=1000)


def _line(statement: BankStatement, entry: Entry, key: str, now: datetime) -> StatementLine:
    """A line to be kept: new where it quotes something, else open for a person at once.

    What quotes nothing of our shape, or says that it is money of ours that came back, pays nothing whatever is waited
    for. Most lines of a large statement are so, and each look of its own would cost a transaction.
    """
    quoted = selectors.references(entry)
    is_clear = entry.is_return or not quoted
    left = matching.decide(entry.amount_cents, quoted, {}, is_return=entry.is_return).left if is_clear else ""
    return StatementLine(
        state=LineState.OPEN if is_clear else LineState.NEW,
        finding=left,
        statement=statement,
        iban=statement.iban,
        key=key,
        booked_on=entry.booked_on,
        amount_cents=entry.amount_cents,
        open_cents=entry.amount_cents,
        currency=CURRENCY,
        payer_name=entry.payer_name,
        payer_iban=entry.payer_iban,
        text=entry.text,
        structured=entry.structured,
        bank_reference=entry.bank_reference,
        is_return=entry.is_return,
        created_at=now,
    )
