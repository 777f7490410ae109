"""The desk's pages about money that came to the bank account, and what a person decides about it."""

from collections.abc import Callable
from typing import Any, Final, cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from billing.bank import selectors, services
from billing.bank.codes import LineState
from billing.bank.matching import Why
from billing.bank.models import Booking, OutgoingLine, StatementLine
from billing.payments.models import Attempt
from billing.recharge.models import Recharge
from billing.recharge.tables import KINDS as RECHARGE_KINDS
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.bank_forms import (
    AsideForm,
    AssignmentForm,
    DecisionForm,
    ReturnForm,
    UndoingForm,
)
from portal.templatetags.formats import money

ROWS: Final = 25
REFUSALS: Final[dict[type[Exception], str | Promise]] = {
    services.LineTaken: gettext_lazy(
        "Somebody has decided about this line in the meantime. Nothing was done twice; this is how it stands now."
    ),
    services.MeanwhileReceived: gettext_lazy(
        "Money has come for this purchase in the meantime. Nothing was confirmed; this is how it stands now."
    ),
    services.PurchaseNotOpen: gettext_lazy("This purchase is paid already, or is not paid by bank transfer."),
    services.NotEnough: gettext_lazy(
        "The purchase is closed and is credited only whole. Send the money back, or use it for a new purchase."
    ),
    services.OtherCustomer: gettext_lazy("The rest of this line belongs to the customer whose purchase it has paid."),
    services.AlreadyUndone: gettext_lazy("This has been undone already."),
}
REFUSED: Final[tuple[type[Exception], ...]] = (*REFUSALS, services.PriceHasRisen)
WHY: Final = {
    Why.DIGITS: gettext_lazy("its reference"),
    Why.IBAN: gettext_lazy("paid from this bank account before"),
    Why.AMOUNT: gettext_lazy("the same amount"),
    Why.NAME: gettext_lazy("a payer of the same name"),
}
LINE_KINDS: Final = {LineState.NEW: "info", LineState.OPEN: "warn", LineState.BOOKED: "ok"}


def tabs(current: str) -> list[dict[str, object]]:
    """The pages about the bank account."""
    labels = {
        "desk_bank": _("To decide"),
        "desk_bank_transfers": _("Awaited"),
        "desk_bank_booked": _("Booked"),
        "desk_bank_outgoing": _("Outgoing"),
        "desk_bank_statements": _("Statements"),
    }
    return [{"label": label, "url": reverse(name), "current": name == current} for name, label in labels.items()]


def paged(request: PersonRequest, rows: QuerySet[Any]) -> dict[str, object]:
    """A page of `rows`, and where the pages beside it are."""
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    return {
        "rows": page,
        "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else "",
    }


@staff_view
@require_safe
def desk_bank(request: PersonRequest) -> HttpResponse:
    """Lines of statements that wait for a person, the oldest first."""
    context = {"tabs": tabs("desk_bank"), "is_open": True, **paged(request, selectors.open_lines())}
    return render(request, "portal/backoffice/bank_lines.html", context)


@staff_view
@require_safe
def desk_bank_booked(request: PersonRequest) -> HttpResponse:
    """Lines that have been decided, newest first."""
    booked = StatementLine.objects.filter(state=LineState.BOOKED).order_by("-booked_on", "-pk")
    context = {"tabs": tabs("desk_bank_booked"), **paged(request, booked)}
    return render(request, "portal/backoffice/bank_lines.html", context)


@staff_view
@require_safe
def desk_bank_outgoing(request: PersonRequest) -> HttpResponse:
    """Money that went out, newest first."""
    page = paged(request, selectors.outgoing_lines())
    lines: list[OutgoingLine] = list(cast(Any, page["rows"]))
    sent_back = selectors.sent_back(lines)
    context = {
        "tabs": tabs("desk_bank_outgoing"),
        "lines": [(line, sent_back.get(line.pk)) for line in lines],
        **page,
    }
    return render(request, "portal/backoffice/bank_outgoing.html", context)


@staff_view
@require_safe
def desk_bank_line(request: PersonRequest, line: UUID) -> HttpResponse:
    """One line: what the bank wrote, what was decided, and what it may be for."""
    found = _line(line)
    is_open = found.state != LineState.BOOKED
    shown = {"open_cents": found.open_cents}
    proposals = selectors.proposals(found) if is_open else []
    bookings = found.bookings.select_related("attempt__payment__recharge__account", "created_by", "undoes")
    context = {
        "line": found,
        "kind": LINE_KINDS[LineState(found.state)],
        "bookings": [(each, _may_undo(each)) for each in bookings.select_related("undone_by").order_by("pk")],
        "proposals": [
            (
                recharge,
                RECHARGE_KINDS[Recharge.State(recharge.state)],
                _attempt(recharge),
                [WHY[why] for why in reasons],
            )
            for recharge, reasons in proposals
        ],
        "assignment": AssignmentForm(initial=shown, auto_id="assignment_%s") if is_open else None,
        "aside": AsideForm(initial=shown, auto_id="aside_%s"),
        "sent_back": ReturnForm(initial={**shown, "done_on": timezone.localdate()}, auto_id="return_%s"),
        "undoing": UndoingForm(),
    }
    return render(request, "portal/backoffice/bank_line.html", context)


