"""Issuing: what is copied, what is numbered, what is refused."""

import functools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billing.invoices import selectors, services
from billing.invoices.models import Invoice, InvoiceSeries, PaidBy, State
from billing.invoices.services import Line
from billing.invoices.vat import Assessment, Treatment
from portal.accounts.models import Account, BillingDetails
from portal.audit.models import AuditEvent
from tests.billing.invoices.conftest import Issue


def test_an_italian_company_pays_italian_vat(acme: Account, issue: Issue) -> None:
    invoice = issue(acme)
    assert (invoice.net_cents, invoice.vat_cents, invoice.gross_cents) == (420, 92, 512)
    assert (invoice.treatment, invoice.vat_rate) == ("domestic", Decimal("0.22"))


def test_a_french_company_with_a_number_accounts_for_the_vat_itself(globex: Account, issue: Issue) -> None:
    BillingDetails.objects.filter(account=globex).update(vat_number="40303265045")
    invoice = issue(globex)
    assert (invoice.net_cents, invoice.vat_cents, invoice.gross_cents) == (420, 0, 420)
    assert invoice.treatment == "reverse_charge"
    assert invoice.buyer["vat_number"] == "FR40303265045"


def test_a_french_company_without_a_number_pays_italian_vat(globex: Account, issue: Issue) -> None:
    assert (issue(globex).treatment, issue(globex).vat_cents) == ("eu_consumer", 92)


def test_a_person_with_a_vat_number_buys_as_a_business(globex: Account) -> None:
    BillingDetails.objects.filter(account=globex).update(company="", last_name="Rossi", vat_number="FR40303265045")
    assert selectors.assessment(globex).treatment == Treatment.EU_REVERSE_CHARGE


def test_numbers_follow_each_other_and_begin_anew_each_year(acme: Account, globex: Account, issue: Issue) -> None:
    assert [issue(each).full_number for each in (acme, globex, acme)] == ["2026/000001", "2026/000002", "2026/000003"]
    assert issue(acme, now=datetime(2027, 1, 2, tzinfo=UTC)).full_number == "2027/000001"


def test_the_year_is_that_of_the_sellers_clock(acme: Account, issue: Issue) -> None:
    # Half an hour before the year ends in UTC it has begun in Rome.
    invoice = issue(acme, now=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert (invoice.issued_on, invoice.full_number) == (date(2027, 1, 1), "2027/000001")


def test_seller_and_buyer_stay_as_they_were(acme: Account, issue: Issue) -> None:
    BillingDetails.objects.filter(account=acme).update(purchase_order="PO 7")
    invoice = issue(acme)
    BillingDetails.objects.filter(account=acme).update(company="Acme Renamed", city="Roma", purchase_order="")
    invoice.refresh_from_db()
    assert invoice.buyer["name"] == "Acme"
    assert invoice.buyer["city"] == "Milano"
    assert invoice.purchase_order == "PO 7"
    assert invoice.seller["vat_number"] == "IT01234567897"


def test_a_line_is_written_in_the_language_of_the_account(acme: Account, issue: Issue) -> None:
    invoice = issue(acme, line=Line(10_000_000, 7_000, price_list_name="Volume"))
    line = invoice.lines.get()
    assert line.description == "Prepaid communication credits, price list “Volume”"
    assert (line.quantity_units, line.unit_price_cents, line.net_cents) == (10_000_000, Decimal(7), 7_000)


def test_the_same_reference_finds_the_first_invoice(acme: Account, issue: Issue) -> None:
    first = issue(acme, reference="recharge:1")
    assert issue(acme, reference="recharge:1") == first
    assert Invoice.objects.count() == 1
    assert InvoiceSeries.objects.get().last_number == 1


def test_a_reference_is_not_lent_to_another_sale(acme: Account, globex: Account, issue: Issue) -> None:
    issue(acme, reference="recharge:1")
    with pytest.raises(services.InvoiceReferenceConflict):
        issue(globex, reference="recharge:1")
    with pytest.raises(services.InvoiceReferenceConflict):
        issue(acme, reference="recharge:1", line=Line(1_000_000, 421))
    assert issue(acme).full_number == "2026/000002"


def test_nobody_is_invoiced_without_billing_details(operator: Account, issue: Issue) -> None:
    stranger = Account.objects.create(name="New")
    with pytest.raises(services.BillingDetailsMissing):
        selectors.assessment(stranger)
    with pytest.raises(services.BillingDetailsMissing):
        issue(stranger, assessment=Assessment(Treatment.DOMESTIC, Decimal("0.22")))
    assert not InvoiceSeries.objects.exists()


def test_a_branch_without_details_is_invoiced_to_its_parent(acme_milano: Account, issue: Issue) -> None:
    invoice = issue(acme_milano)
    assert (invoice.account, invoice.buyer["name"]) == (acme_milano, "Acme")


def test_issuing_is_written_in_the_audit_log(acme: Account, issue: Issue) -> None:
    invoice = issue(acme)
    event = AuditEvent.objects.get(action="invoice.issued")
    assert event.subject == f"invoice:{invoice.public_id}"
    assert event.after == {"number": "2026/000001", "net_cents": 420, "gross_cents": 512}


def test_an_unpaid_invoice_is_due_after_thirty_days(acme: Account, issue: Issue) -> None:
    invoice = issue(acme, paid_at=None, payment_reference="RF18 5390 0754 7034")
    assert invoice.due_on == date(2026, 12, 20)
    assert invoice.state(invoice.due_on) == State.TO_BE_PAID
    assert invoice.state(invoice.due_on + timedelta(days=1)) == State.OVERDUE


def test_an_open_invoice_is_paid_once(acme: Account, issue: Issue, now: datetime) -> None:
    invoice = issue(acme, paid_at=None, payment_reference="RF18")
    pay = functools.partial(
        services.record_payment, invoice=invoice, paid_at=now, paid_by=PaidBy.BANK_TRANSFER, actor_id=None, now=now
    )
    invoice = pay(payment_reference="CRO 1")
    assert (invoice.state(date(2030, 1, 1)), invoice.paid_by) == (State.PAID, "bank_transfer")
    with pytest.raises(services.AlreadyPaid):
        pay(payment_reference="CRO 2")
    assert Invoice.objects.get().payment_reference == "CRO 1"


def test_the_lists_say_how_many_credits_were_sold(acme: Account, globex: Account, issue: Issue) -> None:
    mine, theirs = issue(acme), issue(globex)
    assert [(each.pk, each.credits_units) for each in selectors.invoices(acme)] == [(mine.pk, 1_000_000)]
    assert list(selectors.all_invoices()) == [theirs, mine]
    assert selectors.years(acme) == [2026]
    assert selectors.find(mine.reference) == mine
    assert selectors.find("nothing") is None
