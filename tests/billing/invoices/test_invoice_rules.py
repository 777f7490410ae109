"""What the database itself refuses, whoever asks."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from psycopg import errors

from billing.invoices.models import Invoice, InvoiceLine, InvoiceSeries
from portal.accounts.models import Account
from tests.billing.invoices.conftest import Issue

BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("a_number_is_given_once", {"number": 1}),
    ("numbers_start_at_one", {"number": 0}),
    ("an_invoice_is_numbered_in_the_year_of_its_issue", {"year": 2025}),
    ("an_invoice_is_not_due_before_its_issue", {"due_on": date(2026, 11, 1)}),
    ("an_invoice_asks_for_something", {"net_cents": 0, "vat_cents": 0, "gross_cents": 0}),
    ("the_total_is_net_and_vat", {"gross_cents": 513}),
    ("the_vat_is_the_rate_of_the_net", {"vat_cents": 93, "gross_cents": 513}),
    ("the_treatment_goes_with_the_rate", {"treatment": "reverse_charge"}),
    ("the_treatment_goes_with_the_rate", {"treatment": "unheard of"}),
    ("only_a_paid_invoice_says_how", {"paid_by": "card"}),
    (
        "only_a_paid_invoice_says_how",
        {"paid_by": "in kind", "paid_at": datetime.fromisoformat("2026-11-20T10:00+01:00")},
    ),
    ("a_rendered_invoice_has_its_file", {"pdf": "invoices/x.pdf"}),
    ("full_number", {"full_number": "2026/000001"}),
    ("reference", {"reference": "first"}),
]


@pytest.mark.parametrize(("rule", "change"), BROKEN)
def test_an_invoice_that_breaks_a_rule_is_refused(
    rule: str, change: dict[str, Any], acme: Account, issue: Issue
) -> None:
    first = issue(acme, reference="first")
    fields = {field.attname: getattr(first, field.attname) for field in Invoice._meta.concrete_fields}
    del fields["id"], fields["public_id"]
    fields |= {"number": 2, "full_number": "2026/000002", "reference": "second", "paid_at": None, **change}
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Invoice.objects.create(**fields)


@pytest.mark.parametrize(
    "change",
    [
        {"net_cents": 1, "vat_cents": 0, "gross_cents": 1},
        {"buyer": {"name": "Somebody else"}},
        {"language": "fr"},
        {"issued_on": date(2026, 11, 21)},
        {"paid_at": None},
        {"payment_reference": "Visa 0000"},
    ],
)
def test_an_issued_invoice_never_changes(change: dict[str, Any], acme: Account, issue: Issue) -> None:
    invoice = issue(acme)
    with pytest.raises(IntegrityError, match="has been issued") as refused, transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(**change)
    assert isinstance(refused.value.__cause__, errors.RestrictViolation)


def test_a_rendered_invoice_keeps_its_file(acme: Account, issue: Issue, now: datetime) -> None:
    mine = Invoice.objects.filter(pk=issue(acme).pk)
    mine.update(pdf="invoices/a.pdf", pdf_sha256="a", rendered_at=now)
    with pytest.raises(IntegrityError, match="has been issued"), transaction.atomic():
        mine.update(pdf="invoices/b.pdf")


def test_nothing_that_was_issued_is_deleted(acme: Account, issue: Issue) -> None:
    invoice = issue(acme)
    for found in (InvoiceLine.objects.filter(invoice=invoice), Invoice.objects.filter(pk=invoice.pk)):
        with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
            found._raw_delete(found.db)
    with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
        InvoiceSeries.objects.all().delete()


def test_a_line_never_changes(acme: Account, issue: Issue) -> None:
    with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
        issue(acme).lines.update(description="Something else")


def test_a_line_added_later_breaks_the_sum_and_is_refused(acme: Account, issue: Issue) -> None:
    _line(issue(acme), net_cents=100)
    with pytest.raises(IntegrityError, match="its lines for 520"):
        connection.check_constraints()
    transaction.set_rollback(True)


def test_an_invoice_without_lines_is_refused(acme: Account, issue: Issue) -> None:
    first = issue(acme)
    fields = {field.attname: getattr(first, field.attname) for field in Invoice._meta.concrete_fields}
    del fields["id"], fields["public_id"]
    fields |= {"number": 2, "full_number": "2026/000002", "reference": "second"}
    Invoice.objects.create(**fields)
    with pytest.raises(IntegrityError, match="asks for 420 cents and its lines for 0"):
        connection.check_constraints()
    transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("a_line_has_a_position_of_its_own", {"position": 1}),
        ("a_line_sells_something", {"quantity_units": 0}),
        ("a_line_sells_something", {"net_cents": -1}),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused(rule: str, change: dict[str, Any], acme: Account, issue: Issue) -> None:
    invoice = issue(acme)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        _line(invoice, **change)


def test_a_series_counts_a_year_once_and_only_up(acme: Account, issue: Issue) -> None:
    issue(acme)
    with pytest.raises(IntegrityError, match="a_series_counts_a_year_once"), transaction.atomic():
        InvoiceSeries.objects.create(code="", year=2026)
    with pytest.raises(IntegrityError, match="only counts up"), transaction.atomic():
        InvoiceSeries.objects.update(last_number=0)


def _line(invoice: Invoice, **changes: Any) -> InvoiceLine:
    fields = {"position": 2, "quantity_units": 10_000, "unit_price_cents": Decimal(1), "net_cents": 0, **changes}
    return InvoiceLine.objects.create(invoice=invoice, description="More", **fields)
