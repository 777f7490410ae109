"""The desk's pages about sending: alerts that did not arrive, gateways."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from messaging.alerts import selectors as alerts_selectors
from messaging.alerts import wording as alerts_wording
from messaging.delivery import selectors as delivery_selectors
from messaging.delivery import services as delivery
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice import selectors
from portal.backoffice.forms import PauseForm
from portal.backoffice.tables import customer_link

NOTICES = 50


@staff_view
@require_safe
def desk_notices(request: PersonRequest) -> HttpResponse:
    """The balance alerts of the last week that did not reach anybody."""
    notices = alerts_selectors.undelivered(timezone.now() - selectors.NOTICE_WINDOW)
    latest = notices.select_related("alert__account__parent", "message")[:NOTICES]
    rows = [(notice, customer_link(notice.alert.account), alerts_wording.outcome(notice)) for notice in latest]
    return render(request, "portal/backoffice/notices.html", {"rows": rows})


@staff_view
@require_safe
def desk_gateways(request: PersonRequest) -> HttpResponse:
    """How each gateway does, and what lies there."""
    now = timezone.now()
    gateways = [(state, state.is_open(now)) for state in delivery_selectors.gateway_states()]
    context = {"gateways": gateways, "traffic": delivery_selectors.traffic()}
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
    sentence = _("The gateway is paused: messages wait.") if paused else _("The gateway takes messages again.")
    messages.success(request, sentence)
    return redirect("desk_gateways")
