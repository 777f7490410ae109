"""The report of delivery receipts: its rows, its types, and that its total is the ledger's."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import connection

from billing.amounts import to_credits, to_units
from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.ledger.codes import Phase, TransferCode
from billing.ledger.models import Transfer
from messaging.campaigns import services as campaigns
from messaging.delivery import services as delivery
from messaging.delivery.codes import Purpose, State
from messaging.delivery.models import Message
from messaging.encoding.segments import Encoding
from portal.accounts.models import Account, User
from portal.reports import receipts, services
from portal.reports.models import ReportRequest
from portal.reports.models import State as ReportState
from tests.conftest import Grant
from tests.portal.reports.conftest import NOVEMBER, Launch, Report, column, cover, opened

pytestmark = pytest.mark.django_db(transaction=True)

ITALY = Decimal("0.7")
EVERY_CHARGED = [State.ACCEPTED, State.DELIVERED, State.UNDELIVERED, State.EXPIRED, State.UNCONFIRMED]


def built(report: ReportRequest) -> ReportRequest:
    services.build(report_id=report.pk)
    report.refresh_from_db()
    assert report.state == ReportState.READY
    return report


def credits_of(values: list[Any]) -> Decimal:
    return sum((Decimal(str(value)) for value in values), Decimal(0))


def test_the_total_of_the_rows_is_what_the_ledger_took(
    acme: Account, grant: Grant, launch: Launch, report: Report
) -> None:
    grant(acme, "1000")
    launch(acme, [*EVERY_CHARGED, State.REFUSED, State.CANCELLED])
    launch(acme, [State.DELIVERED] * 3, text="[" * 200)  # three segments each
    launch(acme, [State.REFUSED] * 2)  # a hold given back whole
    made = built(report(acme))
    workbook = opened(made)
    charged = credits_of(column(workbook, "Messages", "Credits charged"))
    ledger = sum(Transfer.objects.filter(phase=Phase.POST).values_list("amount", flat=True))
    spent = to_units(Decimal(1000)) - credits_selectors.balance(acme).posted
    assert charged == to_credits(ledger) == to_credits(spent) == ITALY * (5 + 3 * 3)
    assert (made.control_units, made.difference_units, made.row_count) == (ledger, 0, 12)
    facts = cover(workbook)
    assert facts["Messages"] == 12
    assert Decimal(str(facts["Credits charged on these messages"])) == charged
    assert Decimal(str(facts["of which settled in the ledger"])) == charged
    assert facts["of which by campaigns still being sent"] == 0
    assert facts["Difference to the ledger"] == 0
    assert Decimal(str(facts["Credits returned, because the message never left"])) == ITALY * 4


def test_each_campaign_ties_to_its_own_transfer(acme: Account, grant: Grant, launch: Launch, report: Report) -> None:
    grant(acme, "1000")
    sent = [launch(acme, [State.DELIVERED] * count + [State.REFUSED]) for count in (1, 2, 0)]
    workbook = opened(built(report(acme)))
    ledger = [Decimal(str(value)) for value in column(workbook, "Campaigns", "Settled in the ledger")]
    assert ledger == [to_credits(campaign.charged_units or 0) for campaign in sent]
    assert [Decimal(str(value)) for value in column(workbook, "Campaigns", "Charged on its messages")] == ledger
    assert column(workbook, "Campaigns", "Difference") == [0, 0, 0]
    assert column(workbook, "Campaigns", "Messages") == [2, 3, 1]


def test_the_messages_to_one_recipient_stand_alone_and_the_total_of_all_still_ties(
    acme: Account, grant: Grant, launch: Launch, report: Report
) -> None:
    grant(acme, "1000")
    first = launch(acme, [State.DELIVERED, State.REFUSED, State.DELIVERED])
    launch(acme, [State.DELIVERED] * 2, text="Other")
    number = Message.objects.filter(campaign=first).earliest("pk").recipient
    made = built(report(acme, selection=services.Selection(recipient=number)))
    workbook, facts = opened(made), cover(opened(made))
    assert column(workbook, "Messages", "Recipient") == [number]
    assert column(workbook, "Campaigns", "Messages") == [3]
    assert (made.row_count, made.control_units, made.difference_units) == (1, 7_000, 0)
    assert facts["Filters"].startswith("Recipient +39 347")
    assert (facts["Messages"], facts["Messages to all recipients"]) == (1, 5)
    assert Decimal(str(facts["Credits charged on these messages"])) == ITALY
    assert Decimal(str(facts["Credits charged on the messages to all recipients"])) == ITALY * 4
    assert Decimal(str(facts["of which settled in the ledger"])) == ITALY * 4
    assert facts["Credits returned, because the message never left"] == 0
    some = built(report(acme, selection=services.Selection(recipient=number[-4:])))
    assert some.row_count == Message.objects.filter(recipient__contains=number[-4:]).count()
    nobody = built(report(acme, selection=services.Selection(recipient="+393999999999")))
    assert (nobody.row_count, nobody.control_units) == (0, 0)
    assert column(opened(nobody), "Messages", "Recipient") == []


def test_the_messages_of_large_campaigns_tie_by_themselves(
    acme: Account, grant: Grant, launch: Launch, report: Report
) -> None:
    grant(acme, "1000")
    launch(acme, [State.DELIVERED] * 2)
    launch(acme, [State.DELIVERED] * 3, text="Three")
    made = built(report(acme, selection=services.Selection(least_count=3)))
    assert (made.row_count, made.control_units, made.difference_units) == (3, 21_000, 0)
    assert column(opened(made), "Campaigns", "Campaign") == ["Three"]
    assert cover(opened(made))["Filters"] == "Campaigns of at least 3 messages"
    wallet = credits.open_wallet(account=acme)
    cause = credits.Cause(TransferCode.CAMPAIGN, "stray")
    hold = credits.reserve(wallet=wallet, amount=5, cause=cause, now=made.created_at)
    credits.settle(hold=hold, used=5, cause=credits.Cause(TransferCode.CAMPAIGN, "stray too"), now=made.created_at)
    assert built(report(acme, selection=services.Selection(least_count=3))).difference_units == -5


def test_a_campaign_that_still_holds_is_said_to_and_the_total_still_ties(
    acme: Account, grant: Grant, launch: Launch, report: Report
) -> None:
    grant(acme, "1000")
    launch(acme, [State.DELIVERED] * 4)
    running = launch(acme, [State.DELIVERED, State.ACCEPTED, State.WAITING, State.SUBMITTING, State.UNKNOWN])
    assert not running.is_finished
    made = built(report(acme))
    facts = cover(opened(made))
    assert made.difference_units == 0
    assert Decimal(str(facts["Credits charged on these messages"])) == ITALY * 6
    assert Decimal(str(facts["of which settled in the ledger"])) == ITALY * 4
    assert Decimal(str(facts["of which by campaigns still being sent"])) == ITALY * 2
    assert Decimal(str(facts["Credits held, because it is not yet decided"])) == ITALY * 3
    assert column(opened(made), "Campaigns", "State") == ["Settled", "Still being sent"]


def test_a_period_is_half_open_and_holds_a_campaign_whole_or_not_at_all(
    acme: Account, globex: Account, launch: Launch, report: Report
) -> None:
    for account in (acme, globex):
        cause = credits.Cause(TransferCode.PROMOTION, f"test:{account.pk}")
        wallet, before = credits.open_wallet(account=account), NOVEMBER[0] - timedelta(days=1)
        credits.grant(wallet=wallet, amount=to_units(Decimal(9)), terms=credits.Terms(), cause=cause, now=before)
    instant = timedelta(microseconds=1)
    for at in (NOVEMBER[0] - instant, NOVEMBER[0], NOVEMBER[1] - instant, NOVEMBER[1]):
        launch(acme, [State.DELIVERED], at=at)
    launch(globex, [State.DELIVERED])
    made = built(report(acme))
    assert (made.row_count, made.control_units, made.difference_units) == (2, to_units(ITALY * 2), 0)


def test_what_a_branch_sent_on_its_parents_credits_ties_on_its_own_report_and_not_on_its_parents(
    acme: Account, acme_milano: Account, grant: Grant, launch: Launch, report: Report
) -> None:
    wallet = grant(acme, "100")
    credits.draw_on(wallet=credits.open_wallet(account=acme_milano), other=wallet)
    launch(acme, [State.DELIVERED])
    launch(acme_milano, [State.DELIVERED, State.REFUSED, State.DELIVERED])
    for account, charged in ((acme, 7_000), (acme_milano, 14_000)):
        made = built(report(account))
        assert (made.control_units, made.difference_units) == (charged, 0)


def test_credits_that_left_without_a_message_are_an_alarm(
    acme: Account, grant: Grant, launch: Launch, report: Report, now: datetime
) -> None:
    wallet = grant(acme, "1000")
    launch(acme, [State.DELIVERED])
    cause = credits.Cause(TransferCode.CAMPAIGN, "test:hold", "nothing was sent")
    hold = credits.reserve(wallet=wallet, amount=7000, cause=cause, now=now)
    cause = credits.Cause(TransferCode.CAMPAIGN, "test:post", "nothing was sent")
    credits.settle(hold=hold, used=7000, cause=cause, now=now)
    made = built(report(acme))
    assert made.difference_units == -7000
    assert Decimal(str(cover(opened(made))["Difference to the ledger"])) == -ITALY


def test_a_message_that_ought_to_have_been_paid_is_an_alarm(
    acme: Account, grant: Grant, launch: Launch, report: Report, now: datetime
) -> None:
    grant(acme, "1000")
    launch(acme, [State.DELIVERED, State.REFUSED])
    Message.objects.filter(state=State.REFUSED).update(
        state=State.DELIVERED, gateway_message_id="late", submitted_at=now
    )
    assert built(report(acme)).difference_units == to_units(ITALY)


def test_alerts_on_the_operators_account_stand_apart(
    acme: Account, operator: Account, alice: User, report: Report, now: datetime
) -> None:
    draft = delivery.Draft("+393471234567", "39", "Saldo: 5", Encoding.GSM7, 1, 7000)
    delivery.enqueue(account=operator, campaign=None, purpose=Purpose.ALERT, sender="Saldo", drafts=[draft], now=now)
    Message.objects.update(state=State.ACCEPTED, gateway_message_id="1", submitted_at=now)
    made = built(report(operator))
    assert (made.control_units, made.difference_units, made.row_count) == (0, 0, 1)
    assert Decimal(str(cover(opened(made))["Credits of balance alerts, booked one by one"])) == ITALY


def test_an_account_without_messages_or_wallet_gets_an_empty_report(acme: Account, report: Report) -> None:
    made = built(report(Account.objects.create(name="New")))
    assert (made.row_count, made.control_units) == (0, 0)
    assert column(opened(made), "Messages", "Recipient") == []


def test_nothing_that_people_typed_becomes_a_formula(
    acme: Account, grant: Grant, launch: Launch, report: Report
) -> None:
    grant(acme, "1000")
    texts = [
        "=1+1",
        "+39",
        "-2+3",
        "@SUM(A1)",
        '=HYPERLINK("http://x")',
        "<r><t>bold</t></r>",
        "http://x.example",
        "007",
    ]
    for text in texts:
        launch(acme, [State.DELIVERED], text=text)
    sheet = opened(built(report(acme)))["Messages"]
    cells = {cell.value: cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value in texts}
    assert set(cells) == set(texts)
    for cell in cells.values():
        assert (cell.data_type, cell.number_format, cell.hyperlink) == ("s", "@", None)
        assert cell.quotePrefix


def test_cells_have_their_types_and_moments_are_the_accounts_own(
    acme: Account, grant: Grant, launch: Launch, report: Report
) -> None:
    grant(acme, "1000")
    launch(acme, [State.UNDELIVERED], at=datetime(2026, 11, 20, 10, 45, tzinfo=NOVEMBER[0].tzinfo))
    sheet = opened(built(report(acme)))["Messages"]
    row = {title.value: cell for title, cell in zip(sheet[1], sheet[2], strict=True)}
    assert row["Sent"].value == datetime(2026, 11, 20, 10, 45)  # noqa: DTZ001 - a cell knows no zone
    assert (row["Recipient"].data_type, str(row["Recipient"].value)[:5]) == ("s", "+3934")
    assert (row["Credits charged"].data_type, row["Credits charged"].number_format) == ("n", "#,##0.0000")
    assert row["Segments"].value == 1
    assert row["State"].value == "Not delivered"
    assert "out of reach" in str(row["Reason"].value)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:N2"


def test_the_sheets_speak_the_language_of_who_asked(acme: Account, alice: User, report: Report) -> None:
    alice.language = "it"
    made = built(report(acme, requested_by=alice))
    assert made.language == "it"
    assert any("30 nov 2026" in str(value) for value in cover(opened(made)).values())


def test_rows_are_in_the_order_they_were_sent_over_as_many_sheets_as_it_takes(
    acme: Account, grant: Grant, launch: Launch, report: Report, tmp_path: Path
) -> None:
    grant(acme, "1000")
    launch(acme, [State.DELIVERED] * 7)
    path = tmp_path / "rows.xlsx"
    receipts.write(report(acme), path, made_at=NOVEMBER[1], progress=lambda done, rows: None, rows_per_sheet=4)
    workbook = openpyxl.load_workbook(path)
    sheets = [sheet for sheet in workbook.worksheets if sheet.title.startswith("Messages")]
    assert [sheet.max_row - 1 for sheet in sheets] == [3, 3, 1]
    assert {sheet.freeze_panes for sheet in sheets} == {"A2"}
    recipients = [value for sheet in sheets for value in column(workbook, sheet.title, "Recipient")]
    assert recipients == list(Message.objects.order_by("pk").values_list("recipient", flat=True))


def test_a_report_keeps_no_transaction_open_while_it_is_written(
    acme: Account,
    grant: Grant,
    launch: Launch,
    report: Report,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant(acme, "1000")
    launch(acme, [State.DELIVERED] * 5)
    monkeypatch.setattr(receipts, "CHUNK", 1)
    seen: list[tuple[int, bool]] = []
    receipts.write(
        report(acme),
        tmp_path / "rows.xlsx",
        made_at=NOVEMBER[1],
        progress=lambda done, rows: seen.append((done, connection.in_atomic_block)),
    )
    assert seen == [(done, False) for done in (0, 1, 2, 3, 4, 5, 5)]


def test_messages_sent_while_the_report_is_written_change_nothing(
    acme: Account,
    grant: Grant,
    launch: Launch,
    report: Report,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant(acme, "1000")
    launch(acme, [State.DELIVERED] * 2)
    running = launch(acme, [State.WAITING] * 3)
    monkeypatch.setattr(receipts, "CHUNK", 1)

    def meddle(done: int, rows: int) -> None:
        if done == 1:
            Message.objects.filter(campaign=running).update(
                state=State.DELIVERED,
                gateway_message_id="x",
                submitted_at=NOVEMBER[0],
                final_at=NOVEMBER[0],
                due_at=None,
            )
            campaigns.settle(campaign=running, now=NOVEMBER[0])
            launch(acme, [State.DELIVERED])

    totals = receipts.write(report(acme), tmp_path / "rows.xlsx", made_at=NOVEMBER[1], progress=meddle)
    assert (totals.row_count, totals.difference_units) == (5, 0)
    assert totals.charged_units == to_units(ITALY * 2)
