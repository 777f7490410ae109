"""One's own notices in the browser."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.notices import selectors, services
from portal.notices.codes import State
from portal.notices.forms import NoticesForm

LATEST = 10
KINDS = {State.SENT: "ok", State.FAILED: "bad", State.DROPPED: "neutral"}


@account_view(Capability.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: AccountRequest) -> HttpResponse:
    """Which e-mails one gets about the account, and the latest of them."""
    choices = selectors.choices(request.member)
    form = NoticesForm(request.POST if request.method == "POST" else None, choices=choices)
    if request.method == "POST" and form.is_valid():
        try:
            services.choose(member=request.member, wanted=form.wanted, now=timezone.now())
        except services.NobodyLeft as error:
            for kind in error.kinds:
                form.add_error(kind.value, _("Nobody else gets this notice. Ask a colleague to switch it on first."))
        else:
            messages.success(request, _("Your notices are saved."))
            return redirect("notices", request.account.public_id)
    latest = selectors.notices_to(request.member)[:LATEST]
    context = {
        "form": form,
        "of_account": request.member.account,
        "forced": [choice.kind.label for choice in choices if choice.is_got and not choice.is_wanted],
        "latest": [(notice, KINDS.get(State(notice.state), "info")) for notice in latest],
    }
    return render(request, "portal/notices/notices.html", context, status=422 if form.errors else 200)
