"""Money that went out is kept once, as the bank wrote it, and shown; nothing is booked by it."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from billing.bank import selectors, services, statements
from billing.bank.models import BankStatement, OutgoingLine, StatementLine
from portal.accounts.models import User
from tests.billing.bank.conftest import Paid, camt
from tests.conftest import SignedIn

FEE = Paid(90, text="Commissioni", payer="Banca", direction="DBIT")
SENT_BACK = Paid(512, text="Rimborso doppio pagamento", payer="Acme S.r.l.", direction="DBIT", reference="B-7")


@pytest.fixture
def browser(olga: User, signed_in: SignedIn) -> Client:
    return signed_in(olga)


def bring(content: bytes, olga: User, now: datetime) -> BankStatement:
    made = statements.upload(content=content.replace(b"Dbtr", b"Cdtr"), file_name="a.xml", actor_id=olga.pk, now=now)
    statements.import_lines(statement=made, actor_id=olga.pk, now=now)
    for line in statements.new_lines(made):
        services.book_new(line=line, now=now)
    return made


def test_what_went_out_is_kept_once_whichever_files_bring_it_and_stays_as_it_is(olga: User, now: datetime) -> None:
    made = bring(camt([FEE, FEE, SENT_BACK, Paid(700, text="rent")]), olga, now)
    again = bring(camt([SENT_BACK, FEE, FEE]), olga, now)
    assert (made.outgoing.count(), again.outgoing.count(), StatementLine.objects.count()) == (3, 0, 1)
    line = selectors.outgoing_lines().get(payee_name="Acme S.r.l.")
    assert (line.amount_cents, line.text, line.bank_reference) == (512, "Rimborso doppio pagamento", "B-7")
    made.refresh_from_db()
    assert (made.added_count, made.left_out_count) == (1, 0)
    with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
        OutgoingLine.objects.update(amount_cents=1)


def test_the_table_refuses_a_second_row_and_no_amount(olga: User, now: datetime) -> None:
    made = bring(camt([FEE]), olga, now)
    for key, cents, name in (("", 90, "outgoing_money_is_kept_once"), ("x", 0, "outgoing_money_is_an_amount")):
        line = made.outgoing.get()
        line.pk, line.key, line.amount_cents = None, key or line.key, cents
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            line.save(force_insert=True)


def test_the_desk_shows_what_a_file_takes_and_what_went_out(browser: Client, olga: User, now: datetime) -> None:
    assert "Nothing has gone out yet" in browser.get(reverse("desk_bank_outgoing")).content.decode()
    content = camt([SENT_BACK, Paid(700, text="rent")]).replace(b"Dbtr", b"Cdtr")
    content = content.replace(b"<BookgDt>", b"<RvslInd>true</RvslInd><BookgDt>", 1)
    content = content.replace(b"</Stmt>", camt([FEE]).partition(b"</Acct>")[2].partition(b"</Stmt>")[0] + b"</Stmt>")
    made = statements.upload(content=content, file_name="a.xml", actor_id=olga.pk, now=now)
    url = reverse("desk_bank_statement", args=[made.public_id])
    before = browser.get(url).content.decode()
    assert '<dt>Money that went out</dt><dd class="num">2</dd>' in before
    browser.post(reverse("desk_bank_import", args=[made.public_id]))
    assert f'<a href="{reverse("desk_bank_outgoing")}">2</a>' in browser.get(url).content.decode()
    page = browser.get(reverse("desk_bank_outgoing")).content.decode()
    for part in ("Taken back by the bank", "Outgoing, not matched", "−€5.12", "−€0.90", "Acme S.r.l.", "Commissioni"):
        assert part in page


def test_what_a_booking_says_to_have_been_sent_back_is_recognised_once_by_amount_and_whole_reference(
    browser: Client, olga: User, now: datetime
) -> None:
    bring(camt([Paid(512, text="twice"), Paid(700, text="rent")]), olga, now)
    line = StatementLine.objects.get(amount_cents=512)
    services.give_back(
        line=line, open_cents=512, reference="OUT 1", done_on=now.date(), reason="", actor_id=olga.pk, now=now
    )
    out = {"payer": "Acme", "direction": "DBIT"}
    bring(
        camt([Paid(512, "Rimborso OUT 12", **out), Paid(500, "OUT 1", **out), Paid(512, "rif. out  1, grazie", **out)]),
        olga,
        now,
    )
    bring(camt([Paid(512, "OUT 1 again", **out)]), olga, now)
    found = selectors.sent_back(list(selectors.outgoing_lines().order_by("pk")))
    assert [OutgoingLine.objects.get(pk=pk).text for pk in found] == ["rif. out 1, grazie"]
    page = browser.get(reverse("desk_bank_outgoing")).content.decode()
    assert page.count("Outgoing, not matched") == 3
    assert f'<a href="{reverse("desk_bank_line", args=[line.public_id])}">came on 20 Nov 2026</a>' in page
