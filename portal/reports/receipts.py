"""The report of delivery receipts: every message of a period, and the proof that its total is the ledger's.

All messages of a campaign, the campaign and its hold in the ledger carry one moment: that of the launch. A period
therefore holds a campaign whole or not at all, and for any account and period this is true:

    charged on the messages = taken from the holds made in the period + charged by campaigns that still hold

The left side is added up from the rows of the sheet. The first term of the right side comes from the ledger alone; a
campaign still holds until nothing of it is open, and what it has used by then is in no transfer yet. Text messages of
balance alerts hold nothing and are booked one by one; they stand apart.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing.credits import selectors as credits_selectors
from billing.ledger.codes import Phase, TransferCode
from messaging.campaigns import selectors as campaigns_selectors
from messaging.delivery import reasons
from messaging.delivery import selectors as delivery_selectors
from messaging.delivery.codes import CHARGED, OPEN, RETURNED, Purpose, State
from messaging.encoding.segments import Encoding
from portal.reports.models import ReportRequest
from portal.templatetags import formats
from portal.workbook import MAX_ROWS, Column, Fact, Kind, Progress, Sheets, Workbook, workbook

CHUNK: Final = 5_000
"""Rows that are fetched at once, and after which progress is reported."""

ENCODINGS: Final = {Encoding.GSM7: "GSM-7", Encoding.UCS2: "UCS-2"}

FIELDS: Final = (
    "created_at",
    "campaign_id",
    "purpose",
    "sender",
    "recipient",
    "country_prefix",
    "text",
    "encoding",
    "segment_count",
    "price_units",
    "state",
    "error_code",
    "submitted_at",
    "final_at",
)


@dataclass(slots=True)
class CampaignLine:
    """A campaign of the period: what its rows say, and what the ledger took from its hold (None: it still holds)."""

    name: str
    created_at: datetime
    ledger_units: int | None
    message_count: int = 0
    charged_units: int = 0

    @property
    def difference_units(self) -> int:
        """What the rows and the ledger disagree by; a campaign that still holds has nothing to compare."""
        return 0 if self.ledger_units is None else self.charged_units - self.ledger_units


@dataclass(slots=True)
class Totals:
    """The sums of a report, in units, each kept apart so that they can be compared."""

    row_count: int = 0
    charged_units: int = 0
    returned_units: int = 0
    open_units: int = 0
    alert_units: int = 0
    ledger_units: int = 0
    campaigns: dict[int, CampaignLine] = field(default_factory=dict)

    @property
    def still_held_units(self) -> int:
        """What campaigns that still hold have used of it."""
        return sum(line.charged_units for line in self.campaigns.values() if line.ledger_units is None)

    @property
    def control_units(self) -> int:
        """What the cover ties to the ledger."""
        return self.charged_units

    @property
    def difference_units(self) -> int:
        """Zero, or the books do not agree."""
        return self.charged_units - self.ledger_units - self.still_held_units

    def add(self, row: dict[str, Any]) -> int:
        """Count a row in, and return what it was charged."""
        self.row_count += 1
        price, state = row["price_units"], row["state"]
        if state in OPEN:
            self.open_units += price
        if state in RETURNED:
            self.returned_units += price
        charged = price if state in CHARGED else 0
        if row["purpose"] == Purpose.ALERT:
            self.alert_units += charged
            return charged
        self.charged_units += charged
        line = self.campaigns.get(row["campaign_id"])
        if line is not None:
            line.message_count += 1
            line.charged_units += charged
        return charged


def write(
    report: ReportRequest, path: Path, *, made_at: datetime, progress: Progress, rows_per_sheet: int = MAX_ROWS
) -> Totals:
    """Write the workbook to `path` in the active language and return its totals."""
    row_count, totals, rows = _read(report)
    with rows, workbook(path, zone=ZoneInfo(report.time_zone)) as book:
        progress(0, row_count)
        book.describe(title=_("Delivery receipts"), author="Saldo")
        cover = book.add_cover(_("Summary"))
        campaigns = book.add_table(_("Campaigns"), _campaign_columns())
        messages = book.add_table(_("Messages"), _message_columns(), rows_per_sheet=rows_per_sheet)
        states = {state.value: str(state.label) for state in State}
        for row in rows:
            _append(messages, dict(zip(FIELDS, row, strict=True)), totals, states)
            if totals.row_count % CHUNK == 0:
                progress(totals.row_count, row_count)
        _write_campaigns(campaigns, totals)
        _write_cover(book, cover, report, totals, made_at)
    progress(totals.row_count, row_count)
    return totals


def _read(report: ReportRequest) -> tuple[int, Totals, Any]:
    """Look at messages, campaigns and ledger at one and the same moment; the rows are fetched afterwards.

    The cursor is held beyond its transaction, so that a long report keeps no transaction open while it is written.
    Whoever takes it closes it.
    """
    period = (report.period_from, report.period_until)
    messages = delivery_selectors.messages(report.account).filter(created_at__gte=period[0], created_at__lt=period[1])
    statement, parameters = messages.order_by("created_at", "pk").values_list(*FIELDS).query.sql_with_params()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        row_count = messages.count()
        totals = _expected(report)
        rows = connection.connection.cursor(name=f"report_{report.pk}", withhold=True)
        rows.itersize = CHUNK
        rows.execute(statement, parameters)
    return row_count, totals, rows


def _expected(report: ReportRequest) -> Totals:
    """The right side of the equation: what the ledger took from the holds made in the period."""
    totals = Totals()
    taken = _taken(report)
    totals.ledger_units = sum(taken.values())
    campaigns = campaigns_selectors.campaigns(report.account).filter(
        created_at__gte=report.period_from, created_at__lt=report.period_until
    )
    for campaign in campaigns.order_by("created_at", "pk"):
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


def _append(messages: Sheets, row: dict[str, Any], totals: Totals, states: dict[str, str]) -> None:
    charged = totals.add(row)
    line = totals.campaigns.get(row["campaign_id"])
    messages.append(
        [
            row["created_at"],
            line.name if line else "",
            row["sender"],
            row["recipient"],
            f"+{row['country_prefix']}",
            row["text"],
            ENCODINGS[row["encoding"]],
            row["segment_count"],
            row["price_units"],
            charged,
            states[row["state"]],
            str(reason.what) if (reason := reasons.reason(row["error_code"])) else "",
            row["submitted_at"],
            row["final_at"],
        ]
    )


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


def _write_campaigns(campaigns: Sheets, totals: Totals) -> None:
    for line in totals.campaigns.values():
        held = line.ledger_units is None
        state = _("Still being sent") if held else _("Settled")
        difference = None if held else line.difference_units
        campaigns.append(
            [
                line.created_at,
                line.name,
                line.message_count,
                line.charged_units,
                line.ledger_units,
                difference,
                state,
            ]
        )


def _write_cover(book: Workbook, cover: Any, report: ReportRequest, totals: Totals, made_at: datetime) -> None:
    period = _("%(first)s to %(last)s, both included") % {
        "first": formats.day(report.first_day),
        "last": formats.day(report.last_day),
    }
    facts: list[Fact | None] = [
        Fact(_("Account"), report.account.name),
        Fact(_("Period"), period),
        Fact(_("Time zone"), report.time_zone),
        Fact(_("Filters"), _("None: all messages sent in the period")),
        Fact(_("Data as of"), made_at, Kind.MOMENT),
        Fact(_("Requested by"), str(report.requested_by)),
        None,
        Fact(_("Messages"), totals.row_count, Kind.NUMBER),
        Fact(_("Credits charged on these messages"), totals.charged_units, Kind.CREDITS),
        Fact(_("of which settled in the ledger"), totals.ledger_units, Kind.CREDITS),
        Fact(_("of which by campaigns still being sent"), totals.still_held_units, Kind.CREDITS),
        Fact(_("Difference to the ledger"), totals.difference_units, Kind.CREDITS),
        None,
        Fact(_("Credits returned, because the message never left"), totals.returned_units, Kind.CREDITS),
        Fact(_("Credits held, because it is not yet decided"), totals.open_units, Kind.CREDITS),
    ]
    if totals.alert_units:
        facts.append(Fact(_("Credits of balance alerts, booked one by one"), totals.alert_units, Kind.CREDITS))
    facts += [
        None,
        Fact(
            _("How the total ties to the ledger"),
            _(
                "The credits charged are the sum of the column “Credits charged”. They are equal to what the ledger took "
                "for the campaigns of this period, campaign by campaign on the second sheet, plus what campaigns have "
                "used that are still being sent: those are settled when their last message has been handed over."
            ),
        ),
    ]
    book.write_cover(cover, _("Delivery receipts"), facts)
