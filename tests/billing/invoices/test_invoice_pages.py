"""The page of invoices and the download of one."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from billing.invoices import services
from billing.invoices.models import Invoice
from portal.accounts.models import Account, Member, User
from tests.billing.invoices.conftest import Issue
from tests.conftest import SignedIn


def page_of(account: Account) -> str:
    return reverse("invoices", args=[account.public_id])


def pdf_of(invoice: Invoice, account: Account | None = None) -> str:
    return reverse("invoice_pdf", args=[(account or invoice.account).public_id, invoice.public_id])


def test_the_list_shows_each_invoice_with_its_state(
    acme: Account, globex: Account, alice: User, issue: Issue, signed_in: SignedIn
) -> None:
    paid = issue(acme, line=services.Line(10_000_000, 7_000))
    services.render(invoice_id=paid.pk, now=timezone.now())
    issue(acme, paid_at=None, payment_reference="", now=datetime(2026, 1, 2, tzinfo=UTC))
    issue(acme, paid_at=None, payment_reference="", now=timezone.now())
    theirs = issue(globex, line=services.Line(20_000_000, 14_000))
    page = signed_in(alice).get(page_of(acme)).content.decode()
    for part in ("20 Nov 2026", paid.full_number, "1,000", "€70.00", "Paid", "Overdue", "To be paid", pdf_of(paid)):
        assert part in page
    assert "€140.00" not in page
    assert str(theirs.public_id) not in page
    assert page.count("Being prepared") == 2


def test_the_list_can_be_narrowed_to_a_year_and_sorted(
    acme: Account, alice: User, issue: Issue, signed_in: SignedIn
) -> None:
    issue(acme, now=datetime(2025, 3, 1, tzinfo=UTC))
    issue(acme)
    browser = signed_in(alice)
    page = browser.get(page_of(acme), {"year": "2025"}).content.decode()
    assert "2025/000001" in page
    assert "2026/000001" not in page
    page = browser.get(page_of(acme), {"sort": "issued_on"}).content.decode()
    assert page.index("2025/000001") < page.index("2026/000001")
    page = browser.get(page_of(acme), {"sort": "-net_cents,credits_units"}).content.decode()
    assert "2025/000001" in page


@pytest.mark.parametrize(
    "query", [{"year": "1999"}, {"year": "x"}, {"year": ""}, {"page": "99"}, {"sort": "reference"}]
)
def test_an_odd_question_is_no_error(
    query: dict[str, str], acme: Account, alice: User, issue: Issue, signed_in: SignedIn
) -> None:
    issue(acme)
    answer = signed_in(alice).get(page_of(acme), query)
    assert answer.status_code == 200
    assert "2026/000001" in answer.content.decode()


def test_many_invoices_take_several_pages_with_as_many_queries(
    acme: Account, alice: User, issue: Issue, signed_in: SignedIn, django_assert_max_num_queries: object
) -> None:
    for _ in range(30):
        issue(acme)
    browser = signed_in(alice)
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        page = browser.get(page_of(acme)).content.decode()
    assert "2026/000030" in page
    assert "2026/000005" not in page
    assert "2026/000005" in browser.get(page_of(acme), {"page": "2"}).content.decode()


def test_without_invoices_the_page_says_how_to_get_one(acme: Account, alice: User, signed_in: SignedIn) -> None:
    page = signed_in(alice).get(page_of(acme)).content.decode()
    assert "No invoices yet" in page
    assert reverse("recharge_new", args=[acme.public_id]) in page


def test_the_pdf_is_downloaded_under_its_number(
    acme: Account, alice: User, issue: Issue, signed_in: SignedIn, now: datetime
) -> None:
    invoice = issue(acme)
    services.render(invoice_id=invoice.pk, now=now)
    answer = signed_in(alice).get(pdf_of(invoice))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="saldo-2026-000001.pdf"'
    assert answer["Cache-Control"] == "private"
    assert answer.getvalue().startswith(b"%PDF")
    answer.close()


def test_a_pdf_that_is_not_ready_is_announced(acme: Account, alice: User, issue: Issue, signed_in: SignedIn) -> None:
    answer = signed_in(alice).get(pdf_of(issue(acme)), follow=True)
    assert answer.redirect_chain == [(page_of(acme), 302)]
    assert "The PDF of invoice 2026/000001 is being prepared." in answer.content.decode()


def test_a_strangers_invoice_does_not_exist(
    acme: Account, globex: Account, alice: User, charlie: User, issue: Issue, signed_in: SignedIn, now: datetime
) -> None:
    invoice = issue(acme)
    services.render(invoice_id=invoice.pk, now=now)
    browser = signed_in(charlie)
    assert browser.get(pdf_of(invoice)).status_code == 404
    assert browser.get(pdf_of(invoice, globex)).status_code == 404
    assert browser.get(page_of(acme)).status_code == 404


def test_who_only_reads_the_account_sees_no_invoices(
    acme: Account, bob: User, issue: Issue, signed_in: SignedIn, now: datetime
) -> None:
    invoice = issue(acme)
    services.render(invoice_id=invoice.pk, now=now)
    assert signed_in(bob).get(page_of(acme)).status_code == 403
    assert signed_in(bob).get(pdf_of(invoice)).status_code == 403
    Member.objects.filter(user=bob).update(role="billing")
    assert signed_in(bob).get(page_of(acme)).status_code == 200


def test_pages_are_only_read(acme: Account, alice: User, issue: Issue, signed_in: SignedIn) -> None:
    assert signed_in(alice).post(page_of(acme)).status_code == 405
    assert signed_in(alice).post(pdf_of(issue(acme))).status_code == 405


def test_the_migrations_are_complete(db: None) -> None:
    call_command("makemigrations", "invoices", "--check", "--dry-run", verbosity=0)
