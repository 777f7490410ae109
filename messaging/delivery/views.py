"""Messages in the browser, and the door at which a gateway's receipts arrive."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from messaging.delivery import gateways, history, reasons, receipts, replies, selectors, tables
from messaging.delivery.forms import HistoryForm
from messaging.delivery.gateways.webhooks import BadSignature, BadWebhook, Listener, Webhook
from messaging.delivery.history import Filters
from messaging.encoding import numbers
from portal.accounts.access import AccountRequest, account_view, public_view
from portal.accounts.capabilities import Capability
from portal.accounts.models import Account

logger = logging.getLogger(__name__)


@account_view(Capability.VIEW)
@require_GET
def messages(request: AccountRequest) -> HttpResponse:
    """The history; its address carries the filters, the order and the position."""
    form = HistoryForm(request.GET, account=request.account)
    sort, position = request.GET.get("sort", ""), request.GET.get("page", "")
    filters = form.filters()
    page = history.page(form.of_account, filters, sort=sort, position=position)
    context = {
        "form": form,
        "page": page,
        "rows": tables.rows(form.of_account, page.rows),
        "sorts": tables.sorts(sort),
        "report_url": _report_url(form.of_account, filters),
        "may_send": request.member.can(Capability.SEND),
    }
    return render(request, "messaging/delivery/messages.html", context)


def _report_url(account: Account, filters: Filters) -> str:
    """Where these messages are asked for as a report; nowhere where it does not know the filter, or nobody may ask."""
    if filters.state or filters.campaign or filters.text or account.deactivated_at:
        return ""
    chosen = {"from": filters.since, "to": filters.until, "recipient": filters.recipient, "least": filters.least}
    address = urlencode({name: str(value) for name, value in chosen.items() if value})
    return f"{reverse('report_new', args=[account.public_id])}?{address}"


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
def gateway_receipts(request: HttpRequest, gateway: str, message: uuid.UUID | None = None) -> HttpResponse:
    """Take receipts, of any messages or of the one in the address, from a gateway that calls back."""
    now = timezone.now()
    given = _read(request, gateway, message, lambda listener, webhook: listener.reports(webhook, now))
    if isinstance(given, HttpResponse):
        return given
    receipts.receive(gateway=gateway, reports=given, now=now)
    return HttpResponse(status=204)


@public_view
@csrf_exempt
@require_POST
def gateway_replies(request: HttpRequest, gateway: str) -> HttpResponse:
    """Take what telephones wrote from a gateway that calls back."""
    now = timezone.now()
    given = _read(request, gateway, None, lambda listener, webhook: listener.replies(webhook, now))
    if isinstance(given, HttpResponse):
        return given
    for each in given:
        replies.take(gateway=gateway, received_at=now, **asdict(each))
    return HttpResponse(status=204)


Read = TypeVar("Read")


def _read(
    request: HttpRequest, gateway: str, key: uuid.UUID | None, read: Callable[[Listener, Webhook], list[Read]]
) -> list[Read] | HttpResponse:
    """What the webhook carries, or the answer to one that is not believed; the gateway hears 204 after the commit."""
    listener = gateways.listener(gateway)
    if listener is None:
        return HttpResponse(status=404)
    webhook = Webhook(settings.SITE_URL + request.get_full_path(), request.body, request.headers, key)
    try:
        return read(listener, webhook)
    except BadSignature as error:
        logger.warning("A webhook was refused: %s", error, extra={"gateway": gateway})
        return HttpResponse(status=403)
    except BadWebhook as error:
        logger.warning("A webhook could not be read: %s", error, extra={"gateway": gateway})
        return HttpResponse(status=400)
