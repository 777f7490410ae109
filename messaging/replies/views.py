"""The pages of replies."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.pricing import selectors as pricing_selectors
from billing.pricing.codes import Service
from billing.pricing.quote import NoRate
from messaging.campaigns import services as campaigns
from messaging.campaigns.models import Campaign
from messaging.contacts import selectors as contacts_selectors
from messaging.encoding.numbers import international
from messaging.replies import inbox, selectors, sending, services
from messaging.replies.forms import AnswerForm, InboxForm, SettingsForm
from messaging.replies.models import InboxReply
from messaging.senders import selectors as senders_selectors
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.templatetags.formats import number


@account_view(Capability.VIEW)
@require_safe
def replies(request: AccountRequest) -> HttpResponse:
    """The inbox; its address carries the filters and the position."""
    form = InboxForm(request.GET)
    now = timezone.now()
    context = {
        "form": form,
        "page": inbox.page(request.account, form.filters(), position=request.GET.get("page", "")),
        "unread_count": selectors.unread_count(request.account),
        "own_numbers": selectors.number_of(request.account, now),
        "shared_number": international(senders_selectors.portal_sender()),
        "memory_days": selectors.MEMORY.days,
        "may_send": request.member.can(Capability.SEND),
    }
    return render(request, "messaging/replies/replies.html", context)


@account_view(Capability.VIEW)
@require_safe
def reply(request: AccountRequest, reply: UUID) -> HttpResponse:
    """A reply in its conversation, and the form to answer it."""
    return _show(request, _mine(request, reply), AnswerForm())


@account_view(Capability.VIEW)
@require_POST
def reply_reading(request: AccountRequest, reply: UUID) -> HttpResponse:
    """Mark a reply as read; `unread` takes that back."""
    mine = _mine(request, reply)
    if request.POST.get("unread"):
        services.mark_unread(received=mine)
        return redirect("replies", request.account.public_id)
    services.mark_read(account=request.account, replies=[mine.pk], actor_id=request.user.pk, now=timezone.now())
    if request.htmx:
        return HttpResponse(status=204)
    return redirect("reply", request.account.public_id, mine.public_id)


@account_view(Capability.VIEW)
@require_POST
def replies_reading(request: AccountRequest) -> HttpResponse:
    """Mark all replies as read."""
    count = services.mark_read(account=request.account, replies=None, actor_id=request.user.pk, now=timezone.now())
    text = ngettext("%(count)s reply is marked as read.", "%(count)s replies are marked as read.", count)
    messages.success(request, text % {"count": number(count)})
    return redirect("replies", request.account.public_id)


@account_view(Capability.SEND)
@require_POST
def reply_answer(request: AccountRequest, reply: UUID) -> HttpResponse:
    """Send an answer, charged like any message. Sent twice, the form is one message."""
    mine, form = _mine(request, reply), AnswerForm(request.POST)
    if form.is_valid() and _answered(request, mine, form):
        messages.success(request, _("Your answer is on its way."))
        return redirect("reply", request.account.public_id, mine.public_id)
    return _show(request, mine, form)


@account_view(Capability.SEND)
@require_http_methods(["GET", "HEAD", "POST"])
def reply_settings(request: AccountRequest) -> HttpResponse:
    """What happens with replies by itself."""
    kept = selectors.settings_of(request.account)
    form = SettingsForm(request.POST or None, kept=kept, suggested_email=request.user.email)
    if form.is_valid():
        services.change_settings(
            account=request.account, wishes=form.wishes(), actor_id=request.user.pk, now=timezone.now()
        )
        messages.success(request, _("Saved."))
        return redirect("reply_settings", request.account.public_id)
    context = {"form": form}
    return render(request, "messaging/replies/settings.html", context, status=422 if form.errors else 200)


def _mine(request: AccountRequest, reply: UUID) -> InboxReply:
    return get_object_or_404(selectors.inbox(request.account).select_related("account"), public_id=reply)


def _answered(request: AccountRequest, mine: InboxReply, form: AnswerForm) -> Campaign | None:
    """Send the answer, or say on the form why it was not sent."""
    answer: dict[str, Any] = form.cleaned_data
    try:
        return sending.answer(received=mine, actor_id=request.user.pk, now=timezone.now(), **answer)
    except campaigns.InsufficientCredits:
        form.add_error(None, _("There are too few credits for this answer. Nothing was sent."))
    except campaigns.WalletBlocked:
        form.add_error(None, _("The credits of this account are blocked. Nothing was sent."))
    except (campaigns.NotSendable, campaigns.SenderNotUsable):
        form.add_error(None, _("Nothing can be sent to this number. Nothing was charged."))
    return None


def _show(request: AccountRequest, mine: InboxReply, form: AnswerForm) -> HttpResponse:
    """The conversation; who cannot be written to, and what a message costs, is said before anybody types."""
    try:
        price = pricing_selectors.rates(Service.SMS_SEGMENT, timezone.now()).find(mine.number).units
    except NoRate:
        price = None
    context = {
        "received": mine,
        "destination": international(mine.reply.destination),
        "lines": selectors.conversation(mine),
        "form": form,
        "price_units": price,
        "is_opted_out": bool(contacts_selectors.opted_out(request.account, [mine.number])),
        "may_send": request.member.can(Capability.SEND),
        "memory_days": selectors.MEMORY.days,
    }
    return render(request, "messaging/replies/reply.html", context, status=422 if form.errors else 200)
