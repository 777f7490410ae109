"""Sender names in the browser."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from messaging.encoding import numbers
from messaging.senders import downloads, selectors, services, wording
from messaging.senders.codes import OUTCOME_KINDS, State
from messaging.senders.documents import MAX_DOCUMENTS
from messaging.senders.forms import DefaultSenderForm, DocumentsForm, SenderNameForm
from messaging.senders.models import SenderName
from messaging.senders.tables import SenderNameTable
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability


@account_view(Capability.VIEW)
@require_GET
def sender_names(request: AccountRequest) -> HttpResponse:
    """The account's names and its default sender."""
    return render(request, "messaging/senders/sender_names.html", _page(request, _default_form(request)))


@account_view(Capability.MANAGE_SENDERS)
@require_http_methods(["GET", "POST"])
def sender_name_new(request: AccountRequest) -> HttpResponse:
    """Ask for a name."""
    form = SenderNameForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            sender = services.request(
                account=request.account, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data
            )
        except services.AlreadyRequested:
            form.add_error("name", _("You have already requested this name."))
        else:
            messages.success(
                request, _("“%(name)s” has been requested. We review it, usually within a day.") % {"name": sender.name}
            )
            return redirect("sender_name", request.account.public_id, sender.public_id)
    status = 422 if form.is_bound else 200
    return render(request, "messaging/senders/sender_name_new.html", {"form": form}, status=status)


@account_view(Capability.VIEW)
@require_safe
def sender_name(request: AccountRequest, sender: UUID) -> HttpResponse:
    """How one name stands, here and in each country, and its story."""
    found = get_object_or_404(selectors.names(request.account), public_id=sender)
    return render(request, "messaging/senders/sender_name.html", _story(request, found, DocumentsForm()))


@account_view(Capability.MANAGE_SENDERS)
@require_POST
def sender_withdrawal(request: AccountRequest, sender: UUID) -> HttpResponse:
    """Give a name up."""
    found = get_object_or_404(selectors.names(request.account), public_id=sender)
    try:
        services.withdraw(sender=found, actor_id=request.user.pk, now=timezone.now())
        messages.success(request, _("“%(name)s” has been withdrawn.") % {"name": found.name})
    except services.AlreadyReviewed:
        messages.error(request, _("This name has ended already. Nothing was changed."))
    return redirect("sender_name", request.account.public_id, found.public_id)


@account_view(Capability.MANAGE_SENDERS)
@require_POST
def sender_documents(request: AccountRequest, sender: UUID) -> HttpResponse:
    """Add documents to a name."""
    found = get_object_or_404(selectors.names(request.account), public_id=sender)
    form = DocumentsForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            services.add_documents(
                sender=found, papers=form.cleaned_data["papers"], actor_id=request.user.pk, now=timezone.now()
            )
        except services.TooManyDocuments:
            most = {"most": MAX_DOCUMENTS}
            form.add_error("papers", _("A sender name has at most %(most)s documents.") % most)
        except services.AlreadyReviewed:
            form.add_error(None, _("This name has ended. Request it again to add documents."))
        else:
            messages.success(request, _("The documents have been added."))
            return redirect("sender_name", request.account.public_id, found.public_id)
    return render(request, "messaging/senders/sender_name.html", _story(request, found, form), status=422)


@account_view(Capability.MANAGE_SENDERS)
@require_safe
def sender_document(request: AccountRequest, sender: UUID, document: UUID) -> HttpResponse:
    """Download a document; it is never shown inside the page."""
    found = get_object_or_404(selectors.names(request.account), public_id=sender)
    return downloads.file_of(get_object_or_404(found.documents.all(), public_id=document))


@account_view(Capability.MANAGE_SENDERS)
@require_POST
def default_sender(request: AccountRequest) -> HttpResponse:
    """Choose the sender of every message unless told otherwise."""
    form = _default_form(request)
    if not form.is_valid():
        return render(request, "messaging/senders/sender_names.html", _page(request, form), status=422)
    chosen = form.cleaned_data["sender"]
    try:
        services.set_default(account=request.account, sender=chosen, actor_id=request.user.pk, now=timezone.now())
        messages.success(request, _("The default sender has been saved."))
    except services.NotApproved:  # taken back while the page was open
        messages.error(request, _("This sender is not approved. Choose another one."))
    return redirect("sender_names", request.account.public_id)


def _default_form(request: AccountRequest) -> DefaultSenderForm:
    default = selectors.default_of(request.account)
    return DefaultSenderForm(
        request.POST or None,
        initial={"sender": default.public_id if default else ""},
        senders=selectors.usable(request.account),
        portal_number=numbers.international(selectors.portal_sender()),
    )


def _page(request: AccountRequest, form: DefaultSenderForm) -> dict[str, object]:
    return {
        "table": SenderNameTable(selectors.names_with_registrations(request.account), request=request),
        "form": form,
        "may_change": request.member.can(Capability.MANAGE_SENDERS),
        "default": selectors.default_of(request.account),
        "portal_number": numbers.international(selectors.portal_sender()),
    }


def _story(request: AccountRequest, sender: SenderName, form: DocumentsForm) -> dict[str, object]:
    now = timezone.now()
    is_alive = sender.state in {State.REQUESTED, State.APPROVED}
    may_change = request.member.can(Capability.MANAGE_SENDERS)
    open_to = selectors.open_to(sender, now) if may_change else []
    return {
        "sender": sender,
        "shown": numbers.international(sender.name),
        "registrations": selectors.registrations(sender),
        "outlook": [(OUTCOME_KINDS[each], each.label, names) for each, names in selectors.outlook(sender, now)],
        "story": [(wording.step(each), "") for each in selectors.story(sender)],
        "documents": sender.documents.order_by("pk"),
        "form": form,
        "may_change": may_change,
        "may_withdraw": may_change and is_alive,
        "may_register_in_italy": selectors.ALIAS_COUNTRY in open_to,
        "may_register": any(country != selectors.ALIAS_COUNTRY for country in open_to),
    }
