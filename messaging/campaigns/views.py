"""Campaigns in the browser: compose, quote, send, follow, cancel."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.credits import selectors as credits_selectors
from messaging.campaigns import forms, pages, selectors, services
from messaging.campaigns.models import CampaignDraft
from messaging.campaigns.quote import Quote
from messaging.campaigns.tables import CampaignTable
from messaging.contacts import selectors as contacts_selectors
from messaging.delivery import selectors as delivery_selectors
from messaging.encoding import numbers
from messaging.senders import selectors as senders_selectors
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.templatetags.formats import moment, number


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


@account_view(Capability.SEND)
@require_http_methods(["GET", "POST"])
def campaign_new(request: AccountRequest) -> HttpResponse:
    """Type a message and choose whom it goes to."""
    now = timezone.now()
    form = forms.ComposeForm(request.POST or None, initial=_initial(request), choices=_choices(request))
    if request.method == "POST" and form.is_valid():
        draft = services.save_draft(account=request.account, actor_id=request.user.pk, now=now, **form.cleaned_data)
        return redirect("campaign_draft", request.account.public_id, draft.public_id)
    context = {"form": form, **_preview(request, form)}
    return render(request, "messaging/campaigns/compose.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.SEND)
@require_POST
def campaign_preview(request: AccountRequest) -> HttpResponse:
    """What is being typed, as the network counts it and as it will be charged."""
    form = forms.MessageForm(request.POST, choices=_choices(request))
    form.is_valid()
    return render(request, "messaging/campaigns/_preview.html", {"form": form, **_preview(request, form)})


@account_view(Capability.SEND)
@require_http_methods(["GET", "POST"])
def campaign_draft(request: AccountRequest, draft: UUID) -> HttpResponse:
    """The quote of a draft, and the button that sends it."""
    mine = get_object_or_404(CampaignDraft.objects.select_related("campaign"), account=request.account, public_id=draft)
    status = 200
    form = forms.SendForm(request.POST or None)
    if request.method == "POST":
        fingerprint = form.cleaned_data["fingerprint"] if form.is_valid() else ""
        status = _send(request, mine, fingerprint)
    mine.refresh_from_db()
    if mine.campaign:
        return redirect("campaign", request.account.public_id, mine.campaign.public_id)
    return render(request, "messaging/campaigns/quote.html", _quote_page(request, mine), status=status)


@account_view(Capability.SEND)
@require_POST
def campaign_draft_removal(request: AccountRequest, draft: UUID) -> HttpResponse:
    """Throw a draft away."""
    mine = get_object_or_404(CampaignDraft, account=request.account, public_id=draft)
    services.discard_draft(draft=mine)
    messages.success(request, _("The draft has been discarded."))
    return redirect("campaigns", request.account.public_id)


@account_view(Capability.VIEW)
@require_GET
def campaign(request: AccountRequest, campaign: UUID) -> HttpResponse:
    """How far a campaign is and what it costs; the part that changes comes alone to a page that asks for it again."""
    mine = get_object_or_404(selectors.campaigns(request.account), public_id=campaign)
    progress = delivery_selectors.progress(mine)
    context = {
        "campaign": mine,
        "progress": progress,
        "closed_count": progress.recipient_count - progress.open_count,
        "rows": pages.state_rows(mine, progress),
        "pace": pages.pace(mine, progress),
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
    mine = get_object_or_404(selectors.campaigns(request.account), public_id=campaign)
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


def _choices(request: AccountRequest) -> forms.Choices:
    """What this account may choose from."""
    return forms.Choices(
        senders=senders_selectors.usable(request.account),
        portal_number=numbers.international(senders_selectors.portal_sender()),
        lists=contacts_selectors.lists(request.account),
        region=contacts_selectors.region(request.account),
    )


def _initial(request: AccountRequest) -> dict[str, object]:
    """What the form begins with: the draft or the list that the address names, if they are this account's."""
    wanted = _uuid(request.GET.get("draft"))
    draft = selectors.drafts(request.account).filter(public_id=wanted).first() if wanted else None
    default = senders_selectors.default_of(request.account)
    return forms.initial(draft, default=default, list_id=str(_uuid(request.GET.get("list")) or ""))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _preview(request: AccountRequest, form: forms.MessageForm) -> dict[str, object]:
    """What the preview shows of a form that may be half filled in."""
    typed = form.cleaned_data if form.is_bound else form.initial
    text = str(typed.get("text") or (form.data.get("text", "") if form.is_bound else ""))[: forms.MAX_TEXT]
    chosen = form.cleaned_data.get("contact_list") if form.is_bound else None
    quote = selectors.preview(request.account, text=text, pasted=form.read, contact_list=chosen, now=timezone.now())
    return {"quote": quote, "encoding": pages.ENCODINGS[quote.segments.encoding], "costly": pages.costly(text)}


def _send(request: AccountRequest, draft: CampaignDraft, fingerprint: str) -> int:
    """Send the draft; what stands in the way is said on the page. Return the status of that page."""
    try:
        services.send_draft(draft=draft, fingerprint=fingerprint, actor_id=request.user.pk, now=timezone.now())
    except services.QuoteExpired:
        messages.warning(request, _("This quote held its prices for 15 minutes. Ask for a new one. Nothing was sent."))
        return 409
    except services.AlreadySent as before:
        text = _("This text was already sent to the same people on %(when)s. Say that it should go again.")
        messages.warning(request, text % {"when": moment(before.sent_at)})
        return 409
    except services.StartPassed:
        messages.warning(request, _("The moment you chose has passed. Choose another one. Nothing was sent."))
        return 409
    except services.QuoteChanged:
        messages.warning(request, _("Recipients or prices have changed since you looked. Check the new quote."))
        return 409
    except services.InsufficientCredits:
        messages.error(request, _("There are not enough credits for this campaign. Nothing was sent."))
        return 409
    except services.WalletBlocked:
        messages.error(request, _("This account has been deactivated and sends nothing any more. Nothing was sent."))
        return 409
    except services.SenderNotUsable:
        messages.error(request, _("This sender name cannot be used any more. Choose another one. Nothing was sent."))
        return 409
    except services.NotSendable as refused:
        messages.error(request, str(pages.PROBLEMS[refused.problem]))
        return 409
    messages.success(request, _("The campaign is being sent."))
    return 200


def _quote_page(request: AccountRequest, draft: CampaignDraft) -> dict[str, object]:
    quote: Quote = selectors.quote_of(draft, timezone.now())
    contact_list = selectors.list_of(draft)
    available = credits_selectors.balance(request.account).available
    problem = quote.problem
    return {
        "draft": draft,
        "contact_list": contact_list,
        "list_is_gone": draft.list_public_id is not None and contact_list is None,
        "compose_url": f"{reverse('campaign_new', args=[request.account.public_id])}?draft={draft.public_id}",
        "quote": quote,
        "encoding": pages.ENCODINGS[quote.segments.encoding],
        "problem": pages.PROBLEMS[problem] if problem else "",
        "exclusions": pages.exclusions(quote),
        "sender": draft.sender.name if draft.sender else numbers.international(senders_selectors.portal_sender()),
        "available": available,
        "balance_after": available - quote.total_units,
        "missing": max(quote.total_units - available, 0),
        "may_buy": request.member.can(Capability.BUY),
    }
