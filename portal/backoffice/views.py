"""The desk: what needs a person, the numbers of the business, the customers, the ledger's audit."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_safe
from django_tables2 import RequestConfig

from billing.credits.models import Wallet
from billing.ledger.models import Account as LedgerAccount
from portal.accounts.access import PersonRequest, staff_view
from portal.accounts.models import Account
from portal.backoffice import customer_page, ledger_check, search, selectors, wording
from portal.backoffice.forms import SearchForm
from portal.backoffice.ledger_check import Check
from portal.backoffice.tables import CustomerTable

ROWS = 25

# What may need a person, the most pressing first: its count, how pressing, in words, and where it is done.
TASKS = (
    (
        "differences",
        "bad",
        ngettext_lazy("The ledger shows %(count)d difference", "The ledger shows %(count)d differences", "count"),
        "desk_ledger",
    ),
    (
        "gateway_count",
        "warn",
        ngettext_lazy("%(count)d gateway takes no messages", "%(count)d gateways take no messages", "count"),
        "desk_gateways",
    ),
    (
        "payment_count",
        "warn",
        ngettext_lazy(
            "%(count)d payment with an unknown outcome", "%(count)d payments with an unknown outcome", "count"
        ),
        "desk_payments",
    ),
    (
        "bank_line_count",
        "warn",
        ngettext_lazy(
            "%(count)d line of a bank statement to decide", "%(count)d lines of bank statements to decide", "count"
        ),
        "desk_bank",
    ),
    (
        "part_count",
        "warn",
        ngettext_lazy(
            "%(count)d bank transfer came only in part", "%(count)d bank transfers came only in part", "count"
        ),
        "desk_bank_transfers",
    ),
    (
        "statement_count",
        "warn",
        ngettext_lazy(
            "%(count)d bank statement uploaded and not imported",
            "%(count)d bank statements uploaded and not imported",
            "count",
        ),
        "desk_bank_statements",
    ),
    (
        "notice_count",
        "warn",
        ngettext_lazy("%(count)d balance alert not delivered", "%(count)d balance alerts not delivered", "count"),
        "desk_notices",
    ),
    (
        "question_count",
        "info",
        ngettext_lazy(
            "%(count)d automatic recharge waits for its customer's answer",
            "%(count)d automatic recharges wait for their customers' answers",
            "count",
        ),
        "desk_questions",
    ),
    (
        "sender_count",
        "info",
        ngettext_lazy("%(count)d sender name to review", "%(count)d sender names to review", "count"),
        "desk_senders",
    ),
    (
        "registration_count",
        "info",
        ngettext_lazy(
            "%(count)d registration to forward to its country",
            "%(count)d registrations to forward to their countries",
            "count",
        ),
        "desk_senders",
    ),
)


@staff_view
@require_safe
def desk(request: PersonRequest) -> HttpResponse:
    """What needs a person today, and how the business does."""
    now = timezone.now()
    context = {
        "tasks": _tasks(now),
        "business": selectors.business(now),
        "revenue": selectors.revenue(now),
        "form": SearchForm(),
    }
    return render(request, "portal/backoffice/desk.html", context)


@staff_view
@require_safe
def desk_customers(request: PersonRequest) -> HttpResponse:
    """All customers, or those that somebody may mean."""
    form = SearchForm(request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    table = CustomerTable(search.customers(query))
    RequestConfig(request, paginate={"per_page": ROWS}).configure(table)
    return render(request, "portal/backoffice/customers.html", {"form": form, "table": table, "query": query})


@staff_view
@require_safe
def desk_customer(request: PersonRequest, customer: UUID) -> HttpResponse:
    """Everything about a customer on one page; the address of a sub-account leads to its customer's."""
    found = get_object_or_404(Account.objects.select_related("parent"), public_id=customer)
    page = customer_page.gather(found.parent or found, timezone.now())
    return render(request, "portal/backoffice/customer.html", {"page": page, "customer": page.customer})


@staff_view
@require_safe
def desk_ledger(request: PersonRequest) -> HttpResponse:
    """Replay every transfer and compare every balance and lot."""
    check = ledger_check.run(timezone.now())
    return render(request, "portal/backoffice/ledger.html", {"check": check, "rows": _differences(check)})


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for a person: how pressing, what, and where."""

    kind: str
    text: str
    url: str


def _tasks(now: datetime) -> list[Task]:
    waiting = selectors.attention(now)
    counts = {"differences": ledger_check.latest_count(now), **asdict(waiting)}
    return [
        Task(kind, text % {"count": counts[name]}, reverse(url_name))
        for name, kind, text, url_name in TASKS
        if counts[name]
    ]


def _differences(check: Check) -> list[tuple[str, str, int, int]]:
    """The rows of the table: whose, what, what is stored, what it should be."""
    pots = LedgerAccount.objects.select_related("owner").in_bulk([each.account_id for each in check.differences])
    wallets = Wallet.objects.select_related("account").in_bulk([each.wallet_id for each in check.lot_differences])
    rows = [
        (
            f"{pots[each.account_id].owner} · {pots[each.account_id].get_code_display()}",
            wording.counter(each.counter),
            each.stored,
            each.replayed,
        )
        for each in check.differences
    ]
    return rows + [
        (str(wallets[each.wallet_id].account), wording.counter(each.what), each.in_lots, each.in_ledger)
        for each in check.lot_differences
    ]
