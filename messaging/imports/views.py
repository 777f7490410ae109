"""Imports in the browser: a file, its columns, the report, the confirmation."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messaging.contacts import selectors as contacts_selectors
from messaging.imports import pages, reading, selectors, services
from messaging.imports.forms import ConfirmationForm, PlanForm, UploadForm
from messaging.imports.models import ContactImport, Purpose, State
from portal import delimited
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.templatetags.formats import number

SHOWN = 50


@account_view(Capability.MANAGE_CONTACTS)
@require_GET
def imports(request: AccountRequest) -> HttpResponse:
    """The files that were uploaded, the latest first."""
    shown = selectors.imports(request.account)[:SHOWN]
    return render(request, "messaging/imports/imports.html", {"imports": shown})


@account_view(Capability.MANAGE_CONTACTS)
@require_http_methods(["GET", "POST"])
def import_new(request: AccountRequest) -> HttpResponse:
    """Choose a file. Sent twice, the form is one import."""
    is_opt_outs = request.GET.get("into") == Purpose.OPT_OUTS
    lists = None if is_opt_outs else contacts_selectors.lists(request.account)
    data = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = UploadForm(*data, lists=lists, initial={"contact_list": request.GET.get("list", "")})
    if form.is_valid():
        purpose = Purpose.OPT_OUTS if is_opt_outs else Purpose.CONTACTS
        cleaned = form.cleaned_data
        destination = services.Destination(purpose, cleaned.get("contact_list"), cleaned.get("list_name", ""))
        try:
            made = services.upload(
                account=request.account,
                destination=destination,
                file=cleaned["file"],
                look=form.look,
                reference=cleaned["reference"],
                actor_id=request.user.pk,
                now=timezone.now(),
            )
        except services.TooManyOpen:
            form.add_error(None, _("Several imports are not finished yet. Finish or remove one of them first."))
        else:
            return redirect("import_columns", request.account.public_id, made.public_id)
    context = {"form": form, "is_opt_outs": is_opt_outs}
    return render(request, "messaging/imports/import_new.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.MANAGE_CONTACTS)
@require_http_methods(["GET", "POST"])
def import_columns(request: AccountRequest, contact_import: UUID) -> HttpResponse:
    """Say what the columns mean."""
    mine = _mine(request, contact_import)
    if mine.state not in {State.UPLOADED, State.READ}:
        return redirect("import", request.account.public_id, mine.public_id)
    form = _plan_form(request, mine)
    if form.is_valid():
        try:
            services.choose_columns(contact_import=mine, plan=form.plan(), actor_id=request.user.pk, now=timezone.now())
        except services.NotNow:
            messages.info(request, _("Somebody else has gone on with this import."))
        else:
            services.work_at_once(contact_import=mine)
        return redirect("import", request.account.public_id, mine.public_id)
    context = {"import": mine, "form": form, **pages.file_facts(mine)}
    return render(request, "messaging/imports/columns.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.MANAGE_CONTACTS)
@require_GET
def contact_import(request: AccountRequest, contact_import: UUID) -> HttpResponse:
    """How far an import is: its progress, its report, or what it saved."""
    mine = _mine(request, contact_import)
    if mine.state == State.UPLOADED:
        return redirect("import_columns", request.account.public_id, mine.public_id)
    context = {"import": mine, "form": ConfirmationForm(), **pages.file_facts(mine), **pages.report(mine)}
    is_fragment = request.headers.get("HX-Target") == "import"
    return render(request, f"messaging/imports/{'_import' if is_fragment else 'import'}.html", context)


@account_view(Capability.MANAGE_CONTACTS)
@require_POST
def import_confirmation(request: AccountRequest, contact_import: UUID) -> HttpResponse:
    """Save what was read. Clicked twice, it is saved once."""
    mine = _mine(request, contact_import)
    form = ConfirmationForm(request.POST)
    renew = form.is_valid() and form.cleaned_data["renew"]
    try:
        services.confirm(contact_import=mine, renew=renew, actor_id=request.user.pk, now=timezone.now())
    except services.NotNow:
        if not (mine.is_under_way or mine.state == State.SAVED):
            messages.warning(request, _("This import cannot be saved: choose the columns first."))
    else:
        services.work_at_once(contact_import=mine)
    return redirect("import", request.account.public_id, mine.public_id)


@account_view(Capability.MANAGE_CONTACTS)
@require_POST
def import_withdrawal(request: AccountRequest, contact_import: UUID) -> HttpResponse:
    """Remove an import, and what it added."""
    mine = _mine(request, contact_import)
    try:
        count = services.withdraw(contact_import=mine, actor_id=request.user.pk, now=timezone.now())
    except services.NotNow:
        messages.warning(request, _("This import cannot be removed now."))
        return redirect("import", request.account.public_id, mine.public_id)
    text = _("The import of %(file)s has been removed.") % {"file": mine.file_name}
    if count:
        taken_out = ngettext("%(count)s contact was taken out.", "%(count)s contacts were taken out.", count)
        text = f"{text} {taken_out % {'count': number(count)}}"
    messages.success(request, text)
    return redirect("imports", request.account.public_id)


@account_view(Capability.MANAGE_CONTACTS)
@require_GET
def import_refused(request: AccountRequest, contact_import: UUID) -> StreamingHttpResponse:
    """The rows of which nothing is saved, as a file to correct and to import again."""
    mine = _mine(request, contact_import)
    response = StreamingHttpResponse(delimited.lines(*pages.refused(mine)), content_type=delimited.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="saldo-refused-rows-{mine.created_at:%Y%m%d}.csv"'
    return response


@account_view(Capability.MANAGE_CONTACTS)
@require_POST
def contact_erasure(request: AccountRequest, contact_list: UUID, contact: UUID) -> HttpResponse:
    """Forget a number wherever the account has it."""
    mine = get_object_or_404(contacts_selectors.lists(request.account), public_id=contact_list)
    found = get_object_or_404(mine.contacts, public_id=contact)
    count = services.erase(account=request.account, number=found.number, actor_id=request.user.pk, now=timezone.now())
    text = ngettext("Deleted from %(count)s list.", "Deleted from %(count)s lists.", count)
    messages.success(request, text % {"count": number(count)})
    return redirect("contact_list", request.account.public_id, mine.public_id)


def _mine(request: AccountRequest, contact_import: UUID) -> ContactImport:
    return get_object_or_404(selectors.imports(request.account), public_id=contact_import)


def _plan_form(request: AccountRequest, mine: ContactImport) -> PlanForm:
    contact_list = reading.list_of(mine)
    return PlanForm(
        request.POST if request.method == "POST" else None,
        head=mine.sample["head"],
        plan=pages.proposal(mine, contacts_selectors.region(request.account)),
        field_names=contact_list.field_names if contact_list else [],
        only_numbers=mine.purpose == Purpose.OPT_OUTS,
    )
