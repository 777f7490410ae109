"""Everything about a customer, gathered for one page (product 11.2)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from billing.credits import selectors as credits_selectors
from billing.credits.selectors import Balance, Expiry
from billing.invoices.models import Invoice
from billing.invoices.models import State as InvoiceState
from billing.invoices.tables import KINDS as INVOICE_KINDS
from billing.ledger.codes import AccountCode
from billing.ledger.models import Account as LedgerAccount
from billing.recharge.models import Recharge
from billing.recharge.tables import KINDS as RECHARGE_KINDS
from messaging.alerts.models import BalanceAlert
from messaging.campaigns.models import Campaign
from messaging.senders.models import SenderName
from portal.accounts.models import Account, BillingDetails, Member
from portal.audit import wording
from portal.audit.models import AuditEvent
from portal.backoffice import selectors

LATEST: Final = 5
EVENTS: Final = 15


@dataclass(frozen=True, slots=True)
class AccountRow:
    """The customer itself, or one of its sub-accounts, with its balance in units."""

    account: Account
    available: int
    held: int


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice, how it stands today, and the kind of that."""

    invoice: Invoice
    state: InvoiceState
    kind: str


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """A customer on one page: of recharges, invoices, campaigns and events the latest, sub-accounts included."""

    customer: Account
    details: BillingDetails | None
    balance: Balance
    expiry: Expiry | None
    sent_count: int
    accounts: list[AccountRow]
    members: list[Member]
    senders: list[SenderName]
    recharges: list[tuple[Recharge, str]]
    invoices: list[InvoiceRow]
    campaigns: list[Campaign]
    alerts: list[BalanceAlert]
    events: list[tuple[AuditEvent, str]]


def gather(customer: Account, now: datetime) -> CustomerPage:
    """Ask every room what it knows of the customer; the number of queries does not grow with what there is."""
    family = selectors.family(customer)
    return CustomerPage(
        customer=customer,
        details=BillingDetails.objects.filter(account=customer).first(),
        balance=credits_selectors.balance(customer),
        expiry=credits_selectors.next_expiry(customer, now),
        sent_count=selectors.messages_sent(family, now),
        accounts=_balances(family),
        members=list(Member.objects.filter(account__in=family).select_related("user", "account").order_by("pk")),
        senders=list(SenderName.objects.filter(account__in=family).order_by("name", "pk")),
        recharges=_recharges(family),
        invoices=_invoices(family, now),
        campaigns=list(Campaign.objects.filter(account__in=family).select_related("account").order_by("-pk")[:LATEST]),
        alerts=list(
            BalanceAlert.objects.kept().filter(account__in=family).select_related("account").order_by("account", "pk")
        ),
        events=_events(family),
    )


def _balances(family: list[Account]) -> list[AccountRow]:
    pots = {pot.owner_id: pot for pot in LedgerAccount.objects.filter(code=AccountCode.WALLET, owner__in=family)}
    return [
        AccountRow(account, pots[account.pk].available, pots[account.pk].debits_pending)
        if account.pk in pots
        else AccountRow(account, 0, 0)
        for account in family
    ]


def _recharges(family: list[Account]) -> list[tuple[Recharge, str]]:
    latest = Recharge.objects.filter(account__in=family).select_related("account", "payment", "invoice")
    return [(each, RECHARGE_KINDS[Recharge.State(each.state)]) for each in latest.order_by("-pk")[:LATEST]]


def _invoices(family: list[Account], now: datetime) -> list[InvoiceRow]:
    latest = Invoice.objects.filter(account__in=family).order_by("-issued_on", "-pk")[:LATEST]
    rows = []
    for invoice in latest:
        state = invoice.state(timezone.localdate(now))
        rows.append(InvoiceRow(invoice, state, INVOICE_KINDS[state]))
    return rows


def _events(family: list[Account]) -> list[tuple[AuditEvent, str]]:
    latest = AuditEvent.objects.filter(account__in=family).select_related("actor", "account").order_by("-at", "-pk")
    return [(event, wording.action(event.action)) for event in latest[:EVENTS]]
