"""The page of a campaign's figures, and what to do about its failures."""

import uuid
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from messaging.delivery import figures, suppression
from messaging.delivery.figures import Figures
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.templatetags import formats
from portal.templatetags.charts import Point


@account_view(Capability.VIEW)
@require_safe
def campaign_figures(request: AccountRequest, campaign: uuid.UUID) -> HttpResponse:
    """When messages arrived, where, and why others did not."""
    mine = _mine(request, campaign)
    found = figures.figures(mine)
    context = {
        "campaign": mine,
        "figures": found,
        "points": _points(found),
        "countries": _countries(found),
        "proposal": suppression.proposal(request.account, mine),
        "may_suppress": request.member.can(Capability.MANAGE_CONTACTS),
    }
    return render(request, "messaging/delivery/figures.html", context)


@account_view(Capability.MANAGE_CONTACTS)
@require_POST
def campaign_suppression(request: AccountRequest, campaign: uuid.UUID) -> HttpResponse:
    """Suppress the dead numbers of a campaign; `undo` takes that back."""
    mine = _mine(request, campaign)
    given: dict[str, Any] = {
        "account": request.account,
        "campaign": mine,
        "actor_id": request.user.pk,
        "now": timezone.now(),
    }
    if request.POST.get("undo"):
        count = suppression.restore(**given)
        text = ngettext(
            "%(count)s number can be written to again.", "%(count)s numbers can be written to again.", count
        )
    else:
        count = suppression.suppress(**given)
        text = ngettext(
            "%(count)s number is left out of every send from now on.",
            "%(count)s numbers are left out of every send from now on.",
            count,
        )
    messages.success(request, text % {"count": formats.number(count)})
    return redirect("campaign_figures", request.account.public_id, mine.public_id)


def _mine(request: AccountRequest, campaign: uuid.UUID) -> Any:
    """The account's campaign; their room stands above this one, and is reached by our key to it."""
    found: Model = get_object_or_404(request.account.campaigns.all(), public_id=campaign)
    return found


def _points(found: Figures) -> list[Point]:
    label = formats.day if found.step >= figures.DAY else formats.moment
    return [Point(label(bar.at), bar.count, formats.number(bar.count)) for bar in found.bars]


def _countries(found: Figures) -> list[tuple[figures.Country, str]]:
    """Each prefix with the share of its messages that arrived."""
    return [(country, formats.percent(Decimal(country.delivered) / country.count)) for country in found.countries]
