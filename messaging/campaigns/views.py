"""Campaigns in the browser: what was sent, how far it is, and how it is paused, undone or cancelled."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from messaging.campaigns import pages, selectors, services
from messaging.campaigns.models import Campaign
from messaging.campaigns.tables import CampaignTable
from messaging.delivery import selectors as delivery_selectors
from messaging.encoding.numbers import international
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.templatetags.formats import number


@account_view(Capability.VIEW)
@require_GET
def campaigns(request: AccountRequest) -> HttpResponse:
    """What was sent, and what waits to be finished."""
    context = {
        "table": CampaignTable(selectors.campaigns(request.account), request=request),
        "drafts": selectors.drafts(request.account)[:10],
        "may_send": request.member.can(Capability.SEND),
    }
    return render(request, "messaging/campaigns/campaigns.html", context)


@account_view(Capability.VIEW)
@require_GET
def campaign(request: AccountRequest, campaign: UUID) -> HttpResponse:
    """How far a campaign is and what it costs; the part that changes comes alone to a page that asks for it again."""
    mine = _mine(request, campaign)
    progress = delivery_selectors.progress(mine)
    now = timezone.now()
    context = {
        "campaign": mine,
        "sender": international(mine.sender),
        "progress": progress,
        "closed_count": progress.recipient_count - progress.open_count,
        "rows": pages.state_rows(mine, progress),
        "returned_rows": pages.returned_rows(mine, delivery_selectors.returned(mine)),
        "pace": pages.pace(mine, progress),
        "is_planned": pages.is_planned(mine, now),
        "undo_until": pages.undo_until(mine, now),
        "may_cancel": pages.may_cancel(mine, progress),
        "may_send": request.member.can(Capability.SEND),
    }
    name = "_progress.html" if request.htmx else "campaign.html"
    response = render(request, f"messaging/campaigns/{name}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@account_view(Capability.SEND)
@require_POST
def campaign_cancellation(request: AccountRequest, campaign: UUID) -> HttpResponse:
    """Cancel what has not been handed over."""
    mine = _mine(request, campaign)
    try:
        count = services.cancel(campaign=mine, actor_id=request.user.pk, now=timezone.now())
    except services.NothingToCancel:
        messages.warning(request, _("Nothing is left to cancel: every message has been handed over."))
    else:
        text = ngettext(
            "%(count)s message was cancelled. Its credits come back to you.",
            "%(count)s messages were cancelled. Their credits come back to you.",
            count,
        )
        messages.success(request, text % {"count": number(count)})
    return redirect("campaign", request.account.public_id, mine.public_id)


@account_view(Capability.SEND)
@require_POST
def campaign_undo(request: AccountRequest, campaign: UUID) -> HttpResponse:
    """Take back what has not begun to leave; what was written is a draft again."""
    mine = _mine(request, campaign)
    try:
        draft = services.undo(campaign=mine, actor_id=request.user.pk, now=timezone.now())
    except services.TooLateToUndo:
        messages.warning(request, _("It is too late to undo: messages may have left. You can cancel the rest."))
        return redirect("campaign", request.account.public_id, mine.public_id)
    messages.success(request, _("Nothing was sent, and its credits come back to you. Here is your message again."))
    return redirect("campaign_draft", request.account.public_id, draft.public_id)


@account_view(Capability.SEND)
@require_POST
def campaign_pause(request: AccountRequest, campaign: UUID) -> HttpResponse:
    """Hand over nothing more for now."""
    mine = _mine(request, campaign)
    try:
        services.pause(campaign=mine, actor_id=request.user.pk, now=timezone.now())
    except services.NotUnderWay:
        messages.warning(request, _("This campaign is not being sent any more, so it cannot be paused."))
    return redirect("campaign", request.account.public_id, mine.public_id)


@account_view(Capability.SEND)
@require_POST
def campaign_resumption(request: AccountRequest, campaign: UUID) -> HttpResponse:
    """Go on."""
    mine = _mine(request, campaign)
    try:
        services.resume(campaign=mine, actor_id=request.user.pk, now=timezone.now())
    except services.NotUnderWay:
        messages.warning(request, _("This campaign is not paused."))
    return redirect("campaign", request.account.public_id, mine.public_id)


def _mine(request: AccountRequest, campaign: UUID) -> Campaign:
    return get_object_or_404(selectors.campaigns(request.account), public_id=campaign)
