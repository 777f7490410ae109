"""Credit notes: in a series of their own, never more than the invoice, to the cent, and never changed."""

import io
import itertools
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from billing.invoices import credit_notes, pdf, services, vat
from billing.invoices.models import CreditNote, Invoice, InvoiceSeries, State
from billing.invoices.services import Line
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.notices.models import Notice
from tests.billing.invoices.conftest import Issue
from tests.conftest import SignedIn


def correct(invoice: Invoice, cents: int, reference: str, now: datetime, units: int = 1) -> CreditNote:
    return credit_notes.issue(
        invoice=invoice,
        gross_cents=cents,
        quantity_units=units,
        reason="Refund",
        reference=reference,
        actor_id=None,
        now=now,
    )


@given(
    net=st.integers(1, 10_000_000),
    rate=st.sampled_from(["0.22", "0", "0.1", "0.05", "0.255"]),
    cuts=st.lists(st.floats(0, 1), max_size=6),
)
def test_parts_of_an_invoice_add_up_to_it_and_none_is_negative(net: int, rate: str, cuts: list[float]) -> None:
    share = Decimal(rate)
    tax = vat.vat_cents(net, share)
    gross = net + tax
    ends = sorted({0, gross, *(int(gross * cut) for cut in cuts)})
    parts = [
        (high - low, vat.vat_within(high, share) - vat.vat_within(low, share)) for low, high in itertools.pairwise(ends)
    ]
    assert sum(part_tax for _, part_tax in parts) == tax
    for part, part_tax in parts:
        assert 0 <= part_tax <= part
        assert abs(part_tax - (part - part_tax) * share) <= 1 + share


def test_a_note_takes_back_a_part_and_further_ones_the_rest(acme: Account, issue: Issue, now: datetime) -> None:
    invoice = issue(acme)
    notes = [correct(invoice, cents, f"note:{cents}", now) for cents in (3, 100, 409)]
    assert [(note.net_cents, note.vat_cents) for note in notes] == [(2, 1), (82, 18), (336, 73)]
    assert [note.full_number for note in notes] == [f"NC 2026/00000{number}" for number in (1, 2, 3)]
    invoice.refresh_from_db()
    assert (invoice.net_cents, invoice.vat_cents) == (420, 92)
    assert (invoice.credited_cents, invoice.state(now.date())) == (512, State.CREDITED)
    connection.check_constraints()
    assert correct(invoice, 100, "note:100", now) == notes[1]
    assert AuditEvent.objects.filter(action="credit_note.issued").count() == 3
    with pytest.raises(credit_notes.MoreThanIsLeft):
        correct(invoice, 1, "more", now)


@pytest.mark.parametrize("cents", [0, -1, 513])
def test_a_note_of_nothing_or_of_more_than_the_invoice_is_refused(
    cents: int, acme: Account, issue: Issue, now: datetime
) -> None:
    with pytest.raises(credit_notes.MoreThanIsLeft):
        correct(issue(acme), cents, "note", now)
    assert not CreditNote.objects.exists()


def test_a_note_of_an_untaxed_sale_carries_no_vat_and_both_parties_as_they_were(
    globex: Account, issue: Issue, now: datetime
) -> None:
    assessment = vat.Assessment(vat.Treatment.EU_REVERSE_CHARGE, Decimal(0))
    invoice = issue(globex, assessment=assessment)
    globex.billing_details.company = "Another"
    globex.billing_details.save()
    note = correct(invoice, 400, "note", now)
    assert (note.net_cents, note.vat_cents, note.treatment) == (400, 0, "reverse_charge")
    assert (note.buyer, note.seller) == (invoice.buyer, invoice.seller)


@pytest.mark.parametrize(
    ("paid", "returned", "credited", "state"),
    [
        (True, 0, 0, State.PAID),
        (True, 0, 100, State.PARTLY_CREDITED),
        (True, 100, 100, State.PARTLY_CREDITED),
        (True, 512, 100, State.OVERDUE),
        (True, 1, 0, State.OVERDUE),
        (True, 512, 512, State.CREDITED),
        (False, 0, 512, State.CREDITED),
        (False, 0, 100, State.TO_BE_PAID),
    ],
)
def test_an_invoice_says_how_it_stands(
    paid: bool, returned: int, credited: int, state: State, issue: Issue, acme: Account, now: datetime
) -> None:
    invoice = issue(acme, paid_at=now if paid else None, payment_reference="")
    invoice.returned_cents, invoice.credited_cents = returned, credited
    assert invoice.state(date(2026, 11, 25)) == state


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_never_correct_more_than_the_invoice_and_leave_no_gap(
    acme: Account, issue: Issue, now: datetime
) -> None:
    invoice = issue(acme)

    def write(writer: int) -> bool:
        try:
            # The second half repeats the first.
            correct(invoice, 100, f"note:{writer % 8}", now)
        except credit_notes.MoreThanIsLeft:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(write, range(16)))
    notes = CreditNote.objects.order_by("number")
    assert list(notes.values_list("number", flat=True)) == [1, 2, 3, 4, 5]
    assert done.count(True) == 10
    assert InvoiceSeries.objects.get(code="NC").last_number == 5
    invoice.refresh_from_db()
    assert invoice.credited_cents == 500


def test_an_issued_note_never_changes_and_is_never_deleted(acme: Account, issue: Issue, now: datetime) -> None:
    mine = CreditNote.objects.filter(pk=correct(issue(acme), 100, "note", now).pk)
    changes: list[dict[str, Any]] = [{"net_cents": 1}, {"buyer": {}}, {"reason": "Another"}, {"invoice": issue(acme)}]
    for change in changes:
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            mine.update(**change)
    with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
        mine._raw_delete(mine.db)
    mine.update(pdf="a.pdf", pdf_sha256="a", rendered_at=now)
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        mine.update(pdf="b.pdf")


