"""The desk's pages about countries: what each does with senders, and changing it from a day on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from messaging.encoding import numbers
from messaging.senders import countries
from messaging.senders import selectors as senders_selectors
from messaging.senders.codes import Reception
from messaging.senders.models import CountryRule
from messaging.senders.periods import Period, Terms
from portal.accounts.access import PersonRequest, staff_view
from portal.accounts.forms import countries as countries_by_name
from portal.backoffice.sender_forms import CountrySearchForm, NewCountryForm, RuleForm
from portal.templatetags.formats import country_name


@staff_view
@require_safe
def desk_countries(request: PersonRequest) -> HttpResponse:
    """What each country does with senders today, by name or prefix."""
    form = CountrySearchForm(request.GET)
    query, names = (form.cleaned_data["q"].strip(), form.cleaned_data["names"]) if form.is_valid() else ("", "")
    now = timezone.now()
    changes = senders_selectors.next_changes(now)
    rows = [
        (
            country_name(rule.country),
            rule,
            senders_selectors.period_of(rule).terms.receptions,
            changes.get(rule.country),
        )
        for rule in senders_selectors.rules_at(now)
        if _is_meant(query, rule) and names in {"", rule.alphanumeric}
    ]
    context = {"form": form, "rows": sorted(rows, key=lambda row: row[0])}
    return render(request, "portal/backoffice/countries.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def desk_country(request: PersonRequest, rule: UUID) -> HttpResponse:
    """One country: its periods, and another laid over them. First what would change is shown, then it is done."""
    now = timezone.now()
    country = get_object_or_404(CountryRule, public_id=rule).country
    today = senders_selectors.rules_at(now).filter(country=country).first()
    shown = today or get_object_or_404(CountryRule, public_id=rule)
    form = RuleForm(request.POST or None, terms=senders_selectors.period_of(shown).terms, now=now)
    context: dict[str, Any] = {"rule": shown, "name": country_name(country), "today": today, "form": form}
    if request.method == "POST" and form.is_valid():
        new = form.period()
        if "confirmed" in request.POST:
            return _change(request, shown, new, now)
        context |= _preview(country, new)
    context["periods"] = [(each, each.contains(now)) for each in senders_selectors.periods_of(country)]
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "portal/backoffice/country.html", context, status=status)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def desk_country_new(request: PersonRequest) -> HttpResponse:
    """Give a country its first rule."""
    now = timezone.now()
    known = senders_selectors.known_countries()
    unknown = [(code, name) for code, name in countries_by_name() if code not in known]
    terms = Terms(Reception.UNKNOWN, Reception.UNKNOWN, Reception.UNKNOWN, 1)
    form = NewCountryForm(request.POST or None, countries=unknown, terms=terms, now=now)
    if request.method == "POST" and form.is_valid():
        country = form.cleaned_data["country"]
        countries.change(
            country=country,
            calling_prefix=numbers.calling_code(country),
            new=form.period(),
            actor_id=request.user.pk,
            now=now,
        )
        messages.success(request, _("%(country)s has a rule now.") % {"country": country_name(country)})
        return redirect("desk_countries")
    status = 422 if form.is_bound else 200
    return render(request, "portal/backoffice/country_new.html", {"form": form}, status=status)


def _change(request: PersonRequest, rule: CountryRule, new: Period, now: datetime) -> HttpResponse:
    changed = countries.change(
        country=rule.country, calling_prefix=rule.calling_prefix, new=new, actor_id=request.user.pk, now=now
    )
    named = {"country": country_name(rule.country)}
    if changed:
        messages.success(request, _("The rule of %(country)s has been changed.") % named)
    else:
        messages.info(request, _("The rule of %(country)s says so already. Nothing was changed.") % named)
    return redirect("desk_countries")


def _preview(country: str, new: Period) -> dict[str, Any]:
    """The periods as they would be, each with whether it is new, and whose senders would fare otherwise."""
    before = senders_selectors.periods_of(country)
    known = {(each.valid_from, each.terms) for each in before}
    after = countries.planned(country=country, new=new)
    in_force = next((each.terms for each in before if each.contains(new.valid_from)), None)
    effect = countries.effect(country=country, before=in_force, after=new.terms)
    return {
        "planned": [(each, (each.valid_from, each.terms) not in known) for each in after],
        "changes_nothing": before == after,
        "effect": [(one.label, other.label, count) for one, other, count in effect],
    }


def _is_meant(query: str, rule: CountryRule) -> bool:
    wanted = query.casefold().removeprefix("+")
    texts = (country_name(rule.country).casefold(), rule.country.casefold())
    return not wanted or any(wanted in text for text in texts) or rule.calling_prefix.startswith(wanted)
