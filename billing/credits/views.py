"""The statement of a wallet in the browser, and on paper."""

from typing import Final

from django.core.signing import BadSignature, Signer
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.credits import paper, selectors, wording
from billing.credits import statement as statements
from billing.credits.forms import PeriodForm
from billing.credits.statement import Book, Line
from billing.ledger.entries import Period
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability

# What an entry is for → the page that tells more, and who may open it.
SUBJECT_PAGES: Final = {
    "campaign": ("campaign", Capability.VIEW),
    "recharge": ("recharge", Capability.VIEW_BILLING),
}


@account_view(Capability.VIEW)
@require_safe
def statement(request: AccountRequest) -> HttpResponse:
    """Every movement of the account's credits, newest first, with the balance before and after."""
    form = PeriodForm(request.GET)
    return _page(request, form, form.period())


@account_view(Capability.VIEW)
@require_safe
def statement_pdf(request: AccountRequest) -> HttpResponse:
    """The chosen period as a PDF; one too long for paper is refused on the page, with what to do instead."""
    form, now = PeriodForm(request.GET), timezone.now()
    period = form.period()
    if form.is_valid():
        try:
            content = paper.render(_book(request)[0], period, made_at=now)
        except paper.TooLong as error:
            form.add_error(None, paper.advice(error.limit))
        else:
            name = f"saldo-statement-{timezone.localdate(now):%Y%m%d}.pdf"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return HttpResponse(content, content_type="application/pdf", headers=headers)
    return _page(request, form, period, status=422)


def _page(request: AccountRequest, form: PeriodForm, period: Period, status: int = 200) -> HttpResponse:
    book, tabs = _book(request)
    signer = _signer(request, book)
    page = statements.page(
        book, period, before=_cursor(request, "before", signer), after=_cursor(request, "after", signer)
    )
    context = {
        "form": form,
        "book": book,
        "tabs": tabs,
        "is_filtered": bool(period.start or period.end),
        "sums": statements.sums(book, period),
        "balance": selectors.balance(request.account),
        "expiries": selectors.expiries(request.account, timezone.now()),
        "lines": [
            {"line": line, "why": wording.why(line), "url": _url(request, line), "who": wording.who(line)}
            for line in page.lines
        ],
        "newer_url": page.newer and _address(request, after=signer.sign_object(page.newer)),
        "older_url": page.older and _address(request, before=signer.sign_object(page.older)),
        "pdf_url": reverse("statement_pdf", args=[request.account.public_id]) + _address(request),
        "excel_url": reverse("report_new", args=[request.account.public_id]) + _excel(form),
        "may_buy": request.member.can(Capability.BUY),
    }
    return render(request, "billing/credits/statement.html", context, status=status)


def _book(request: AccountRequest) -> tuple[Book, list[dict[str, object]]]:
    """The book that is asked for, and, where there are two, the tabs that lead from one to the other."""
    books = statements.books(request.account)
    chosen = next((book for book in books if book.name == request.GET.get("of", "")), books[0])
    if len(books) == 1:
        return chosen, []
    here = reverse("statement", args=[request.account.public_id])
    return chosen, [
        {
            "label": _("Used") if book.payer else _("Own credits"),
            "url": here + _query(_kept(request) | {"of": book.name}),
            "current": book == chosen,
        }
        for book in books
    ]


def _signer(request: AccountRequest, book: Book) -> Signer:
    """A position in a statement is signed for it: nobody makes one up, and another statement's means nothing."""
    return Signer(salt=f"statement:{request.account.public_id}:{book.name}")


def _cursor(request: AccountRequest, name: str, signer: Signer) -> int | None:
    try:
        position = signer.unsign_object(request.GET.get(name, ""))
    except (BadSignature, ValueError):
        return None
    return position if isinstance(position, int) else None


def _kept(request: AccountRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("start", "end", "of")}


def _query(parameters: dict[str, str]) -> str:
    return f"?{urlencode({name: value for name, value in parameters.items() if value})}"


def _address(request: AccountRequest, **cursor: str) -> str:
    return _query(_kept(request) | cursor)


def _excel(form: PeriodForm) -> str:
    """The days as the form of reports takes them; it proposes what is missing."""
    days = {"from": form.cleaned_data.get("start"), "to": form.cleaned_data.get("end")}
    return _query({"kind": "statement"} | {name: day.isoformat() for name, day in days.items() if day})


def _url(request: AccountRequest, line: Line) -> str:
    """Return the page about what the entry is for, where there is one that this person may open."""
    kind, identity = line.subject
    name, capability = SUBJECT_PAGES.get(kind, ("", Capability.VIEW))
    if not name or not request.member.can(capability):
        return ""
    try:
        return reverse(name, args=[(line.spender or request.account).public_id, identity])
    except NoReverseMatch:  # the ledger takes any text as a subject
        return ""
