"""A purchase by bank transfer that waits for its money, and the bank's statement in which it has come."""

from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from billing.bank import reading, statements
from billing.payments import services as payments
from billing.pricing import selectors as pricing_selectors
from billing.recharge import selectors as recharge_selectors
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.demo.history import History
from portal.demo.opening import Branch
from portal.demo.past import Past

# Who else has sent money: the payer, the text, cents.
OTHERS: Final = (
    ("OTTICA BELVEDERE SRL", "Ricarica SMS, grazie", 4758),
    ("Immobiliare Navigli S.p.A.", "Rimborso deposito cauzionale ufficio", 120_000),
)
# Who was sent some.
OUT: Final = (("Banca del Naviglio", "Commissioni di tenuta conto", 520),)
THEIR_IBAN: Final = "IT40S0542811101000000123456"


def begin(past: Past, history: History) -> None:
    """Plan a purchase of yesterday, and the statement that staff find this morning."""
    at, now = past.timeline.at, past.timeline.end
    at(now - timedelta(hours=20), lambda then: _buy(history.branches["torino"], then))
    at(now - timedelta(minutes=3), lambda then: _bring(past, history.branches["torino"], then))


def _buy(branch: Branch, now: datetime) -> None:
    method = payments.bank_transfer(account=branch.account, label="Bonifico", actor_id=branch.buyer.pk, now=now)
    recharges.buy(
        account=branch.account,
        pack=pricing_selectors.packs(branch.account, now)[1],
        method=method,
        reference=uuid5(NAMESPACE_URL, "saldo:demo:bank-transfer"),
        actor_id=branch.buyer.pk,
        now=now,
    )


def _bring(past: Past, branch: Branch, now: datetime) -> None:
    attempt = recharge_selectors.progress(Recharge.objects.waiting().get(account=branch.account))
    day = (now - timedelta(days=1)).date().isoformat()
    paid = ("Luca Avogadro", f"Bonifico {attempt.quoted}", attempt.amount_cents)
    entries = "".join(_entry(day, number, *each) for number, each in enumerate((paid, *OTHERS), start=1))
    entries += "".join(_entry(day, number, *each, is_out=True) for number, each in enumerate(OUT, start=9))
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{day}</MsgId></GrpHdr><Stmt><Id>{day}</Id>"
        f"<Acct><Id><IBAN>{reading.operator_iban()}</IBAN></Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    )
    statements.upload(
        content=content.encode(), file_name=f"estratto-conto-{day}.xml", actor_id=past.operator.olga.pk, now=now
    )


def _entry(day: str, number: int, other: str, text: str, cents: int, *, is_out: bool = False) -> str:
    direction, party = ("DBIT", "Cdtr") if is_out else ("CRDT", "Dbtr")
    return (
        f'<Ntry><Amt Ccy="EUR">{cents // 100}.{cents % 100:02}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{day}-{number:04}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><RltdPties><{party}><Pty><Nm>{escape(other)}</Nm></Pty></{party}>"
        f"<{party}Acct><Id><IBAN>{THEIR_IBAN}</IBAN></Id></{party}Acct></RltdPties>"
        f"<RmtInf><Ustrd>{escape(text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
