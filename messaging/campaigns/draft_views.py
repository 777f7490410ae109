"""A draft in the browser: its quote, what is decided about it, and the button that sends it."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from messaging.campaigns import forms, keeping_forms, pages, quote_page, selectors, services
from messaging.campaigns.models import CampaignDraft
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.templatetags.formats import moment


@account_view(Capability.SEND)
@require_http_methods(["GET", "POST"])
def campaign_draft(request: AccountRequest, draft: UUID) -> HttpResponse:
    """The quote of a draft, and the button that sends it."""
    mine = _mine(request, draft)
    status = 200
    form = forms.SendForm(request.POST or None)
    if request.method == "POST":
        is_valid = form.is_valid()
        fingerprint = form.cleaned_data["fingerprint"] if is_valid else ""
        status = _send(request, mine, fingerprint, again=is_valid and form.cleaned_data["again"])
    mine = _mine(request, draft)
    if mine.campaign:
        return redirect("campaign", request.account.public_id, mine.campaign.public_id)
    return _page(request, mine, status)


@account_view(Capability.SEND)
@require_POST
def campaign_draft_removal(request: AccountRequest, draft: UUID) -> HttpResponse:
    """Throw a draft away."""
    services.discard_draft(draft=_mine(request, draft))
    messages.success(request, _("The draft has been discarded."))
    return redirect("campaigns", request.account.public_id)


@account_view(Capability.SEND)
@require_POST
def campaign_draft_quote(request: AccountRequest, draft: UUID) -> HttpResponse:
    """Quote the draft at today's prices."""
    return _decide(request, draft, lambda mine, now: services.quote_again(draft=mine, now=now))


@account_view(Capability.SEND)
@require_POST
def campaign_draft_omission(request: AccountRequest, draft: UUID) -> HttpResponse:
    """Leave out who misses a merge field."""
    return _decide(request, draft, lambda mine, now: services.leave_out_missing(draft=mine, now=now))


@account_view(Capability.SEND)
@require_POST
def campaign_draft_default(request: AccountRequest, draft: UUID) -> HttpResponse:
    """Say what stands where a merge field is missing."""
    mine = _mine(request, draft)
    form = keeping_forms.DefaultForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Type what should stand there instead."))
    else:
        services.give_default(draft=mine, now=timezone.now(), **form.cleaned_data)
    return redirect("campaign_draft", request.account.public_id, draft)


@account_view(Capability.SEND)
@require_POST
def campaign_draft_countries(request: AccountRequest, draft: UUID) -> HttpResponse:
    """Write to nobody in the ticked countries; without a tick to all of them again."""
    ticked = {prefix for prefix in request.POST.getlist("prefix") if prefix.isdigit() and len(prefix) <= 7}
    kept = set() if "all" in request.POST else set(_mine(request, draft).skipped_prefixes)
    return _decide(
        request, draft, lambda mine, now: services.skip_countries(draft=mine, prefixes=ticked | kept, now=now)
    )


def _mine(request: AccountRequest, draft: UUID) -> CampaignDraft:
    rows = CampaignDraft.objects.select_related("campaign", "sender", "account")
    return get_object_or_404(rows, account=request.account, public_id=draft)


def _decide(request: AccountRequest, draft: UUID, act: Callable[[CampaignDraft, datetime], None]) -> HttpResponse:
    act(_mine(request, draft), timezone.now())
    return redirect("campaign_draft", request.account.public_id, draft)


def _send(request: AccountRequest, draft: CampaignDraft, fingerprint: str, *, again: bool) -> int:
    """Send the draft; what stands in the way is said on the page. Return the status of that page."""
    now = timezone.now()
    try:
        services.send_draft(draft=draft, fingerprint=fingerprint, actor_id=request.user.pk, now=now, again=again)
    except services.QuoteExpired:
        services.quote_again(draft=draft, now=now)
        messages.warning(request, _("The quote held its prices for 15 minutes. Check the new one. Nothing was sent."))
    except services.QuoteChanged:
        kept = selectors.kept_quote(draft)
        # What was never quoted changes nothing; only what was seen and is no longer so is quoted again.
        if kept and kept.fingerprint == fingerprint:
            services.quote_again(draft=draft, now=now)
        messages.warning(request, _("Recipients or prices have changed since you looked. Check the new quote."))
    except services.AlreadySent as before:
        text = _("This text was already sent to the same people on %(when)s. Tick that it should go again.")
        messages.warning(request, text % {"when": moment(before.sent_at)})
    except services.StartPassed:
        messages.warning(request, _("The moment you chose has passed. Choose another one. Nothing was sent."))
    except services.InsufficientCredits:
        messages.error(request, _("There are not enough credits for this campaign. Nothing was sent."))
    except services.WalletBlocked:
        messages.error(request, _("This account has been deactivated and sends nothing any more. Nothing was sent."))
    except services.SenderNotUsable:
        messages.error(request, _("This sender name cannot be used any more. Choose another one. Nothing was sent."))
    except services.NotSendable as refused:
        messages.error(request, str(pages.PROBLEMS[refused.problem]))
    else:
        return 200
    return 409


def _page(request: AccountRequest, draft: CampaignDraft, status: int) -> HttpResponse:
    """The quote, or how far it is while it is worked out."""
    quote = selectors.kept_quote(draft)
    context: dict[str, object] = {"draft": draft, "compose_url": quote_page.compose_url(draft)}
    if quote is None:
        context["size"] = selectors.size_of(draft)
        return render(request, "messaging/campaigns/counting.html", context, status=status)
    context |= quote_page.context(draft, quote, timezone.now())
    context["may_buy"] = request.member.can(Capability.BUY)
    return render(request, "messaging/campaigns/quote.html", context, status=status)
