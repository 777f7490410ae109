"""The PDF: what stands on it, in which language, for everybody to read, and the same each time."""

import io
import logging
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.utils import timezone, translation
from pypdf import PdfReader
from weasyprint import HTML

from billing.invoices import pdf
from billing.invoices.models import Invoice, InvoiceLine
from billing.invoices.services import Line
from portal.accounts.models import Account, BillingDetails
from portal.typesetting import OnlyEmbedded
from tests.billing.invoices.conftest import Issue


def text_of(invoice: Invoice) -> str:
    """The text of all pages on one line; spaces and hyphens of every kind are plain ones."""
    pages = PdfReader(io.BytesIO(pdf.render(invoice))).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    return text.replace("\N{NON-BREAKING HYPHEN}", "-")


def test_it_says_who_sold_what_to_whom(acme: Account, issue: Issue) -> None:
    BillingDetails.objects.filter(account=acme).update(
        codice_fiscale="07643520567", sdi_code="M5UXCR1", pec="acme@pec.example", purchase_order="ODA-417"
    )
    text = text_of(issue(acme, line=Line(10_000_000, 7_000), paid_by="card"))
    for part in (
        "Invoice 2026/000001",
        "Acme",
        "20121 Milano",
        "VAT number IT07643520567",
        "Codice fiscale 07643520567",
        "SdI recipient code M5UXCR1",
        "PEC acme@pec.example",
        "Saldo S.r.l.",
        "20123 Milano (MI)",
        "VAT number IT01234567897",
        "ODA-417",
        "20 Nov 2026",
        "1,000 €0.07 €70.00",
        "VAT 22% €15.40",
        "Total €85.40",
        "Paid by card on 20 Nov 2026",
        "Visa 4242",
        "Page 1 of 1",
    ):
        assert part in text
    assert "Reverse charge" not in text
    assert "IBAN" not in text


def test_it_says_why_a_french_company_pays_no_vat(globex: Account, issue: Issue) -> None:
    BillingDetails.objects.filter(account=globex).update(vat_number="FR40303265045", siret="30326504500017")
    text = text_of(issue(globex))
    assert "VAT 0% €0.00 Total €4.20" in text
    assert "Reverse charge: VAT is to be accounted for by the recipient" in text
    assert "SIRET 30326504500017" in text


def test_it_says_why_a_british_company_pays_no_vat(globex: Account, issue: Issue) -> None:
    BillingDetails.objects.filter(account=globex).update(country="GB", city="London", postal_code="EC4Y 1AA")
    text = text_of(issue(globex))
    assert "articles 7-ter and 7-septies" in text
    assert "London EC4Y 1AA United Kingdom" in text


def test_an_open_invoice_says_where_and_until_when_to_pay(acme: Account, issue: Issue) -> None:
    text = text_of(issue(acme, paid_at=None, payment_reference="RF18 5390 0754 7034"))
    assert "Please pay €5.12 by 20 Dec 2026" in text
    assert "IT60 X054 2811 1010 0000 0123 456" in text
    assert "RF18 5390 0754 7034" in text
    assert "2026/000002" in text_of(issue(acme, paid_at=None, payment_reference=""))


@pytest.mark.parametrize(
    ("language", "parts"), [("it", ("1.000", "0,07 €", "70,00 €", "Francia")), ("fr", ("1 000", "0,07 €", "70,00 €"))]
)
def test_it_writes_numbers_as_the_account_does(
    language: str, parts: tuple[str, ...], globex: Account, issue: Issue
) -> None:
    globex.language = language
    with translation.override("en-gb"), timezone.override("Pacific/Auckland"):
        text = text_of(issue(globex, line=Line(10_000_000, 7_000)))
    for part in parts:
        assert part in text


def test_many_lines_take_several_pages_and_the_sums_stay_with_the_last(acme: Account, issue: Issue) -> None:
    invoice = issue(acme)
    # As many as just fill the second page: the last one goes along with the sums.
    for position in range(2, 48):
        InvoiceLine.objects.create(
            invoice=invoice,
            position=position,
            description=f"A gift, number {position}",
            quantity_units=10_000,
            unit_price_cents=Decimal(0),
            net_cents=0,
        )
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf.render(invoice))).pages]
    assert [f"Page {number} of 3" in page for number, page in enumerate(pages, 1)] == [True] * 3
    assert ["Price per credit" in page for page in pages] == [True] * 3
    for part in ("A gift, number 47", "Total", "Paid on 20 Nov 2026"):
        assert part in pages[-1]


def test_the_same_invoice_has_the_same_bytes_in_any_thread(acme: Account, issue: Issue) -> None:
    issue(acme)
    invoice = Invoice.objects.prefetch_related("lines").get()
    first = pdf.render(invoice)
    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(pdf.render, [invoice] * 4)) == {first}


def test_it_is_tagged_titled_and_speaks_a_language(
    acme: Account, issue: Issue, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        document = PdfReader(io.BytesIO(pdf.render(issue(acme))))
    assert caplog.messages == []
    root = document.root_object
    assert str(root["/Lang"]) == "en-gb"
    assert "/Marked" in repr(root["/MarkInfo"])
    assert "/DisplayDocTitle" in repr(root["/ViewerPreferences"])
    assert "/StructTreeRoot" in root
    assert document.metadata is not None
    assert document.metadata.title == "Invoice 2026/000001"
    assert document.xmp_metadata is not None
    assert b"pdfuaid:part" in document.xmp_metadata.stream.get_data()
    # A4, to the point.
    assert [round(float(side)) for side in document.pages[0].mediabox[2:]] == [595, 842]


def test_what_a_buyer_typed_stays_text(acme: Account, issue: Issue) -> None:
    BillingDetails.objects.filter(account=acme).update(
        company="<img src=file:///etc/hostname> & Figli",
        purchase_order="W" * 40,
        address="{{ settings.SECRET_KEY }} " + "long " * 20,
        city="X" * 80,
    )
    text = text_of(issue(acme))
    assert "<img src=file:///etc/hostname> & Figli" in text
    assert "{{ settings.SECRET_KEY }}" in text


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://127.0.0.1:9/x.png"])
def test_nothing_is_fetched_from_disk_or_network(address: str, caplog: pytest.LogCaptureFixture) -> None:
    page = f'<html lang="en"><title>x</title><img alt="x" src="{address}"></html>'
    with caplog.at_level(logging.ERROR, logger="weasyprint"):
        HTML(string=page, url_fetcher=OnlyEmbedded()).write_pdf()
    assert any("disallowed protocol" in message for message in caplog.messages)
