"""What the operator's desk shows of all customers."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, QuerySet, Sum, Value
from django.utils import timezone

from billing.auto_recharge import selectors as auto_recharges
from billing.bank import selectors as bank_selectors
from billing.credits import selectors as credits_selectors
from billing.credits.revenue import Revenue
from billing.credits.revenue import revenue as revenue_of
from billing.credits.selectors import Totals
from billing.invoices.models import CreditNote, Invoice
from billing.ledger.entries import Period
from billing.payments import selectors as payments_selectors
from messaging.alerts import selectors as alerts_selectors
from messaging.delivery.codes import State
from messaging.delivery.health import CLOSED, standings
from messaging.delivery.models import Message
from messaging.senders import selectors as senders_selectors
from portal.accounts.models import Account

WINDOW: Final = timedelta(days=30)
# A notice that did not arrive concerns a person for as long as somebody may still miss it.
NOTICE_WINDOW: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Attention:
    """How much of each kind waits for a person."""

    sender_count: int
    registration_count: int
    payment_count: int
    gateway_count: int
    notice_count: int
    question_count: int
    bank_line_count: int
    part_count: int
    statement_count: int


def attention(now: datetime) -> Attention:
    """Count what needs a person today."""
    sender_count, registration_count = senders_selectors.waiting_counts()
    bank_line_count, part_count, statement_count = bank_selectors.waiting_counts(now)
    counts = _counts(
        payment=payments_selectors.unknown_payments().prefetch_related(None),
        question=auto_recharges.waiting_questions(),
        notice=alerts_selectors.undelivered(now - NOTICE_WINDOW),
    )
    return Attention(
        sender_count=sender_count,
        registration_count=registration_count,
        payment_count=counts.get("payment", 0),
        gateway_count=sum(each in CLOSED for each in standings(now).values()),
        question_count=counts.get("question", 0),
        notice_count=counts.get("notice", 0),
        bank_line_count=bank_line_count,
        part_count=part_count,
        statement_count=statement_count,
    )


def _counts(**found: QuerySet[Any]) -> dict[str, int]:
    """Count the rows of each of these in one question; what has none is left out."""
    first, *rest = (
        rows.order_by().annotate(name=Value(name)).values_list("name").annotate(Count("pk", distinct=True))
        for name, rows in found.items()
    )
    return dict(first.union(*rest, all=True))


@dataclass(frozen=True, slots=True)
class Business:
    """The numbers of the business: credits in units ever; messages by state and what was invoiced, without VAT and less
    credit notes, of the last 30 days."""

    credits: Totals
    customer_count: int
    messages: tuple[tuple[State, int], ...]
    invoiced: tuple[tuple[str, int], ...]

    @property
    def message_count(self) -> int:
        """All messages of the last 30 days."""
        return sum(count for _, count in self.messages)


def business(now: datetime) -> Business:
    """Add up the numbers of the business; what was invoiced comes by currency."""
    recent = Message.objects.filter(created_at__gte=now - WINDOW).order_by()
    counts = dict(recent.values_list("state").annotate(Count("pk")))
    return Business(
        credits=credits_selectors.totals(),
        customer_count=Account.objects.customers().filter(deactivated_at=None).count(),
        messages=tuple((state, counts[state]) for state in State if state in counts),
        invoiced=_invoiced(now),
    )


def _invoiced(now: datetime) -> tuple[tuple[str, int], ...]:
    sums: Counter[str] = Counter()
    for documents, sign in ((Invoice.objects, 1), (CreditNote.objects, -1)):
        recent = documents.filter(issued_on__gte=timezone.localdate(now - WINDOW)).order_by()
        for currency, cents in recent.values_list("currency").annotate(Sum("net_cents")):
            sums[currency] += sign * int(cents)
    return tuple(sorted(sums.items()))


@dataclass(frozen=True, slots=True)
class Months:
    """One currency: this month so far, and everything since the beginning."""

    month: Revenue
    ever: Revenue


def revenue(now: datetime) -> list[Months]:
    """What was sold, earned, expired and is deferred, by currency; a month begins where the operator is."""
    first = now.astimezone(timezone.get_default_timezone()).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = {each.currency: each for each in revenue_of(Period(first))}
    return [Months(months[each.currency], each) for each in revenue_of(Period())]


def family(customer: Account) -> list[Account]:
    """The customer and its sub-accounts, the customer first."""
    return [customer, *Account.objects.filter(parent=customer).order_by("name", "pk")]


def messages_sent(accounts: Iterable[Account], now: datetime) -> int:
    """How many messages the accounts wrote in the last 30 days."""
    return Message.objects.filter(account__in=list(accounts), created_at__gte=now - WINDOW).count()
