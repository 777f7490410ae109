"""The desk's pages about files of the bank: choose one, see what importing it would do, import it."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from billing.bank import reading, selectors, services, statements, tables
from billing.bank.codes import Finding, StatementKind
from billing.bank.entries import LeftOut, Unreadable
from billing.bank.models import BankStatement
from billing.bank.statements import Foreseen
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.bank_forms import FAULTS, ColumnsForm, StatementForm
from portal.backoffice.bank_views import paged
from portal.backoffice.bank_views import tabs as bank_tabs
from portal.sweeps import each

SHOWN: Final = 200
# So many lines are looked at while the person waits; the sweep does the rest within a minute.
AT_ONCE: Final = 200
LEFT_OUT: Final = {
    LeftOut.EMPTY: gettext_lazy("Without any amount"),
    LeftOut.NOT_BOOKED: gettext_lazy("Announced, not booked yet"),
    LeftOut.CURRENCY: gettext_lazy("In another currency than euro"),
    LeftOut.NO_AMOUNT: gettext_lazy("Without an amount that can be read in one way"),
    LeftOut.NO_DAY: gettext_lazy("Without a day"),
}


@staff_view
@require_http_methods(["GET", "POST"])
def desk_bank_statements(request: PersonRequest) -> HttpResponse:
    """The files that were imported, and a form for the next one."""
    form = StatementForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        chosen, now = form.cleaned_data["file"], timezone.now()
        try:
            made = statements.upload(
                content=chosen.read(), file_name=str(chosen.name), actor_id=request.user.pk, now=now
            )
        except Unreadable as unreadable:
            form.add_error("file", " ".join([str(FAULTS[unreadable.fault]), unreadable.detail]).strip())
        except statements.AlreadyImported as known:
            messages.info(request, _("This file has been imported before. Nothing has changed."))
            return redirect("desk_bank_statement", known.statement.public_id)
        else:
            return redirect("desk_bank_statement", made.public_id)
    context = {"tabs": bank_tabs("desk_bank_statements"), "form": form, **paged(request, selectors.statements())}
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/backoffice/bank_statements.html", context, status=status)


@staff_view
@require_http_methods(["GET", "POST"])
def desk_bank_statement(request: PersonRequest, statement: UUID) -> HttpResponse:
    """One file: what its columns mean, what importing it would do, or what it did."""
    found = _statement(statement)
    if found.imported_at:
        context = {"statement": found, "outgoing_count": found.outgoing.count()}
        return render(request, "portal/backoffice/bank_statement.html", context)
    form = _columns(request, found)
    if form is not None and request.method == "POST" and form.is_valid():
        statements.choose_columns(statement=found, plan=form.plan)
        return redirect("desk_bank_statement", statement)
    context = {"statement": found, "columns": form, **_foreseen(found)}
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/backoffice/bank_statement.html", context, status=status)


@staff_view
@require_POST
def desk_bank_import(request: PersonRequest, statement: UUID) -> HttpResponse:
    """Import a file that was looked at; lines that say beyond doubt what they are for are booked."""
    found, now = _statement(statement), timezone.now()
    try:
        done = statements.import_lines(statement=found, actor_id=request.user.pk, now=now)
    except statements.AlreadyImported:
        messages.info(request, _("This file has been imported before. Nothing has changed."))
    except statements.PlanMissing:
        messages.error(request, _("Say first which columns hold the day and the amount."))
    except Unreadable as unreadable:
        messages.error(request, str(FAULTS[unreadable.fault]))
    else:
        try:
            each(statements.new_lines(done)[:AT_ONCE], lambda line: services.book_new(line=line, now=now))
        except* Exception:  # noqa: BLE001 - the lines are kept; the sweep tries again and says what is wrong
            messages.warning(request, _("Some lines could not be booked. We try again by ourselves every minute."))
        count = done.added_count or 0
        sentence = ngettext("%(count)d line was added.", "%(count)d lines were added.", count)
        messages.success(request, sentence % {"count": count})
    return redirect("desk_bank_statement", statement)


@staff_view
@require_POST
def desk_bank_statement_removal(request: PersonRequest, statement: UUID) -> HttpResponse:
    """Throw a file away that is not to be imported."""
    try:
        statements.discard(statement=_statement(statement), actor_id=request.user.pk, now=timezone.now())
    except statements.AlreadyImported:
        messages.error(request, _("This file has been imported. Its lines stay."))
        return redirect("desk_bank_statement", statement)
    messages.success(request, _("The file has been thrown away. Nothing of it was imported."))
    return redirect("desk_bank_statements")


def _statement(public_id: UUID) -> BankStatement:
    return get_object_or_404(BankStatement.objects.select_related("created_by"), public_id=public_id)


def _columns(request: PersonRequest, statement: BankStatement) -> ColumnsForm | None:
    """The form for the columns of a table; None for a file that says by itself what is what."""
    if statement.kind != StatementKind.CSV:
        return None
    heading = tables.look(bytes(statement.content)).heading
    return ColumnsForm(request.POST or None, heading=heading, plan=reading.plan_of(statement))


def _foreseen(statement: BankStatement) -> dict[str, object]:
    """What importing would do: how many of each, and the first rows."""
    try:
        contents, foreseen = statements.foresee(statement)
    except statements.PlanMissing:
        return {}
    new = [one for one in foreseen if not one.is_known]
    return {
        "rows": [(one, *_shown(one)) for one in foreseen[:SHOWN]],
        "more_count": max(len(foreseen) - SHOWN, 0),
        "entry_count": len(foreseen),
        "known_count": len(foreseen) - len(new),
        "booked_count": sum(one.verdict.attempt_id is not None for one in new),
        "person_count": sum(one.verdict.left != "" for one in new),
        "sum_cents": sum(one.entry.amount_cents for one in new),
        "outgoing_count": len(contents.outgoing),
        "left_out": [(LEFT_OUT[why], count) for why, count in contents.left_out.items()],
    }


def _shown(one: Foreseen) -> tuple[str, str]:
    """The kind and the words of what would become of an entry."""
    if one.is_known:
        return "neutral", _("Imported before")
    if one.verdict.confirms:
        return "ok", _("Confirmed by hand before")
    left = str(Finding(one.verdict.left.value).label)
    if one.verdict.attempt_id is None:
        return "warn", left
    return ("warn", left) if left else ("ok", _("Pays a purchase"))
