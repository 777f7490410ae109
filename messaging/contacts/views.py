"""Contacts in the browser."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_tables2 import RequestConfig

from messaging.contacts import notes, selectors, services
from messaging.contacts.forms import ContactListForm, PasteForm, RemovalForm, WithdrawalForm
from messaging.contacts.models import ContactList, OptOut
from messaging.contacts.tables import ContactListTable, ContactTable
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.templatetags.formats import number

PAGE = 50


@account_view(Capability.VIEW)
@require_GET
def contact_lists(request: AccountRequest) -> HttpResponse:
    """The account's lists."""
    table = ContactListTable(selectors.lists(request.account), request=request)
    return render(
        request,
        "messaging/contacts/contact_lists.html",
        {
            "table": table,
            "opt_out_count": selectors.opt_outs(request.account).count(),
            "may_change": request.member.can(Capability.MANAGE_CONTACTS),
        },
    )


@account_view(Capability.MANAGE_CONTACTS)
@require_http_methods(["GET", "POST"])
def contact_list_new(request: AccountRequest) -> HttpResponse:
    """Make a list, with its first contacts if they are at hand."""
    form = ContactListForm(request.POST or None, region=selectors.region(request.account))
    if request.method == "POST" and form.is_valid():
        try:
            contact_list = services.create_list(
                account=request.account,
                name=form.cleaned_data["name"],
                entries=form.read.entries,
                actor_id=request.user.pk,
                now=timezone.now(),
            )
        except services.NameTaken:
            form.add_error("name", _("You already have a list with this name."))
        else:
            notes.tell(request, form.read, added_count=len(form.read.entries))
            return redirect("contact_list", request.account.public_id, contact_list.public_id)
    status = 422 if form.is_bound else 200
    return render(request, "messaging/contacts/contact_list_new.html", {"form": form}, status=status)


@account_view(Capability.VIEW)
@require_GET
def contact_list(request: AccountRequest, contact_list: UUID) -> HttpResponse:
    """The contacts of a list."""
    mine = get_object_or_404(selectors.lists(request.account), public_id=contact_list)
    form = PasteForm(region=selectors.region(request.account))
    return render(request, "messaging/contacts/contact_list.html", _list_page(request, mine, form))


@account_view(Capability.MANAGE_CONTACTS)
@require_POST
def contacts(request: AccountRequest, contact_list: UUID) -> HttpResponse:
    """Add pasted contacts to a list."""
    mine = get_object_or_404(selectors.lists(request.account), public_id=contact_list)
    form = PasteForm(request.POST, region=selectors.region(request.account))
    if form.is_valid():
        try:
            added = services.add_contacts(
                contact_list=mine, entries=form.read.entries, actor_id=request.user.pk, now=timezone.now()
            )
        except services.ListFull as full:
            room = number(full.room)
            form.add_error(
                "pasted", _("The list would become too long: it has room for %(room)s more.") % {"room": room}
            )
        else:
            notes.tell(request, form.read, added_count=added.added_count, known_count=added.known_count)
            return redirect("contact_list", request.account.public_id, mine.public_id)
    return render(request, "messaging/contacts/contact_list.html", _list_page(request, mine, form), status=422)


@account_view(Capability.MANAGE_CONTACTS)
@require_POST
def contact_removal(request: AccountRequest, contact_list: UUID) -> HttpResponse:
    """Take the chosen contacts out of a list."""
    mine = get_object_or_404(selectors.lists(request.account), public_id=contact_list)
    form = RemovalForm(request.POST, contacts=selectors.contacts(mine))
    count = 0
    if form.is_valid():
        chosen = [contact.public_id for contact in form.cleaned_data["contact"]]
        count = services.remove_contacts(
            contact_list=mine, contacts=chosen, actor_id=request.user.pk, now=timezone.now()
        )
    if count:
        text = ngettext("%(count)s contact removed.", "%(count)s contacts removed.", count) % {"count": number(count)}
        messages.success(request, text)
    else:
        messages.warning(request, _("Nothing was removed: select the contacts first."))
    return redirect("contact_list", request.account.public_id, mine.public_id)


@account_view(Capability.MANAGE_CONTACTS)
@require_POST
def contact_list_removal(request: AccountRequest, contact_list: UUID) -> HttpResponse:
    """Delete a list."""
    mine = get_object_or_404(selectors.lists(request.account), public_id=contact_list)
    services.delete_list(contact_list=mine, actor_id=request.user.pk, now=timezone.now())
    messages.success(request, _("The list “%(name)s” has been deleted.") % {"name": mine.name})
    return redirect("contact_lists", request.account.public_id)


@account_view(Capability.VIEW)
@require_GET
def opt_outs(request: AccountRequest) -> HttpResponse:
    """The numbers that want nothing from the account."""
    form = PasteForm(region=selectors.region(request.account))
    return render(request, "messaging/contacts/opt_outs.html", _opt_out_page(request, form))


@account_view(Capability.MANAGE_CONTACTS)
@require_POST
def opt_out_new(request: AccountRequest) -> HttpResponse:
    """Write down numbers that want nothing more."""
    form = PasteForm(request.POST, region=selectors.region(request.account))
    if not form.is_valid():
        return render(request, "messaging/contacts/opt_outs.html", _opt_out_page(request, form), status=422)
    numbers = [entry.number for entry in form.read.entries]
    count = services.opt_out_all(account=request.account, numbers=numbers, actor_id=request.user.pk, now=timezone.now())
    notes.tell(request, form.read, added_count=count, known_count=len(numbers) - count)
    return redirect("opt_outs", request.account.public_id)


@account_view(Capability.MANAGE_CONTACTS)
@require_http_methods(["GET", "POST"])
def opt_out_withdrawal(request: AccountRequest, opt_out: UUID) -> HttpResponse:
    """Let messages reach a number again, and say why."""
    mine = get_object_or_404(OptOut, account=request.account, public_id=opt_out)
    form = WithdrawalForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        services.withdraw_opt_out(opt_out=mine, reason=reason, actor_id=request.user.pk, now=timezone.now())
        messages.success(request, _("Messages can reach %(number)s again.") % {"number": mine.written})
        return redirect("opt_outs", request.account.public_id)
    status = 422 if form.is_bound else 200
    context = {"form": form, "opt_out": mine}
    return render(request, "messaging/contacts/opt_out_withdrawal.html", context, status=status)


def _list_page(request: AccountRequest, contact_list: ContactList, form: PasteForm) -> dict[str, object]:
    wanted = request.GET.get("q", "").replace("\x00", "").strip()
    found = selectors.contacts(contact_list)
    if wanted:
        digits = "".join(filter(str.isdigit, wanted))
        condition = Q(name__icontains=wanted)
        found = found.filter(condition | Q(number__contains=digits) if digits else condition)
    may_change = request.member.can(Capability.MANAGE_CONTACTS)
    table = ContactTable(found, contact_list=contact_list, may_change=may_change)
    RequestConfig(request, paginate={"per_page": PAGE}).configure(table)
    return {
        "contact_list": contact_list,
        "table": table,
        "form": form,
        "wanted": wanted,
        "may_change": may_change,
        "may_send": request.member.can(Capability.SEND),
    }


def _opt_out_page(request: AccountRequest, form: PasteForm) -> dict[str, object]:
    page = Paginator(selectors.opt_outs(request.account), PAGE).get_page(request.GET.get("page"))
    form.fields["pasted"].label = _("Numbers")
    form.fields["pasted"].help_text = _("One a line.")
    return {
        "page": page,
        "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else "",
        "form": form,
        "may_change": request.member.can(Capability.MANAGE_CONTACTS),
    }
