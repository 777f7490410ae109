"""The statement on paper: what stands on it, that it adds up, and what is too long for it."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader
from pytest_django import Settings

from billing.credits import paper, statement
from billing.credits import services as credits
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from billing.ledger.entries import Period
from billing.ledger.services import Cause
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn

HOUR = timedelta(hours=1)
LATER = datetime(2026, 12, 31, 12, tzinfo=UTC)


def spend(wallet: Wallet, units: int, at: datetime) -> None:
    credits.spend(wallet=wallet, amount=units, cause=Cause(TransferCode.CAMPAIGN, f"test:{wallet.pk}:{at}"), now=at)


def text_of(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def wallet(acme: Account, grant: Grant, now: datetime) -> Wallet:
    wallet = grant(acme, "100")
    for hour in range(1, 4):
        spend(wallet, 7_000, now + hour * HOUR)
    return wallet


def test_it_says_what_there_was_what_moved_and_what_is_left(wallet: Wallet, acme: Account) -> None:
    text = text_of(paper.render(statement.books(acme)[0], Period(), made_at=LATER))
    for part in (
        "Statement",
        "Acme",
        "From the beginning to 31 Dec 2026",
        "Europe/Rome",
        "Opening balance 0",
        "20 Nov 2026, 10:30 Purchase Saldo +100 100",
        "20 Nov 2026, 13:30 Messages Saldo −0.7 97.9",
        "Closing balance 97.9",
        "Opening balance 0, added +100, taken −2.1, closing balance 97.9",
        "Page 1 of 1",
    ):
        assert part in text
    assert text.index("10:30 Purchase") < text.index("13:30 Messages")


def test_a_period_begins_with_what_there_was_before(wallet: Wallet, acme: Account, now: datetime) -> None:
    period = Period(now + 2 * HOUR, now + 3 * HOUR)
    text = text_of(paper.render(statement.books(acme)[0], period, made_at=LATER))
    assert "Opening balance 99.3" in text
    assert "Closing balance 98.6" in text
    quiet = text_of(paper.render(statement.books(acme)[0], Period(now + 9 * HOUR), made_at=LATER))
    assert "Opening balance 97.9 Closing balance 97.9" in quiet
    assert "Nothing moved in this period." in quiet


def test_what_was_used_of_another_wallet_says_so(
    wallet: Wallet, acme_milano: Account, acme: Account, now: datetime
) -> None:
    below = credits.open_wallet(account=acme_milano)
    credits.draw_on(wallet=below, other=wallet)
    spend(below, 25_000, now + 5 * HOUR)
    text = text_of(paper.render(statement.books(acme_milano)[0], Period(), made_at=LATER))
    assert "Unlimited: messages are paid with the credits of Acme" in text
    assert "Used in all 2.5" in text


def test_it_is_tagged_and_speaks_the_readers_language(wallet: Wallet, acme: Account) -> None:
    with translation.override("it"):
        document = PdfReader(io.BytesIO(paper.render(statement.books(acme)[0], Period(), made_at=LATER)))
    assert str(document.root_object["/Lang"]) == "it"
    assert "/StructTreeRoot" in document.root_object


def test_the_same_statement_has_the_same_bytes(wallet: Wallet, acme: Account) -> None:
    book = statement.books(acme)[0]
    assert paper.render(book, Period(), made_at=LATER) == paper.render(book, Period(), made_at=LATER)


def test_an_account_without_a_wallet_has_an_empty_statement(db: None, now: datetime) -> None:
    account = Account.objects.create(name="<b>New & Co</b>", created_at=now)
    text = text_of(paper.render(statement.books(account)[0], Period(), made_at=LATER))
    assert "<b>New & Co</b>" in text
    assert "Closing balance 0" in text


def test_the_page_leads_to_the_pdf_of_the_chosen_period(
    wallet: Wallet, acme: Account, bob: User, signed_in: SignedIn
) -> None:
    browser, query = signed_in(bob), {"start": "2026-11-20", "end": "2026-11-20"}
    page = browser.get(reverse("statement", args=[acme.public_id]), query).content.decode()
    pdf_url = reverse("statement_pdf", args=[acme.public_id])
    assert f"{pdf_url}?start=2026-11-20&amp;end=2026-11-20" in page
    assert "?kind=statement&amp;from=2026-11-20&amp;to=2026-11-20" in page
    response = browser.get(pdf_url, query)
    assert response["Content-Type"] == "application/pdf"
    assert "attachment" in response["Content-Disposition"]
    assert response.content.startswith(b"%PDF")


def test_what_is_too_long_for_paper_is_refused_with_what_to_do(
    wallet: Wallet, acme: Account, alice: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "MOST", 3)
    response = signed_in(alice).get(reverse("statement_pdf", args=[acme.public_id]))
    assert response.status_code == 422
    assert "A PDF holds 3 movements" in response.content.decode()


@pytest.mark.parametrize("query", [{"start": "2026-11-21", "end": "2026-11-20"}, {"start": "x"}, {"end": "9999-12-31"}])
def test_a_period_that_is_none_is_no_pdf(
    wallet: Wallet, acme: Account, alice: User, signed_in: SignedIn, query: dict[str, str]
) -> None:
    assert signed_in(alice).get(reverse("statement_pdf", args=[acme.public_id]), query).status_code == 422


def test_a_stranger_has_no_pdf(wallet: Wallet, acme: Account, charlie: User, signed_in: SignedIn) -> None:
    assert signed_in(charlie).get(reverse("statement_pdf", args=[acme.public_id])).status_code == 404


def test_it_says_whose_paper_it_is_and_which_days_it_covers(wallet: Wallet, acme: Account, settings: Settings) -> None:
    book = statement.books(acme)[0]
    november = Period(datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC))
    whole = text_of(paper.render(book, november, made_at=LATER))
    assert "1 Nov 2026 to 30 Nov 2026" in whole
    assert settings.SELLER["vat_number"] in whole
    # A month that is not over is covered as far as it is.
    assert "1 Nov 2026 to 20 Nov 2026" in text_of(
        paper.render(book, november, made_at=datetime(2026, 11, 20, 18, tzinfo=UTC))
    )


def test_as_many_entries_as_fit_are_put_on_paper_and_one_more_is_not(
    wallet: Wallet, acme: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = statement.books(acme)[0]
    monkeypatch.setattr(paper, "MOST", 4)
    assert paper.render(book, Period(), made_at=LATER)
    monkeypatch.setattr(paper, "MOST", 3)
    with pytest.raises(paper.TooLong) as refused:
        paper.render(book, Period(), made_at=LATER)
    assert refused.value.limit == 3
