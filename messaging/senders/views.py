"""Sender names in the browser."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messaging.encoding import numbers
from messaging.senders import selectors, services
from messaging.senders.forms import DefaultSenderForm, SenderNameForm
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
    form = SenderNameForm(request.POST or None)
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
            return redirect("sender_names", request.account.public_id)
    status = 422 if form.is_bound else 200
    return render(request, "messaging/senders/sender_name_new.html", {"form": form}, status=status)


@account_view(Capability.MANAGE_SENDERS)
@require_POST
def default_sender(request: AccountRequest) -> HttpResponse:
    """Choose the sender of every message unless told otherwise."""
    form = _default_form(request)
    if not form.is_valid():
        return render(request, "messaging/senders/sender_names.html", _page(request, form), status=422)
    services.set_default(
        account=request.account, sender=form.cleaned_data["sender"], actor_id=request.user.pk, now=timezone.now()
    )
    messages.success(request, _("The default sender has been saved."))
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
        "table": SenderNameTable(selectors.names(request.account), request=request),
        "form": form,
        "may_change": request.member.can(Capability.MANAGE_SENDERS),
        "default": selectors.default_of(request.account),
        "portal_number": numbers.international(selectors.portal_sender()),
    }
