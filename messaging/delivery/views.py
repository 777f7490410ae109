"""Messages in the browser, and the door at which a gateway's receipts arrive."""

import logging
import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from messaging.delivery import history, reasons, receipts, selectors
from messaging.delivery.forms import HistoryForm
from messaging.delivery.gateways import simulator
from messaging.delivery.tables import MessageTable
from messaging.encoding import numbers
from portal.accounts.access import AccountRequest, account_view, public_view
from portal.accounts.capabilities import Capability

logger = logging.getLogger(__name__)


@account_view(Capability.VIEW)
@require_GET
def messages(request: AccountRequest) -> HttpResponse:
    """The history; its address carries the filters, the order and the position."""
    form = HistoryForm(request.GET, account=request.account)
    sort = request.GET.get("sort", history.NEWEST_FIRST)
    position = request.GET.get("page", "")
    page = history.page(request.account, form.filters(), sort=sort, position=position)
    table = MessageTable(page.rows, request=request, order_by=sort)
    may_send = request.member.can(Capability.SEND)
    context = {"form": form, "page": page, "table": table, "may_send": may_send}
    return render(request, "messaging/delivery/messages.html", context)


@account_view(Capability.VIEW)
@require_GET
def message(request: AccountRequest, message: uuid.UUID) -> HttpResponse:
    """One message: what was sent, what it costs, what became of it."""
    mine = get_object_or_404(selectors.messages(request.account).select_related("campaign"), public_id=message)
    context = {
        "message": mine,
        "recipient": numbers.international(mine.recipient),
        "sender": numbers.international(mine.sender),
        "kind": history.KINDS[mine.state],
        "reason": reasons.reason(mine.error_code),
        "events": history.events(mine),
    }
    return render(request, "messaging/delivery/message.html", context)


@public_view
@csrf_exempt
@require_POST
def simulator_receipts(request: HttpRequest) -> HttpResponse:
    """Take receipts from the simulator; it hears 204 once they are committed, and comes again otherwise."""
    now = timezone.now()
    given = {"timestamp": request.headers.get("X-Timestamp", ""), "signature": request.headers.get("X-Signature", "")}
    try:
        reports = simulator.reports(request.body, now=now, **given)
    except simulator.BadSignature as error:
        logger.warning("Receipts were refused: %s", error)
        return HttpResponse(status=403)
    except simulator.BadReceipt as error:
        logger.warning("Receipts could not be read: %s", error)
        return HttpResponse(status=400)
    receipts.receive(gateway=simulator.NAME, reports=reports, now=now)
    return HttpResponse(status=204)
