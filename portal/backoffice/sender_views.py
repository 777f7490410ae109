"""The desk's pages about sender names: what waits, one name with everything about it, its registrations."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tables2 import RequestConfig

from messaging.senders import downloads, registrations, rules
from messaging.senders import selectors as senders_selectors
from messaging.senders import services as senders
from messaging.senders import wording as senders_wording
from messaging.senders.codes import RegistrationState, State
from messaging.senders.models import SenderName
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.sender_forms import RegistrationForm, ReviewForm, RevocationForm
from portal.backoffice.tables import RegistrationTable, SenderTable, customer_link

ROWS = 25


@staff_view
@require_safe
def desk_senders(request: PersonRequest) -> HttpResponse:
    """The names and registrations that wait, oldest first; then the names that have had their review."""
    waiting = SenderTable(
        senders_selectors.waiting(), prefix="waiting-", orderable=False, exclude=("state", "reviewed_by")
    )
    to_register = RegistrationTable(senders_selectors.waiting_registrations(), prefix="register-", orderable=False)
    table = SenderTable(senders_selectors.all_names().exclude(state=State.REQUESTED))
    RequestConfig(request, paginate={"per_page": ROWS}).configure(table)
    context = {"waiting": waiting, "to_register": to_register, "table": table}
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
    return _page(request, found, form=form)


@staff_view
@require_POST
def desk_sender_withdrawal(request: PersonRequest, sender: UUID) -> HttpResponse:
    """Take an approved name back."""
    found = get_object_or_404(senders_selectors.all_names(), public_id=sender)
    form = RevocationForm(request.POST)
    if not form.is_valid():
        return _page(request, found, revocation=form)
    try:
        senders.revoke(sender=found, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("“%(name)s” is withdrawn.") % {"name": found.name})
    except senders.AlreadyReviewed:
        messages.warning(request, _("Only an approved name can be withdrawn. Nothing was changed."))
    return redirect("desk_sender_review", found.public_id)


@staff_view
@require_safe
def desk_sender_document(request: PersonRequest, sender: UUID, document: UUID) -> HttpResponse:
    """Download a document that came with a name."""
    found = get_object_or_404(senders_selectors.all_names(), public_id=sender)
    return downloads.file_of(get_object_or_404(found.documents.all(), public_id=document))


@staff_view
@require_POST
def desk_registration_decision(request: PersonRequest, sender: UUID, registration: UUID) -> HttpResponse:
    """Write down the next step of a registration."""
    found = get_object_or_404(senders_selectors.all_names(), public_id=sender)
    one = get_object_or_404(found.registrations.all(), public_id=registration)
    form = RegistrationForm(request.POST, registration=one)
    if not form.is_valid():
        return _page(request, found, registration=form, registration_id=one.public_id)
    state = RegistrationState(form.cleaned_data["state"])
    try:
        registrations.decide(
            registration=one,
            state=state,
            reason=form.cleaned_data["reason"],
            actor_id=request.user.pk,
            now=timezone.now(),
        )
        messages.success(request, _("The registration has been written down and the customer is told."))
    except registrations.NotPossible:
        messages.warning(request, _("Somebody else has decided on this registration in the meantime."))
    return redirect("desk_sender_review", found.public_id)


def _page(
    request: PersonRequest,
    sender: SenderName,
    *,
    form: ReviewForm | None = None,
    revocation: RevocationForm | None = None,
    registration: RegistrationForm | None = None,
    registration_id: UUID | None = None,
) -> HttpResponse:
    """Everything about one name; a form that was refused comes back as it was typed."""
    rows: list[tuple[Any, RegistrationForm | None]] = []
    for each in senders_selectors.registrations(sender):
        bound = registration if each.public_id == registration_id else None
        rows.append((each, (bound or RegistrationForm(registration=each)) if each.is_alive else None))
    context = {
        "sender": sender,
        "customer": customer_link(sender.account),
        "twins": [
            (twin, customer_link(twin.account), rules.nearness(sender.name, twin.name))
            for twin in senders_selectors.near_twins(sender)
        ],
        "brand": rules.near_brand(sender.name),
        "documents": sender.documents.order_by("pk"),
        "rows": rows,
        # The customer reads that we decided, staff who of them did.
        "story": [
            (senders_wording.step(each), each.decided_by if each.decided_by and each.decided_by.is_staff else "")
            for each in senders_selectors.story(sender)
        ],
        "form": form or ReviewForm(),
        "revocation": revocation or RevocationForm(),
    }
    is_refused = any(each is not None and each.is_bound for each in (form, revocation, registration))
    return render(request, "portal/backoffice/sender_review.html", context, status=422 if is_refused else 200)
