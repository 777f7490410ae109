"""The desk's pages about sending: sender names to review, alerts that did not arrive, gateways."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tables2 import RequestConfig

from messaging.alerts import selectors as alerts_selectors
from messaging.alerts import wording as alerts_wording
from messaging.delivery import selectors as delivery_selectors
from messaging.delivery import services as delivery
from messaging.senders import selectors as senders_selectors
from messaging.senders import services as senders
from messaging.senders.codes import State
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice import selectors
from portal.backoffice.forms import PauseForm, ReviewForm
from portal.backoffice.tables import SenderTable, customer_link

ROWS = 25
NOTICES = 50


@staff_view
@require_safe
def desk_senders(request: PersonRequest) -> HttpResponse:
    """The names that wait for a review, oldest first; then those that have had theirs."""
    waiting = SenderTable(
        senders_selectors.waiting(), prefix="waiting-", orderable=False, exclude=("state", "reviewed_by")
    )
    table = SenderTable(senders_selectors.all_names().exclude(state=State.REQUESTED))
    RequestConfig(request, paginate={"per_page": ROWS}).configure(table)
    context = {"waiting": waiting, "table": table}
    return render(request, "portal/backoffice/senders.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def desk_sender_review(request: PersonRequest, sender: UUID) -> HttpResponse:
    """Approve a name, or refuse it with a reason; once."""
    found = get_object_or_404(senders_selectors.all_names(), public_id=sender)
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now, actor_id = timezone.now(), request.user.pk
        try:
            if form.cleaned_data["decision"] == ReviewForm.APPROVE:
                senders.approve(sender=found, actor_id=actor_id, now=now)
                messages.success(request, _("“%(name)s” is approved.") % {"name": found.name})
            else:
                senders.refuse(sender=found, reason=form.cleaned_data["reason"], actor_id=actor_id, now=now)
                messages.success(request, _("“%(name)s” is refused.") % {"name": found.name})
        except senders.AlreadyReviewed:
            messages.warning(request, _("Somebody else has reviewed this name in the meantime."))
        return redirect("desk_senders")
    context = {
        "sender": found,
        "customer": customer_link(found.account),
        "twins": [(twin, customer_link(twin.account)) for twin in senders_selectors.near_twins(found)],
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return render(request, "portal/backoffice/sender_review.html", context, status=status)


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
