"""Composing in the browser: the form, what it comes to so far, the texts an account keeps, and how it sends."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from messaging.campaigns import forms, keeping_forms, pages, selectors, services
from messaging.campaigns.codes import Traffic
from messaging.campaigns.models import TextTemplate
from messaging.contacts import selectors as contacts_selectors
from messaging.encoding import numbers
from messaging.senders import selectors as senders_selectors
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability


@account_view(Capability.SEND)
@require_http_methods(["GET", "POST"])
def campaign_new(request: AccountRequest) -> HttpResponse:
    """Type a message and choose whom it goes to."""
    now = timezone.now()
    form = forms.ComposeForm(request.POST or None, initial=_initial(request), choices=_choices(request))
    if request.method == "POST" and form.is_valid():
        draft = services.save_draft(account=request.account, actor_id=request.user.pk, now=now, **form.cleaned_data)
        return redirect("campaign_draft", request.account.public_id, draft.public_id)
    context = {"form": form, "templates": selectors.templates(request.account)[:50], **_preview(request, form)}
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
def text_templates(request: AccountRequest) -> HttpResponse:
    """The texts the account keeps, and a form for another one."""
    return _template(request, None)


@account_view(Capability.SEND)
@require_http_methods(["GET", "POST"])
def text_template(request: AccountRequest, text_template: UUID) -> HttpResponse:
    """One text that is kept, to be changed."""
    return _template(request, get_object_or_404(TextTemplate, account=request.account, public_id=text_template))


@account_view(Capability.SEND)
@require_POST
def text_template_removal(request: AccountRequest, text_template: UUID) -> HttpResponse:
    """Throw a text away."""
    kept = get_object_or_404(TextTemplate, account=request.account, public_id=text_template)
    services.delete_template(template=kept, actor_id=request.user.pk, now=timezone.now())
    messages.success(request, _("The template has been deleted."))
    return redirect("text_templates", request.account.public_id)


@account_view(Capability.SEND)
@require_http_methods(["GET", "POST"])
def sending_rules(request: AccountRequest) -> HttpResponse:
    """How long a send can be undone, and how marketing says how to opt out."""
    rules = selectors.rules_of(request.account)
    begun = {"undo_seconds": rules.undo_seconds, "closing": rules.closing or selectors.closing_of(request.account)}
    form = keeping_forms.RulesForm(request.POST or None, initial=begun)
    if request.method == "POST" and form.is_valid():
        services.set_rules(account=request.account, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("campaigns", request.account.public_id)
    return render(request, "messaging/campaigns/sending_rules.html", {"form": form}, status=422 if form.errors else 200)


def _template(request: AccountRequest, kept: TextTemplate | None) -> HttpResponse:
    begun = {"name": kept.name, "text": kept.text} if kept else {}
    form = keeping_forms.TemplateForm(request.POST or None, initial=begun)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_template(
                account=request.account,
                template=kept,
                actor_id=request.user.pk,
                now=timezone.now(),
                **form.cleaned_data,
            )
        except services.TemplateNameTaken:
            form.add_error("name", _("You already have a template with this name."))
        else:
            messages.success(request, _("The template has been saved."))
            return redirect("text_templates", request.account.public_id)
    context = {"form": form, "kept": kept, "templates": selectors.templates(request.account)}
    return render(request, "messaging/campaigns/text_templates.html", context, status=422 if form.errors else 200)


def _choices(request: AccountRequest) -> forms.Choices:
    """What this account may choose from."""
    return forms.Choices(
        senders=senders_selectors.usable(request.account),
        portal_number=numbers.international(senders_selectors.portal_sender()),
        lists=contacts_selectors.lists(request.account),
        region=contacts_selectors.region(request.account),
        zone=ZoneInfo(request.account.time_zone),
    )


def _initial(request: AccountRequest) -> dict[str, object]:
    """What the form begins with: the draft, the template or the list that the address names, if they are its own."""
    wanted = _uuid(request.GET.get("draft"))
    draft = selectors.drafts(request.account).filter(public_id=wanted).first() if wanted else None
    chosen = _uuid(request.GET.get("template"))
    kept = selectors.templates(request.account).filter(public_id=chosen).first() if chosen else None
    return forms.initial(
        draft,
        default=senders_selectors.default_of(request.account),
        list_id=str(_uuid(request.GET.get("list")) or ""),
        zone=ZoneInfo(request.account.time_zone),
        text=kept.text if kept else "",
    )


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
    is_marketing = typed.get("traffic") == Traffic.MARKETING
    preview = selectors.preview(
        request.account,
        text=text,
        pasted=form.read,
        contact_list=chosen,
        now=timezone.now(),
        closing=selectors.closing_of(request.account) if is_marketing else "",
    )
    quote = preview.quote
    return {
        "quote": quote,
        "encoding": pages.ENCODINGS[quote.segments.encoding],
        "surgery": pages.surgery(text, preview),
        "shown": quote.samples[0].text if quote.samples else quote.text,
        "list_fields": pages.field_words(contacts_selectors.merge_fields(chosen)) if chosen else [],
        "is_cut_off": chosen is not None and getattr(chosen, "contact_count", 0) > selectors.PREVIEWED,
        "previewed_count": selectors.PREVIEWED,
    }
