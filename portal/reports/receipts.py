"""The report of delivery receipts: every message of a period, and the proof that its total is the ledger's.

All messages of a campaign, the campaign and its hold in the ledger carry one moment: that of the launch. A period
therefore holds a campaign whole or not at all, and for any account and period this is true:

    charged on the messages = taken from the holds made in the period + charged by campaigns that still hold

The left side is added up from the rows of the sheet. The first term of the right side comes from the ledger alone; a
campaign still holds until nothing of it is open, and what it has used by then is in no transfer yet. Text messages of
balance alerts hold nothing and are booked one by one; they stand apart.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import BigIntegerField, Count, DateTimeField, F, Func, Sum, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _

from billing.credits import selectors as credits_selectors
from billing.ledger.codes import Phase, TransferCode
from messaging.campaigns import selectors as campaigns_selectors
from messaging.delivery import history, reasons
from messaging.delivery.codes import CHARGED, State
from messaging.delivery.history import Filters
from messaging.delivery.models import MessageQuerySet
from messaging.encoding.segments import Encoding
from portal import large_workbook
from portal.large_workbook import Row, Table
from portal.reports import receipt_cover
from portal.reports.models import ReportRequest
from portal.reports.receipt_totals import CampaignLine, Totals
from portal.workbook import MAX_ROWS, Column, Kind, Progress

CHUNK: Final = 5_000
"""Rows that are fetched at once, and after which progress is reported."""

ENCODINGS: Final = {Encoding.GSM7: "GSM-7", Encoding.UCS2: "UCS-2"}


class RowsDiffer(Exception):
    """What was written is not what the cover says; such a file is given to nobody."""


def write(
    report: ReportRequest, path: Path, *, made_at: datetime, progress: Progress, rows_per_sheet: int = MAX_ROWS
) -> Totals:
    """Write the workbook to `path` in the active language and return its totals.

    The cover is known before the rows, from the same moment; the rows are added up again as they are written. Raises
    `RowsDiffer`.
    """
    totals, rows = _read(report)
    written = Written(rows, totals, progress)
    with rows:
        progress(0, totals.row_count)
        large_workbook.write(
            path,
            zone=ZoneInfo(report.time_zone),
            title=_("Delivery receipts"),
            cover_name=_("Summary"),
            cover=receipt_cover.facts(report, totals, made_at),
            tables=[
                Table(_("Campaigns"), _campaign_columns(), len(totals.listed), _campaign_rows(totals)),
                Table(_("Messages"), _message_columns(), totals.row_count, iter(written)),
            ],
            rows_per_sheet=rows_per_sheet,
        )
    if (written.row_count, written.charged_units) != (totals.row_count, totals.row_units):
        raise RowsDiffer
    progress(totals.row_count, totals.row_count)
    return totals


class Written:
    """The rows of the sheet as they are written, added up again."""

    def __init__(self, rows: Iterable[tuple[Any, ...]], totals: Totals, progress: Progress) -> None:
        self._rows = rows
        self._totals = totals
        self._progress = progress
        self.row_count = 0
        self.charged_units = 0

    def __iter__(self) -> Iterator[Row]:
        names = {key: line.name for key, line in self._totals.campaigns.items()}
        states = {state.value: str(state.label) for state in State}
        why = cache(lambda code: str(reason.what) if (reason := reasons.reason(code)) else None)
        for sent, campaign, sender, to, prefix, text, encoding, size, price, state, code, handed, final in self._rows:
            charged = price if state in CHARGED else 0
            self.row_count += 1
            self.charged_units += charged
            if self.row_count % CHUNK == 0:
                self._progress(self.row_count, self._totals.row_count)
            name, coding = names.get(campaign), ENCODINGS[encoding]
            yield (
                sent, name, sender, to, prefix, text, coding, size, price, charged, states[state], why(code), handed, final
            )  # fmt: skip


def _read(report: ReportRequest) -> tuple[Totals, Any]:
    """Look at messages, campaigns and ledger at one and the same moment; the rows are fetched afterwards.

    The cursor is held beyond its transaction, so that a long report keeps no transaction open while it is written.
    Whoever takes it closes it. The database turns moments into those of the report's zone: a third of the work.
    """
    messages, selected = _messages(report), _messages(report, recipient=report.recipient)
    zone = Value(report.time_zone)
    local = {
        f"local_{name}": Func(zone, F(name), function="timezone", output_field=DateTimeField())
        for name in ("created_at", "submitted_at", "final_at")
    }
    fields = (
        "local_created_at", "campaign_id", "sender", "recipient", "prefix", "text", "encoding", "segment_count",
        "price_units", "state", "error_code", "local_submitted_at", "local_final_at",
    )  # fmt: skip
    prefix = Concat(Value("+"), F("country_prefix"))
    rows = selected.order_by("created_at", "pk").annotate(prefix=prefix, **local).values_list(*fields)
    statement, parameters = rows.query.sql_with_params()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        totals = _expected(report)
        _count(messages, totals)
        if report.recipient:
            totals.selected = Totals()
            _count(selected, totals.selected)
        held = connection.connection.cursor(name=f"report_{report.pk}", withhold=True)
        held.itersize = CHUNK
        held.execute(statement, parameters, binary=True)
    return totals, held


def _messages(report: ReportRequest, *, recipient: str = "") -> MessageQuerySet:
    """The messages of the report's period and campaigns, to everybody or to one recipient."""
    filters = Filters(recipient=recipient, least=report.least_count)
    found = history.find(report.account, filters).select_related(None)
    return found.filter(created_at__gte=report.period_from, created_at__lt=report.period_until)


