"""How a report is made in the background: once, by one worker, and again after a crash."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from messaging.delivery.codes import State as MessageState
from portal.accounts.models import Account
from portal.audit.models import AuditEvent
from portal.reports import receipts, selectors, services, tasks
from portal.reports.models import KEPT_FOR, Kind, ReportRequest, State
from portal.reports.receipt_totals import Totals
from tests.conftest import Grant
from tests.portal.reports.conftest import Launch, Report, opened


def clock(at: datetime) -> Callable[[], datetime]:
    return lambda: at


def stored_files() -> list[str]:
    found, folders = [], [""]
    while folders:
        folder = folders.pop()
        below, files = default_storage.listdir(folder)
        folders += [f"{folder}/{name}".lstrip("/") for name in below]
        found += files
    return found


def test_a_form_sent_twice_asks_for_one_report(acme: Account, report: Report) -> None:
    reference = uuid.uuid4()
    assert report(acme, reference=reference) == report(acme, reference=reference)
    assert AuditEvent.objects.filter(action="report.requested").count() == 1


def test_a_fourth_report_waits_its_turn(acme: Account, globex: Account, report: Report) -> None:
    for _ in range(services.MAX_UNDER_WAY):
        report(acme)
    with pytest.raises(services.TooManyUnderWay):
        report(acme)
    report(globex)


@pytest.mark.django_db(transaction=True)
def test_the_sweep_builds_what_the_bell_did_not(acme: Account, report: Report, now: datetime) -> None:
    waiting = report(acme)
    assert selectors.oldest_waiting(now) == waiting.created_at
    tasks.build_waiting()
    waiting.refresh_from_db()
    assert waiting.state == State.READY
    assert selectors.oldest_waiting(now) is None


@pytest.mark.django_db(transaction=True)
def test_a_report_is_built_once(acme: Account, report: Report) -> None:
    made = report(acme)
    for _ in range(2):
        tasks.build(made.pk)
    made.refresh_from_db()
    assert made.attempt_count == 1
    assert len(stored_files()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_report_whose_builder_died_begins_anew_when_the_lease_is_over(
    acme: Account, grant: Grant, launch: Launch, report: Report, now: datetime
) -> None:
    grant(acme, "100")
    launch(acme, [MessageState.DELIVERED] * 2)
    made = report(acme)
    ReportRequest.objects.update(state=State.BUILDING, lease_until=now + services.LEASE, attempt_count=1, done_count=1)
    services.build(report_id=made.pk, clock=clock(now))
    made.refresh_from_db()
    assert made.state == State.BUILDING, "somebody else is at it"
    services.build(report_id=made.pk, clock=clock(now + services.LEASE))
    made.refresh_from_db()
    assert (made.state, made.attempt_count, made.row_count) == (State.READY, 2, 2)
    assert len(opened(made)["Messages"]["A"]) == 3


@pytest.mark.django_db(transaction=True)
def test_a_builder_that_was_too_slow_leaves_no_file_behind(
    acme: Account, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = report(acme)
    honest = receipts.write

    def overtaken(*args: object, **options: object) -> Totals:
        totals = honest(*args, **options)  # type: ignore[arg-type]
        ReportRequest.objects.update(attempt_count=2)
        return totals

    monkeypatch.setitem(services.WRITERS, Kind.DELIVERY_RECEIPTS, overtaken)
    services.build(report_id=made.pk)
    made.refresh_from_db()
    assert (made.state, stored_files()) == (State.BUILDING, [])


@pytest.mark.django_db(transaction=True)
def test_a_report_that_cannot_be_made_does_not_hold_up_the_next(
    acme: Account, globex: Account, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, made = report(acme), report(globex)
    honest = receipts.write

    def failing(*args: Any, **options: Any) -> Totals:
        if args[0] == broken:
            raise OSError("no space left")
        return honest(*args, **options)

    monkeypatch.setitem(services.WRITERS, Kind.DELIVERY_RECEIPTS, failing)
    with pytest.raises(ExceptionGroup):
        tasks.build_waiting()
    assert [ReportRequest.objects.get(pk=each.pk).state for each in (broken, made)] == [State.BUILDING, State.READY]


@pytest.mark.django_db(transaction=True)
def test_a_builder_that_lost_its_claim_stops_at_the_next_step(
    acme: Account, grant: Grant, launch: Launch, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant(acme, "100")
    launch(acme, [MessageState.DELIVERED] * 3)
    monkeypatch.setattr(receipts, "CHUNK", 1)
    made = report(acme)
    ticks: list[None] = []

    def stolen() -> datetime:
        ticks.append(None)
        if len(ticks) == 4:  # claimed, dated, begun, first row
            ReportRequest.objects.update(attempt_count=7)
        return made.created_at

    services.build(report_id=made.pk, clock=stolen)
    made.refresh_from_db()
    assert (made.state, made.done_count, stored_files()) == (State.BUILDING, 0, [])


def test_a_report_that_kills_every_builder_is_given_up(acme: Account, report: Report, now: datetime) -> None:
    made = report(acme)
    ReportRequest.objects.update(
        state=State.BUILDING, lease_until=now - timedelta(minutes=1), attempt_count=services.MAX_ATTEMPTS
    )
    services.build(report_id=made.pk, clock=clock(now))
    made.refresh_from_db()
    assert made.state == State.FAILED
    assert selectors.reports_due(now) == []


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_period_ends_after_it_begins", {"period_until": datetime.fromisoformat("2020-01-01T00:00:00Z")}),
        ("a_report_has_a_known_state", {"state": "lost"}),
        ("a_report_is_of_a_known_kind", {"kind": "gossip"}),
        ("only_messages_are_selected_for_a_report", {"kind": "statement", "recipient": "+393471234567"}),
        ("only_messages_are_selected_for_a_report", {"kind": "statement", "least_count": 1}),
        ("a_report_being_made_has_a_lease", {"state": "building"}),
        ("a_ready_report_has_a_file_and_its_totals", {"state": "ready"}),
    ],
)
def test_a_report_that_cannot_be_is_refused(
    acme: Account, report: Report, constraint: str, change: dict[str, object]
) -> None:
    report(acme)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ReportRequest.objects.update(**change)


def test_the_table_refuses_the_same_form_twice(acme: Account, report: Report) -> None:
    made = report(acme)
    made.pk, made.public_id = None, uuid.uuid4()
    with pytest.raises(IntegrityError, match="a_form_asks_for_one_report"), transaction.atomic():
        made.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_a_file_is_deleted_after_a_time_and_what_it_said_is_kept(acme: Account, report: Report, now: datetime) -> None:
    made = report(acme)
    services.build(report_id=made.pk, clock=clock(now))
    services.forget(report_id=made.pk, now=now + KEPT_FOR - timedelta(seconds=1))
    assert len(stored_files()) == 1
    assert selectors.reports_outlived(now + KEPT_FOR) == [made.pk]
    for _ in range(2):
        services.forget(report_id=made.pk, now=now + KEPT_FOR)
    made.refresh_from_db()
    assert (made.state, made.file.name, made.control_units, stored_files()) == (State.DELETED, "", 0, [])


@pytest.mark.django_db(transaction=True)
def test_rows_that_do_not_add_up_to_the_cover_are_given_to_nobody(
    acme: Account, grant: Grant, launch: Launch, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant(acme, "100")
    launch(acme, [MessageState.DELIVERED] * 2)
    made = report(acme)
    monkeypatch.setattr(receipts, "CHARGED", frozenset())
    with pytest.raises(receipts.RowsDiffer):
        services.build(report_id=made.pk)
    made.refresh_from_db()
    assert (made.state, stored_files()) == (State.BUILDING, [])
