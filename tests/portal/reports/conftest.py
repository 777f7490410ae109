"""Acme sends campaigns, the network answers, and reports of it are asked for."""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from pytest_django import Settings

from messaging.campaigns import services as campaigns
from messaging.campaigns.models import Campaign
from messaging.delivery.codes import FINAL, OPEN, RETURNED, State
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from portal.reports import services
from portal.reports.models import Kind, ReportRequest

ROME = ZoneInfo("Europe/Rome")
NOVEMBER = (datetime(2026, 11, 1, tzinfo=ROME), datetime(2026, 12, 1, tzinfo=ROME))

Launch = Callable[..., Campaign]
Report = Callable[..., ReportRequest]


@pytest.fixture
def launch(prices: None, now: datetime) -> Launch:
    """Launch a campaign of Italian messages; one becomes of each `states` in turn, and settles if nothing is open."""
    first = iter(range(3_471_000_000, 3_479_000_000, 1000))

    def send(account: Account, states: Sequence[State], *, at: datetime = now, text: str = "Ciao") -> Campaign:
        start = next(first)
        campaign = campaigns.launch(
            account=account,
            actor_id=None,
            sender=None,
            text=text,
            recipients=[f"+39{start + each}" for each in range(len(states))],
            reference=str(uuid.uuid4()),
            now=at,
            name=text[:20],
        )
        for message, state in zip(Message.objects.filter(campaign=campaign).order_by("pk"), states, strict=True):
            _become(message, state, at)
        campaigns.settle(campaign=campaign, now=at)
        campaign.refresh_from_db()
        return campaign

    return send


def _become(message: Message, state: State, at: datetime) -> None:
    taken = state not in OPEN | RETURNED
    Message.objects.filter(pk=message.pk).update(
        state=state,
        gateway_message_id=str(message.pk) if taken else "",
        submitted_at=at if taken else None,
        final_at=at if state in FINAL else None,
        due_at=None if state in FINAL else at,
        error_code="absent" if state == State.UNDELIVERED else "",
    )


@pytest.fixture
def report(alice: User, now: datetime, settings: Settings, tmp_path: Path) -> Report:
    """Ask for a report of November."""
    settings.MEDIA_ROOT = tmp_path

    def ask(account: Account, **changes: Any) -> ReportRequest:
        given = {"requested_by": alice, "reference": uuid.uuid4(), "now": now, "kind": Kind.DELIVERY_RECEIPTS}
        period = services.Period(*NOVEMBER, "Europe/Rome")
        return services.request_report(**{"account": account, "period": period, **given, **changes})

    return ask


def opened(report: ReportRequest) -> Workbook:
    """The file of a finished report."""
    report.refresh_from_db()
    with report.file.open("rb") as content:
        return openpyxl.load_workbook(content)


def column(workbook: Workbook, sheet: str, title: str) -> list[Any]:
    """The cells below a heading."""
    rows = list(workbook[sheet].iter_rows(values_only=True))
    place = rows[0].index(title)
    return [row[place] for row in rows[1:]]


def cover(workbook: Workbook) -> dict[str, Any]:
    """What the cover says, by its labels."""
    rows = workbook.worksheets[0].iter_rows(min_row=3, max_col=2, values_only=True)
    return {str(row[0]): row[1] for row in rows if row[0]}
