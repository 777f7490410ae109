"""The statement of a wallet in the browser."""

import re

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.credits import selectors
from billing.credits import statement as statements
from billing.credits.forms import PeriodForm
from billing.credits.statement import Line
from billing.ledger.codes import TransferCode
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability

# What an entry is for → the page that tells more, and who may open it.
SUBJECT_PAGES = {
    "campaign": ("campaign", Capability.VIEW),
    "recharge": ("recharge", Capability.VIEW_BILLING),
}


@account_view(Capability.VIEW)
@require_safe
def statement(request: AccountRequest) -> HttpResponse:
    """Every movement of the account's credits, newest first, with the balance before and after."""
    form = PeriodForm(request.GET)
    period = form.period()
    page = statements.page(request.account, period, before=_cursor(request, "before"), after=_cursor(request, "after"))
    context = {
        "form": form,
        "is_filtered": bool(period.start or period.end),
        "sums": statements.sums(request.account, period),
        "balance": selectors.balance(request.account),
        "lines": [
            {"line": line, "why": _why(line), "url": _url(request, line), "who": _who(line)} for line in page.lines
        ],
        "newer_url": page.newer and _page_url(request, after=page.newer),
        "older_url": page.older and _page_url(request, before=page.older),
        "may_buy": request.member.can(Capability.BUY),
    }
    return render(request, "billing/credits/statement.html", context)


def _cursor(request: AccountRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if re.fullmatch(r"[0-9]{1,18}", given) else None


def _page_url(request: AccountRequest, **cursor: int) -> str:
    kept = {name: request.GET[name] for name in ("start", "end") if request.GET.get(name)}
    return f"?{urlencode(kept | {name: str(pk) for name, pk in cursor.items()})}"


def _why(line: Line) -> str:
    """Say in the reader's language why the credits moved."""
    if line.transfer.code == TransferCode.MOVE and line.other:
        sentence = _("Transfer from %(account)s") if line.change > 0 else _("Transfer to %(account)s")
        return sentence % {"account": line.other}
    return line.transfer.get_code_display()


def _who(line: Line) -> str:
    return str(line.transfer.actor) if line.transfer.actor else _("Saldo")


def _url(request: AccountRequest, line: Line) -> str:
    """Return the page about what the entry is for, where there is one that this person may open."""
    kind, identity = line.subject
    name, capability = SUBJECT_PAGES.get(kind, ("", Capability.VIEW))
    if not name or not request.member.can(capability):
        return ""
    try:
        return reverse(name, args=[request.account.public_id, identity])
    except NoReverseMatch:  # the ledger takes any text as a subject
        return ""