def test_the_tables_refuse_what_cannot_be(acme: Account, issue: Issue, now: datetime) -> None:
    invoice = issue(acme)
    note = correct(invoice, 100, "note", now)

    def copied(**changes: object) -> Callable[[], object]:
        fields = {field.attname: getattr(note, field.attname) for field in CreditNote._meta.concrete_fields}
        del fields["id"], fields["public_id"]
        fields |= {"number": 2, "full_number": "NC 2026/000002", "reference": "second", **changes}
        return lambda: CreditNote.objects.create(**fields)

    invoices = Invoice.objects.filter(pk=invoice.pk)
    broken: dict[str, Callable[[], object]] = {
        "a_number_of_a_credit_note_is_given_once": copied(number=1),
        "credit_notes_are_counted_in_a_series_of_their_own": copied(series=""),
        "a_credit_note_is_numbered_in_the_year_of_its_issue": copied(year=2025),
        "a_credit_note_gives_something_back": copied(gross_cents=0, net_cents=0, vat_cents=0),
        "a_credit_note_comes_to_net_and_vat": copied(gross_cents=101),
        "the_vat_of_a_credit_note_goes_with_its_rate": copied(net_cents=80, vat_cents=20),
        "a_rendered_credit_note_has_its_file": copied(pdf="a.pdf"),
        "no_more_is_credited_than_was_invoiced": lambda: invoices.update(credited_cents=513),
        "no_more_goes_back_than_was_invoiced": lambda: invoices.update(returned_cents=513),
        "has been issued": lambda: invoices.update(credited_cents=F("credited_cents") - 1),
    }
    for name, act in broken.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            act()


@pytest.mark.parametrize("what", ["a note that the invoice does not count", "a count without its note"])
def test_an_invoice_and_its_notes_agree_or_nothing_is_kept(
    what: str, acme: Account, issue: Issue, now: datetime
) -> None:
    invoice = issue(acme)
    if what.startswith("a note"):
        note = correct(invoice, 100, "note", now)
        note.pk, note.number, note.full_number, note.reference = None, 2, "NC 2026/000002", "second"
        note.public_id = uuid.uuid4()
        note.save(force_insert=True)
    else:
        Invoice.objects.filter(pk=invoice.pk).update(credited_cents=100)
    with pytest.raises(IntegrityError, match="of it are corrected"):
        connection.check_constraints()
    transaction.set_rollback(True)


def test_its_pdf_names_the_invoice_and_says_why(acme: Account, issue: Issue, now: datetime) -> None:
    invoice = issue(acme, line=Line(10_000_000, 7_000))
    note = correct(invoice, 4270, "note", now, units=5_000_000)
    assert credit_notes.render(note_id=note.pk, now=now)
    assert not credit_notes.render(note_id=note.pk, now=now)
    note.refresh_from_db()
    with note.pdf.open("rb") as file:
        content = file.read()
    assert content == pdf.render(note)
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())
    for part in (
        "Credit note NC 2026/000001",
        "Corrects invoice 2026/000001",
        "Refund",
        "500",
        "€35.00",
        "VAT 22% €7.70",
        "Total €42.70",
        "Acme",
    ):
        assert part in text
    for part in ("Please pay", "IBAN", "Due date"):
        assert part not in text


def test_the_customers_page_lists_notes_and_packs_everything_into_one_archive(
    acme: Account, globex: Account, alice: User, charlie: User, issue: Issue, signed_in: SignedIn, now: datetime
) -> None:
    invoice = issue(acme)
    note = correct(invoice, 512, "note", now)
    page, archive = reverse("invoices", args=[acme.public_id]), reverse("invoice_archive", args=[acme.public_id])
    browser = signed_in(alice)
    shown = browser.get(page, {"year": note.year}).content.decode()
    for part in (note.full_number, "Credited", "Being prepared", f"{archive}?year={note.year}"):
        assert part in shown
    # Nothing is packed before everything is there.
    services.render(invoice_id=invoice.pk, now=now)
    assert "The PDF of credit note" in browser.get(archive, follow=True).content.decode()
    link = reverse("credit_note_pdf", args=[acme.public_id, note.public_id])
    assert browser.get(link).status_code == 302
    credit_notes.render(note_id=note.pk, now=now)
    answer = browser.get(link)
    assert answer["Content-Disposition"] == f'attachment; filename="{note.file_name}"'
    assert answer.getvalue().startswith(b"%PDF")
    packed = browser.get(archive)
    assert packed["Content-Type"] == "application/zip"
    content = packed.getvalue()
    assert content.count(b"%PDF-1.7") == 2
    assert (invoice.file_name.encode() in content, note.file_name.encode() in content) == (True, True)
    assert signed_in(charlie).get(link).status_code == 404
    assert signed_in(charlie).get(archive).status_code == 404
    # Who has none is led back to the page.
    mine = reverse("invoice_archive", args=[globex.public_id])
    assert signed_in(charlie).get(mine).status_code == 302


def test_those_who_pay_are_told_and_the_sweep_finds_the_pdf_to_make(acme: Account, alice: User, issue: Issue) -> None:
    note = correct(issue(acme), 512, "note", datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    # The seller's clock says that it is the new year.
    assert (note.full_number, note.issued_on) == ("NC 2027/000001", date(2027, 1, 1))
    [told] = Notice.objects.filter(kind="credit_note_issued", user=alice)
    assert told.context["invoice"] == note.invoice.full_number
    assert list(CreditNote.objects.to_render(timezone.now())) == [note]
