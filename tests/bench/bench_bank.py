"""A bank statement of 10,000 lines: pytest -s -o python_files='bench_*.py' tests/bench/bench_bank.py."""

import os
import uuid
from collections.abc import Callable
from datetime import datetime
from time import perf_counter

import pytest
from django.utils import timezone

from billing.bank import services, statements
from billing.bank.codes import Finding
from billing.bank.models import BankStatement, OutgoingLine, StatementLine
from billing.payments import services as payments
from billing.pricing import selectors as pricing_selectors
from billing.recharge import selectors as recharge_selectors
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.accounts.models import Account, BillingDetails, User
from tests.bench.page import record
from tests.billing.bank.conftest import Paid, camt

LINES = 10_000
PAYING = 200
OUTGOING = 500


def buy(number: int, buyer: User, now: datetime) -> Paid:
    """A purchase of EUR 5.12 by a customer of its own, and the transfer that pays it."""
    account = Account.objects.create(name=f"Customer {number}")
    BillingDetails.objects.create(account=account, company=account.name, country="IT", vat_number="IT07643520567")
    method = payments.bank_transfer(account=account, label="Bank transfer", actor_id=buyer.pk, now=now)
    pack = pricing_selectors.packs(account, now)[0]
    recharge = recharges.buy(
        account=account, pack=pack, method=method, reference=uuid.uuid4(), actor_id=buyer.pk, now=now
    )
    return Paid(recharge.gross_cents, text=f"Bonifico {recharge_selectors.progress(recharge).quoted}")


@pytest.mark.django_db(transaction=True)
def test_a_large_statement_is_imported(operator: Account, olga: User, prices: None) -> None:
    now = timezone.now()
    paying = [buy(number, olga, now) for number in range(PAYING)]
    out = [Paid(90, text="fee", direction="DBIT", reference=f"O{number}") for number in range(OUTGOING)]
    others = [
        Paid(100 + number, text=f"Invoice {number}/2026, thank you", payer=f"Payer {number}", reference=f"B{number}")
        for number in range(LINES - PAYING - OUTGOING)
    ]
    content = camt([*others, *paying, *out], version=8)
    taken: list[tuple[str, float, int]] = []

    def timed(what: str, count: int, act: Callable[[], object]) -> None:
        started = perf_counter()
        act()
        taken.append((what, perf_counter() - started, count))

    def upload() -> BankStatement:
        return statements.upload(content=content, file_name="large.xml", actor_id=olga.pk, now=now)

    timed("choosing the file: it is read once, and kept", LINES, upload)
    made = upload()
    timed("what importing would do, shown before", LINES, lambda: statements.foresee(made))
    timed("importing", LINES, lambda: statements.import_lines(statement=made, actor_id=olga.pk, now=now))
    lines = statements.new_lines(made)
    assert len(lines) == PAYING

    def book() -> None:
        for line in lines:
            services.book_new(line=line, now=now)

    timed("crediting and invoicing the lines that pay", PAYING, book)
    again = camt([*others, *paying, *out, Paid(1)], version=8)
    once_more = statements.upload(content=again, file_name="more.xml", actor_id=olga.pk, now=now)
    timed(
        "importing a file that brings one new line",
        LINES + 1,
        lambda: statements.import_lines(statement=once_more, actor_id=olga.pk, now=now),
    )
    once_more.refresh_from_db()
    assert (once_more.added_count, OutgoingLine.objects.count()) == (1, OUTGOING)
    assert Recharge.objects.filter(state=Recharge.State.PAID).count() == PAYING
    assert StatementLine.objects.filter(finding=Finding.NO_REFERENCE).count() == len(others) + 1
    record(
        "A large bank statement",
        f"A CAMT.053 file of {len(content) / 1_000_000:.1f} MB with {LINES:,} entries: {PAYING} quote the reference of a "
        f"purchase that waits, {OUTGOING} went out. One process, one round; load {os.getloadavg()[0]:.1f} on 2 cores.",
        ["what", "entries", "s", "entries/s"],
        [[what, f"{count:,}", f"{seconds:.2f}", f"{count / seconds:,.0f}"] for what, seconds, count in taken],
    )
