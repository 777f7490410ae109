"""The verbs of reports: ask for one, build it."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol
from uuid import UUID

from django.core.files import File
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone, translation

from portal.accounts.models import Account, User
from portal.audit import services as audit
from portal.bells import ring
from portal.reports import receipts, statements
from portal.reports.models import Kind, ReportRequest, State
from portal.reports.signals import report_requested
from portal.transactions import unit_of_work
from portal.workbook import Progress

logger = logging.getLogger(__name__)

MAX_UNDER_WAY: Final = 3
"""The reports of an account that may be in the making at the same time."""

LEASE: Final = timedelta(seconds=60)
"""How long a builder may be silent before somebody else starts anew. It speaks every few thousand rows."""

PACKED_A_SECOND: Final = 10_000
"""Rows for which the lease grows by a second: while the finished file is packed nobody speaks, and a slow disk is slow."""

MAX_ATTEMPTS: Final = 3

Clock = Callable[[], datetime]
"""A report takes minutes, so its builder looks at the clock more than once."""


class Totals(Protocol):
    """What every report comes to: its rows, the total that ties to the ledger, and by how much it does not."""

    @property
    def row_count(self) -> int: ...

    @property
    def control_units(self) -> int: ...

    @property
    def difference_units(self) -> int: ...


class Writer(Protocol):
    """Writes the workbook of a report to `path` in the active language, and tells how far it is."""

    def __call__(self, report: ReportRequest, path: Path, *, made_at: datetime, progress: Progress) -> Totals: ...


WRITERS: Final[dict[str, Writer]] = {
    Kind.DELIVERY_RECEIPTS: receipts.write,
    Kind.STATEMENT: statements.write,
}


class TooManyUnderWay(Exception):
    """Several reports of the account are being made; another one has to wait its turn."""


class ClaimLost(Exception):
    """The lease ran out and somebody else builds the report."""


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment up to another, which is not included; chosen as days in `time_zone`."""

    starts_at: datetime
    ends_at: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Which messages: those to a recipient (a whole number, or digits of one), of campaigns of at least so many messages."""

    recipient: str = ""
    least_count: int = 0


EVERYTHING: Final = Selection()


@unit_of_work
def request_report(
    *,
    account: Account,
    kind: Kind,
    period: Period,
    requested_by: User,
    reference: UUID,
    now: datetime,
    selection: Selection = EVERYTHING,
) -> ReportRequest:
    """Ask for a report in the person's language; with a `reference` that was used it is the same report.

    Raises `TooManyUnderWay`.
    """
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    mine = ReportRequest.objects.filter(account=account)
    known = mine.filter(reference=reference).first()
    if known:
        return known
    if mine.filter(state__in=[State.WAITING, State.BUILDING]).count() >= MAX_UNDER_WAY:
        raise TooManyUnderWay
    report = ReportRequest.objects.create(
        account=account,
        kind=kind,
        period_from=period.starts_at,
        period_until=period.ends_at,
        time_zone=period.time_zone,
        **asdict(selection),
        language=requested_by.language,
        reference=reference,
        requested_by=requested_by,
        created_at=now,
    )
    _record(report, now)
    ring(report_requested, report.pk)
    return report


def _record(report: ReportRequest, now: datetime) -> None:
    after: dict[str, object] = {
        "kind": report.kind,
        "from": report.period_from.isoformat(),
        "until": report.period_until.isoformat(),
    }
    selection = {"recipient": report.recipient, "least_count": report.least_count}
    audit.record(
        action="report.requested",
        actor_id=report.requested_by_id,
        account_id=report.account_id,
        subject=f"report:{report.public_id}",
        after=after | {name: value for name, value in selection.items() if value},
        now=now,
    )


def build(*, report_id: int, clock: Clock = timezone.now) -> None:
    """Build a report if it is due and nobody else is at it.

    It can be killed at any moment: nothing is kept of half a file, and when the lease is over it begins anew.
    """
    report = _claim(report_id, clock())
    if report is None:
        return
    with TemporaryDirectory(prefix="saldo-report-") as folder:
        path = Path(folder) / "report.xlsx"
        try:
            with translation.override(report.language):
                totals = WRITERS[report.kind](report, path, made_at=clock(), progress=_progress(report, clock))
        except ClaimLost:
            logger.warning("Somebody else builds this report.", extra={"report": str(report.public_id)})
            return
        _finish(report, path, totals, clock())


@unit_of_work
def forget(*, report_id: int, now: datetime) -> None:
    """Delete the file of a report that has been kept for long enough."""
    report = ReportRequest.objects.select_for_update().outlived(now).filter(pk=report_id).first()
    if report is None:
        return
    name = str(report.file.name)
    report.file, report.state = "", State.DELETED
    report.save(update_fields=["file", "state"])
    # Only when nobody can find it any more: a file that is gone and still offered would be worse than one left behind.
    transaction.on_commit(lambda: report.file.storage.delete(name))


def _claim(report_id: int, now: datetime) -> ReportRequest | None:
    due = ReportRequest.objects.due(now).filter(pk=report_id)
    if due.filter(attempt_count__gte=MAX_ATTEMPTS).update(state=State.FAILED, lease_until=None, finished_at=now):
        logger.error("A report could not be made in %d attempts.", MAX_ATTEMPTS, extra={"report": report_id})
        return None
    if not due.update(
        state=State.BUILDING, lease_until=now + LEASE, attempt_count=F("attempt_count") + 1, done_count=0
    ):
        return None
    return ReportRequest.objects.select_related("account", "requested_by").get(pk=report_id)


def _progress(report: ReportRequest, clock: Clock) -> Progress:
    def advance(done_count: int, row_count: int) -> None:
        lease_until = clock() + LEASE + timedelta(seconds=row_count // PACKED_A_SECOND)
        if not _mine(report).update(done_count=done_count, row_count=row_count, lease_until=lease_until):
            raise ClaimLost

    return advance


def _finish(report: ReportRequest, path: Path, totals: Totals, now: datetime) -> None:
    with path.open("rb") as content:
        report.file.save(f"{report.public_id}.xlsx", File(content), save=False)
    if totals.difference_units:
        logger.error("A report does not tie to the ledger.", extra={"report": str(report.public_id)})
    finished = _mine(report).update(
        state=State.READY,
        file=report.file.name,
        row_count=totals.row_count,
        control_units=totals.control_units,
        difference_units=totals.difference_units,
        finished_at=now,
        lease_until=None,
    )
    if not finished:  # somebody else's file counts
        report.file.delete(save=False)


def _mine(report: ReportRequest) -> QuerySet[ReportRequest]:
    """The row, as long as nobody has claimed it after us."""
    return ReportRequest.objects.filter(pk=report.pk, state=State.BUILDING, attempt_count=report.attempt_count)