def _count(messages: MessageQuerySet, totals: Totals) -> None:
    sums = messages.values_list("campaign_id", "purpose", "state")
    for counted in sums.annotate(Count("pk"), Sum("price_units", output_field=BigIntegerField())):
        totals.add(*counted)


def _expected(report: ReportRequest) -> Totals:
    """The right side of the equation: what the ledger took from the holds made in the period."""
    totals = Totals()
    taken = _taken(report)
    campaigns = campaigns_selectors.campaigns(report.account).filter(
        created_at__gte=report.period_from, created_at__lt=report.period_until
    )
    # What was taken for no campaign at all stays in the sum: it is an alarm.
    for hold in campaigns.filter(recipient_count__lt=report.least_count).values_list("hold_id", flat=True):
        taken.pop(hold, None)
    totals.ledger_units = sum(taken.values())
    for campaign in campaigns.filter(recipient_count__gte=report.least_count).order_by("created_at", "pk"):
        ledger_units = taken.get(campaign.hold_id, 0) if campaign.is_finished else None
        totals.campaigns[campaign.pk] = CampaignLine(campaign.name, campaign.created_at, ledger_units)
    return totals


def _taken(report: ReportRequest) -> dict[int | None, int]:
    # What the account used, not what left its wallet: its parent may have paid, and it may pay for others.
    posts = credits_selectors.uses(report.account).filter(
        code=TransferCode.CAMPAIGN,
        phase=Phase.POST,
        hold__created_at__gte=report.period_from,
        hold__created_at__lt=report.period_until,
    )
    return dict(posts.values_list("hold_id", "amount"))


def _message_columns() -> list[Column]:
    return [
        Column(_("Sent"), Kind.MOMENT, 19),
        Column(_("Campaign"), Kind.TEXT, 28),
        Column(_("Sender"), Kind.TEXT, 14),
        Column(_("Recipient"), Kind.TEXT, 17),
        Column(_("Country prefix"), Kind.TEXT, 10),
        Column(_("Text"), Kind.TEXT, 48),
        Column(_("Encoding"), Kind.TEXT, 10),
        Column(_("Segments"), Kind.NUMBER, 10),
        Column(_("Price in credits"), Kind.CREDITS, 12),
        Column(_("Credits charged"), Kind.CREDITS, 12),
        Column(_("State"), Kind.TEXT, 18),
        Column(_("Reason"), Kind.TEXT, 40),
        Column(_("Handed over"), Kind.MOMENT, 19),
        Column(_("Final"), Kind.MOMENT, 19),
    ]


def _campaign_columns() -> list[Column]:
    return [
        Column(_("Sent"), Kind.MOMENT, 19),
        Column(_("Campaign"), Kind.TEXT, 40),
        Column(_("Messages"), Kind.NUMBER, 12),
        Column(_("Charged on its messages"), Kind.CREDITS, 18),
        Column(_("Settled in the ledger"), Kind.CREDITS, 18),
        Column(_("Difference"), Kind.CREDITS, 14),
        Column(_("State"), Kind.TEXT, 22),
    ]


def _campaign_rows(totals: Totals) -> Iterator[Row]:
    for line in totals.listed:
        held = line.ledger_units is None
        yield (
            line.created_at,
            line.name,
            line.message_count,
            line.charged_units,
            line.ledger_units,
            None if held else line.difference_units,
            _("Still being sent") if held else _("Settled"),
        )