@staff_view
@require_POST
def desk_bank_assignment(request: PersonRequest, line: UUID) -> HttpResponse:
    """Use what is open of a line for a purchase."""
    found, form = _line(line), AssignmentForm(request.POST)
    if not form.is_valid():
        return _refuse_form(request, form, found)
    given = form.cleaned_data
    recharge = Recharge.objects.filter(
        payment__attempts__provider="bank", payment__attempts__provider_reference=given["quoted"]
    ).first()
    if recharge is None:
        messages.error(request, _("There is no purchase with this reference."))
        return redirect("desk_bank_line", line)

    def act() -> object:
        return services.assign(
            line=found,
            recharge=recharge,
            open_cents=given["open_cents"],
            actor_id=request.user.pk,
            now=timezone.now(),
        )

    return _try(request, found, act, _("The money has been used for the purchase."))


@staff_view
@require_POST
def desk_bank_exclusion(request: PersonRequest, line: UUID) -> HttpResponse:
    """Say that a line is not for credits."""
    return _decide(request, line, AsideForm(request.POST), services.set_aside, _("The line is set aside."))


@staff_view
@require_POST
def desk_bank_return(request: PersonRequest, line: UUID) -> HttpResponse:
    """Write down that money was sent back."""
    return _decide(request, line, ReturnForm(request.POST), services.give_back, _("The return has been written down."))


@staff_view
@require_POST
def desk_bank_undoing(request: PersonRequest, booking: UUID) -> HttpResponse:
    """Undo a booking by another one."""
    found, form = (
        get_object_or_404(Booking.objects.select_related("line"), public_id=booking),
        UndoingForm(request.POST),
    )
    if not form.is_valid():
        return _refuse_form(request, form, found.line)

    def act() -> object:
        reason = form.cleaned_data["reason"]
        return services.undo(booking=found, reason=reason, actor_id=request.user.pk, now=timezone.now())

    return _try(request, found.line, act, _("The decision has been undone. The money has to be decided on again."))


def _decide(
    request: PersonRequest, line: UUID, form: DecisionForm, decide: Callable[..., object], done: str
) -> HttpResponse:
    """Decide about the open rest of a line, as a form says."""
    found = _line(line)
    if not form.is_valid():
        return _refuse_form(request, form, found)

    def act() -> object:
        return decide(line=found, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data)

    return _try(request, found, act, done)


def _try(request: PersonRequest, line: StatementLine, act: Callable[[], object], done: str) -> HttpResponse:
    try:
        act()
    except REFUSED as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, done)
    return redirect("desk_bank_line", line.public_id)


def sentence(refusal: Exception) -> str:
    """What is said to whoever was refused."""
    if isinstance(refusal, services.PriceHasRisen):
        if refusal.gross_cents is None:
            return _("These credits are not for sale any more. Send the money back, or use it for a new purchase.")
        dearer = _("These credits cost %(amount)s today. Send the money back, or use it for a new purchase.")
        return dearer % {"amount": money(refusal.gross_cents)}
    return str(REFUSALS[type(refusal)])


def _refuse_form(request: PersonRequest, form: DecisionForm | UndoingForm, line: StatementLine) -> HttpResponse:
    """Say what is wrong; these forms are short, so they are typed again."""
    for name, errors in form.errors.items():
        field = form.fields.get(name)
        messages.error(request, " ".join([f"{field.label}:" if field and field.label else "", *errors]).strip())
    return redirect("desk_bank_line", line.public_id)


def _line(public_id: UUID) -> StatementLine:
    lines = StatementLine.objects.select_related("statement", "created_by").defer("statement__content")
    return get_object_or_404(lines, public_id=public_id)


def _attempt(recharge: Recharge) -> Attempt:
    return Attempt.objects.filter(payment=recharge.payment_id).latest("pk")


def _may_undo(booking: Booking) -> bool:
    """Whether a booking stands and what it was for can still be taken back."""
    if booking.undoes_id or hasattr(booking, "undone_by"):
        return False
    return booking.attempt is None or booking.attempt.payment.recharge.state != Recharge.State.PAID
