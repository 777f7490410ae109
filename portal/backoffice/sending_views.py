"""The desk's pages about sending: alerts that did not arrive."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from messaging.alerts import selectors as alerts_selectors
from messaging.alerts import wording as alerts_wording
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice import selectors
from portal.backoffice.tables import customer_link

NOTICES = 50


@staff_view
@require_safe
def desk_notices(request: PersonRequest) -> HttpResponse:
    """The balance alerts of the last week that did not reach anybody."""
    notices = alerts_selectors.undelivered(timezone.now() - selectors.NOTICE_WINDOW)
    latest = notices.select_related("alert__account__parent", "message")[:NOTICES]
    rows = [
        (
            notice,
            customer_link(notice.alert.account),
            alerts_wording.outcome(notice),
            alerts_wording.next_step(notice),
        )
        for notice in latest
    ]
    return render(request, "portal/backoffice/notices.html", {"rows": rows})
