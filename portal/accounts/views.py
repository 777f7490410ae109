"""Pages about oneself and about an account and its people."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts import activity, selectors, services
from portal.accounts.access import AccountRequest, PersonRequest, account_view, person_view, public_view
from portal.accounts.capabilities import Capability
from portal.accounts.forms import COUNTRY_FIELDS, BillingDetailsForm, PersonForm
from portal.accounts.models import User
from portal.accounts.registers import Verdict, vat_register


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of "My account": where it leads, what it is for, who is shown it, and where it makes sense."""

    label: str | Promise
    text: str | Promise
    url_name: str
    icon: str
    capability: Capability = Capability.VIEW
    of_account: bool = True
    of_customer: bool = False


ENTRIES = (
    Entry(
        gettext_lazy("Personal information"),
        gettext_lazy("Your name, telephone, language and time zone."),
        "my_profile",
        "user",
        of_account=False,
    ),
    Entry(
        gettext_lazy("Billing details"),
        gettext_lazy("Whom your invoices are made out to."),
        "billing_details",
        "settings",
        Capability.MANAGE_ACCOUNT,
    ),
    Entry(
        gettext_lazy("Balance alert"),
        gettext_lazy("Be told before the credits run out."),
        "alerts",
        "bell",
        Capability.MANAGE_ALERTS,
    ),
    Entry(
        gettext_lazy("Replies"),
        gettext_lazy("Forward what people answer, or answer it by itself."),
        "reply_settings",
        "message",
        Capability.SEND,
    ),
    Entry(
        gettext_lazy("Sub-accounts"),
        gettext_lazy("Branches with credits of their own."),
        "subaccounts",
        "accounts",
        Capability.MANAGE_SUBACCOUNTS,
        of_customer=True,
    ),
    Entry(
        pgettext_lazy("page", "Billing"),
        gettext_lazy("Your invoices, ready to download."),
        "invoices",
        "invoice",
        Capability.VIEW_BILLING,
    ),
    Entry(
        gettext_lazy("Team"),
        gettext_lazy("Who works in this account, and what they may do."),
        "team",
        "team",
        Capability.MANAGE_TEAM,
    ),
    Entry(
        gettext_lazy("Security"),
        gettext_lazy("Password, second factor, e-mail address, sessions and what you did."),
        "mfa_index",
        "shield",
        of_account=False,
    ),
    Entry(
        gettext_lazy("Notices"),
        gettext_lazy("Which e-mails you get about this account."),
        "notices",
        "mail",
    ),
)

# What billing details are asked for on the way to.
NEEDED_FOR = {"purchase": "recharge_new", "automatic-recharge": "auto_recharge", "first-steps": "dashboard"}


@public_view
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send everybody to where they work; a visitor is told what Saldo is."""
    if not isinstance(request.user, User):
        return render(request, "portal/landing.html")
    account = selectors.accounts_of(request.user).first()
    if account:
        return redirect("dashboard", account.public_id)
    if request.user.is_staff:
        return redirect("desk")
    return render(request, "portal/accounts/no_account.html")


@person_view
@require_http_methods(["GET", "HEAD", "POST"])
def my_profile(request: PersonRequest) -> HttpResponse:
    """Personal information."""
    # A person of its own for the form: what is typed must not reach the page's frame before it is checked.
    person = User.objects.get(pk=request.user.pk)
    form = PersonForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        services.change_person(user=request.user, details=form.cleaned_data, now=timezone.now())
        with translation.override(form.cleaned_data["language"]):
            messages.success(request, _("Your personal information is saved."))
        response = redirect("my_profile")
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            form.cleaned_data["language"],
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
        return response
    return render(request, "portal/accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


@person_view
@require_safe
def my_activity(request: PersonRequest) -> HttpResponse:
    """What oneself did, from the audit log."""
    context = activity.page(request.user, position=request.GET.get("position", ""))
    return render(request, "portal/accounts/activity.html", {"page": context})


@account_view(Capability.VIEW)
@require_safe
def my_account(request: AccountRequest) -> HttpResponse:
    """My account: one entry each, and only those the member may use."""
    entries = [
        {
            "label": entry.label,
            "text": entry.text,
            "icon": entry.icon,
            "url": reverse(entry.url_name, args=[request.account.public_id] if entry.of_account else []),
        }
        for entry in ENTRIES
        if request.member.can(entry.capability) and not (entry.of_customer and request.account.is_subaccount)
    ]
    return render(request, "portal/accounts/my_account.html", {"entries": entries})


def _needed_for(request: AccountRequest) -> str:
    """The page on which the billing details were missing, where their form leads back to."""
    return NEEDED_FOR.get(request.GET.get("for", ""), "my_account")


@account_view(Capability.MANAGE_ACCOUNT)
@require_http_methods(["GET", "HEAD", "POST"])
def billing_details(request: AccountRequest) -> HttpResponse:
    """Whom invoices are made out to."""
    form = BillingDetailsForm(request.POST or None, instance=selectors.billing_details(request.account))
    if request.method == "POST" and form.is_valid():
        services.change_billing_details(
            account=request.account, details=form.cleaned_data, actor_id=request.user.pk, now=timezone.now()
        )
        verdict = services.ask_vat_register(account=request.account, register=vat_register(), now=timezone.now())
        messages.success(request, _("The billing details are saved. Your next invoices carry them."))
        if verdict == Verdict.INVALID:
            messages.warning(request, _("The VAT register does not know this number. Check that it is the right one."))
        return redirect(_needed_for(request), request.account.public_id)
    groups = {country: [form[name] for name in names] for country, names in COUNTRY_FIELDS.items()}
    back = reverse(_needed_for(request), args=[request.account.public_id])
    context = {"form": form, "italian": groups["IT"], "french": groups["FR"], "back": back}
    return render(request, "portal/accounts/billing_details.html", context, status=422 if form.errors else 200)
