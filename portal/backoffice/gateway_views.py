"""The desk's pages about the way of messages: gateways and how they do, routes and where they lead."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messaging.delivery import overview
from messaging.delivery import selectors as delivery_selectors
from messaging.delivery import services as delivery
from messaging.delivery.models import Route
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.forms import PauseForm, RouteForm, WayForm
from portal.backoffice.tables import RouteTable

# What the form calls each term of a route.
_FIELDS = {
    "gateway": "gateway",
    "digits": "prefix",
    "priority": "priority",
    "per_second": "per_second",
    "is_paused": "is_paused",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
}


@staff_view
@require_safe
def desk_gateways(request: PersonRequest) -> HttpResponse:
    """How each gateway does and why, what it did, and what lies there."""
    context = {"overview": overview.gather(timezone.now()), "traffic": delivery_selectors.traffic()}
    return render(request, "portal/backoffice/gateways.html", context)


@staff_view
@require_POST
def desk_gateway_pause(request: PersonRequest) -> HttpResponse:
    """Stop handing messages to a gateway, or start again."""
    form = PauseForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("There is no such gateway."))
        return redirect("desk_gateways")
    gateway, paused = form.cleaned_data["gateway"], form.cleaned_data["paused"]
    delivery.set_paused(gateway=gateway, paused=paused, actor_id=request.user.pk, now=timezone.now())
    sentence = _("The gateway is paused: it gets no messages.") if paused else _("The gateway takes messages again.")
    messages.success(request, sentence)
    return redirect("desk_gateways")


@staff_view
@require_safe
def desk_routes(request: PersonRequest) -> HttpResponse:
    """Every route, and the way that a number would take now."""
    now = timezone.now()
    form = WayForm(request.GET if "number" in request.GET else None)
    context = {
        "table": RouteTable(Route.objects.order_by("prefix", "priority", "pk"), now=now),
        "form": form,
        "ways": overview.ways(form.cleaned_data["number"], now) if form.is_valid() else None,
    }
    return render(request, "portal/backoffice/routes.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def desk_route(request: PersonRequest, route: UUID | None = None) -> HttpResponse:
    """Open a route, or change one."""
    found = get_object_or_404(Route, public_id=route) if route else None
    now = timezone.now()
    initial = {field: getattr(found, term) for field, term in _FIELDS.items()} if found else {"valid_from": now}
    form = RouteForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        terms = delivery.RouteTerms(**{term: form.cleaned_data[field] for field, term in _FIELDS.items()})
        delivery.set_route(route=found, terms=terms, actor_id=request.user.pk, now=now)
        messages.success(request, _("The route is saved. It counts from the next message on."))
        return redirect("desk_routes")
    status = 422 if form.is_bound else 200
    return render(request, "portal/backoffice/route.html", {"form": form, "route": found}, status=status)
