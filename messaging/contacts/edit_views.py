"""Changing a list and its contacts one by one, and taking them away as files."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from messaging.contacts import editing, exports, selectors, services
from messaging.contacts.edit_forms import ContactForm, ListForm, room
from messaging.contacts.exports import Table
from messaging.contacts.models import Contact, ContactList
from portal import delimited
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.templatetags.formats import number

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@account_view(Capability.MANAGE_CONTACTS)
@require_http_methods(["GET", "POST"])
def contact_list_settings(request: AccountRequest, contact_list: UUID) -> HttpResponse:
    """The name and the fields of a list."""
    mine = _list(request, contact_list)
    form = ListForm(request.POST if request.method == "POST" else None, contact_list=mine)
    if form.is_valid():
        try:
            name, fields = form.cleaned_data["name"], form.changes()
            editing.change_list(
                contact_list=mine, name=name, fields=fields, actor_id=request.user.pk, now=timezone.now()
            )
        except services.NameTaken:
            form.add_error("name", _("You already have a list with this name."))
        else:
            messages.success(request, _("Saved."))
            return redirect("contact_list", request.account.public_id, mine.public_id)
    context = {"form": form, "contact_list": mine}
    return _page(request, "messaging/contacts/contact_list_settings.html", context, form.is_bound)


@account_view(Capability.MANAGE_CONTACTS)
@require_http_methods(["GET", "POST"])
def contact_new(request: AccountRequest, contact_list: UUID) -> HttpResponse:
    """Add one contact with its fields."""
    mine = _list(request, contact_list)
    form = _contact_form(request, mine)
    if form.is_valid() and _saves(form, lambda: _add(request, mine, form)):
        messages.success(request, _("Saved."))
        return redirect("contact_list", request.account.public_id, mine.public_id)
    return _page(request, "messaging/contacts/contact.html", {"form": form, "contact_list": mine}, form.is_bound)


@account_view(Capability.MANAGE_CONTACTS)
@require_http_methods(["GET", "POST"])
def contact(request: AccountRequest, contact_list: UUID, contact: UUID) -> HttpResponse:
    """One contact of a list."""
    mine = _list(request, contact_list)
    found = get_object_or_404(mine.contacts, public_id=contact)
    form = _contact_form(request, mine, contact=found)

    def change() -> None:
        editing.change_contact(contact=found, details=form.details(), actor_id=request.user.pk, now=timezone.now())

    if form.is_valid() and _saves(form, change):
        messages.success(request, _("Saved."))
        return redirect("contact_list", request.account.public_id, mine.public_id)
    others = editing.lists_with(request.account, found.number)
    context = {"form": form, "contact_list": mine, "contact": found, "lists": others}
    return _page(request, "messaging/contacts/contact.html", context, form.is_bound)


@account_view(Capability.MANAGE_CONTACTS)
@require_GET
def contact_list_file(request: AccountRequest, contact_list: UUID, suffix: str) -> HttpResponseBase:
    """The contacts of a list as a file."""
    mine = _list(request, contact_list)
    back = redirect("contact_list", request.account.public_id, mine.public_id)
    return _file(request, exports.of_list(mine), suffix, back)


@account_view(Capability.MANAGE_CONTACTS)
@require_GET
def opt_outs_file(request: AccountRequest, suffix: str) -> HttpResponseBase:
    """The opt-outs as a file."""
    back = redirect("opt_outs", request.account.public_id)
    return _file(request, exports.of_opt_outs(request.account), suffix, back)


def _file(request: AccountRequest, table: Table, suffix: str, back: HttpResponse) -> HttpResponseBase:
    name = f"{table.file_name}.{suffix}"
    if suffix == "csv":
        lines = delimited.lines(table.headings, table.rows)
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(lines, content_type=delimited.MEDIA_TYPE, headers=disposition)
    if table.row_count > exports.MAX_ROWS:
        most = number(exports.MAX_ROWS)
        messages.warning(request, _("A workbook holds up to %(most)s rows here: take the .csv file.") % {"most": most})
        return back
    content = exports.as_workbook(table, request.account, timezone.now())
    return FileResponse(content, as_attachment=True, filename=name, content_type=XLSX)


def _list(request: AccountRequest, public_id: UUID) -> ContactList:
    return get_object_or_404(selectors.lists(request.account), public_id=public_id)


def _contact_form(request: AccountRequest, contact_list: ContactList, contact: Contact | None = None) -> ContactForm:
    data = request.POST if request.method == "POST" else None
    return ContactForm(data, contact_list=contact_list, region=selectors.region(request.account), contact=contact)


def _add(request: AccountRequest, contact_list: ContactList, form: ContactForm) -> None:
    editing.add_contact(contact_list=contact_list, details=form.details(), actor_id=request.user.pk, now=timezone.now())


def _saves(form: ContactForm, act: Callable[[], None]) -> bool:
    try:
        act()
    except editing.NumberTaken:
        form.add_error("number", _("This number is in the list already."))
    except services.ListFull as full:
        form.add_error(None, room(full.room))
    return not form.errors


def _page(request: AccountRequest, template: str, context: dict[str, object], is_bound: bool) -> HttpResponse:
    return render(request, template, context, status=422 if is_bound else 200)
