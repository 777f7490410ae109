"""A pack, a purchase by bank transfer, and files as banks write them."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

import pytest
from django.db.models import Sum

from billing.bank import selectors as bank_selectors
from billing.bank import services as bank
from billing.bank import statements
from billing.bank.codes import BookingKind
from billing.bank.models import StatementLine
from billing.payments import services as payments
from billing.payments.models import Attempt
from billing.pricing import selectors as pricing_selectors
from billing.recharge import selectors, services
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User

IBAN = "IT60X0542811101000000123456"
Imports = Callable[..., list[StatementLine]]


@dataclass(frozen=True)
class Paid:
    """A credit entry to be written into a file."""

    cents: int
    text: str = ""
    structured: str = ""
    payer: str = "Acme S.r.l."
    payer_iban: str = "IT40S0542811101000000123456"
    day: str = "2026-11-20"
    currency: str = "EUR"
    status: str = "BOOK"
    direction: str = "CRDT"
    reference: str = ""


def transaction(paid: Paid, version: int = 2) -> str:
    name = f"<Nm>{escape(paid.payer)}</Nm>"
    amount = f'<Amt Ccy="{paid.currency}">{paid.cents / 100:.2f}</Amt>'
    structured = f"<Strd><CdtrRefInf><Ref>{paid.structured}</Ref></CdtrRefInf></Strd>" if paid.structured else ""
    return (
        f"<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
        f"{amount if version >= 4 else f'<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>'}"
        f"<RltdPties><Dbtr>{f'<Pty>{name}</Pty>' if version >= 8 else name}</Dbtr>"
        f"<DbtrAcct><Id><IBAN>{paid.payer_iban}</IBAN></Id></DbtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{escape(paid.text)}</Ustrd>{structured}</RmtInf></TxDtls>"
    )


def camt(entries: Sequence[Paid | Sequence[Paid]], *, iban: str = IBAN, version: int = 2) -> bytes:
    """A CAMT.053 file; an entry of several payments is a batch of that many transactions."""
    written = []
    for number, each in enumerate(entries, start=1):
        parts = [each] if isinstance(each, Paid) else list(each)
        first, total = parts[0], sum(part.cents for part in parts)
        status = f"<Sts><Cd>{first.status}</Cd></Sts>" if version >= 8 else f"<Sts>{first.status}</Sts>"
        own = f"<AcctSvcrRef>{first.reference}</AcctSvcrRef>" if first.reference else ""
        written.append(
            f'<Ntry><NtryRef>{number}</NtryRef><Amt Ccy="{first.currency}">{total / 100:.2f}</Amt>'
            f"<CdtDbtInd>{first.direction}</CdtDbtInd>{status}<BookgDt><Dt>{first.day}</Dt></BookgDt>{own}"
            f"<NtryDtls>{''.join(transaction(part, version) for part in parts)}</NtryDtls></Ntry>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.0{version}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Id>1</Id><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>"
        f"{''.join(written)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


@dataclass(frozen=True)
class Waiting:
    """A purchase that waits for its bank transfer, and what to quote."""

    recharge: Recharge
    reference: str
    cents: int

    def now(self) -> Recharge:
        return Recharge.objects.get(pk=self.recharge.pk)

    def attempt(self) -> Attempt:
        return selectors.progress(self.recharge)


Buys = Callable[[Account, User], Waiting]


@pytest.fixture
def buys(prices: None, now: datetime) -> Buys:
    """Let somebody buy the smallest pack (EUR 5.12 with VAT) by bank transfer."""

    def buy(account: Account, buyer: User) -> Waiting:
        method = payments.bank_transfer(account=account, label="Bank transfer", actor_id=buyer.pk, now=now)
        pack = pricing_selectors.packs(account, now)[0]
        recharge = services.buy(
            account=account, pack=pack, method=method, reference=uuid.uuid4(), actor_id=buyer.pk, now=now
        )
        return Waiting(recharge, selectors.progress(recharge).provider_reference, recharge.gross_cents)

    return buy


@pytest.fixture
def waiting(acme: Account, alice: User, buys: Buys) -> Waiting:
    return buys(acme, alice)


@pytest.fixture
def imports(olga: User, now: datetime) -> Imports:
    """Import a file, look at its lines, and return them as they then are."""

    def run(*entries: Paid | Sequence[Paid], content: bytes = b"") -> list[StatementLine]:
        made = statements.upload(content=content or camt(entries), file_name="a.xml", actor_id=olga.pk, now=now)
        statements.import_lines(statement=made, actor_id=olga.pk, now=now)
        for line in statements.new_lines(made):
            bank.book_new(line=line, now=now)
        return list(made.lines.order_by("pk"))

    return run


def sums_are_right() -> bool:
    """Whether what is open on every line, and received by every try, is what their bookings add up to."""
    booked: dict[int, int] = defaultdict(int)
    for booking in bank_selectors.active_bookings():
        booked[booking.line_id] += booking.amount_cents
    paid = bank_selectors.active_bookings().filter(kind=BookingKind.PURCHASE).order_by().values("attempt")
    received = {each["attempt"]: each["sum"] for each in paid.annotate(sum=Sum("amount_cents"))}
    lines, tries = (
        StatementLine.objects.all(),
        Attempt.objects.filter(provider="bank").select_related("payment__recharge"),
    )
    return all(booked[line.pk] == line.amount_cents - line.open_cents for line in lines) and all(
        received.get(each.pk, 0) == each.received_cents
        and (each.payment.recharge.state == Recharge.State.PAID) == (each.missing_cents == 0)
        for each in tries
    )
