"""The cover of a report of delivery receipts: what is in it, and how its total ties to the ledger."""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.reports import wording
from portal.reports.models import ReportRequest
from portal.reports.receipt_totals import Totals
from portal.templatetags import formats
from portal.workbook import Fact, Kind


def facts(report: ReportRequest, totals: Totals, made_at: datetime) -> list[Fact | None]:
    """What the cover of a report of delivery receipts says, in the active language; None is a free line."""
    period = _("%(first)s to %(last)s, both included") % {
        "first": formats.day(report.first_day),
        "last": formats.day(report.last_day),
    }
    return [
        Fact(_("Account"), report.account.name),
        Fact(_("Period"), period),
        Fact(_("Time zone"), report.time_zone),
        Fact(_("Filters"), " · ".join(wording.selection(report)) or _("None: all messages sent in the period")),
        Fact(_("Data as of"), made_at, Kind.MOMENT),
        Fact(_("Requested by"), str(report.requested_by)),
        None,
        Fact(_("Messages"), totals.row_count, Kind.NUMBER),
        Fact(_("Credits charged on these messages"), totals.control_units, Kind.CREDITS),
        *(_of_all(totals) if totals.selected is None else _of_some(totals)),
        None,
        Fact(_("How the total ties to the ledger"), _explanation(totals)),
    ]


def _of_all(totals: Totals) -> list[Fact | None]:
    return [*_in_ledger(totals), None, *_not_charged(totals)]


def _of_some(totals: Totals) -> list[Fact | None]:
    """The ledger knows campaigns as a whole, so what was charged on all their messages is compared with it."""
    return [
        *_not_charged(totals.written),
        None,
        Fact(_("Messages to all recipients"), totals.message_count, Kind.NUMBER),
        Fact(_("Credits charged on the messages to all recipients"), totals.charged_units, Kind.CREDITS),
        *_in_ledger(totals),
    ]


def _in_ledger(totals: Totals) -> list[Fact | None]:
    return [
        Fact(_("of which settled in the ledger"), totals.ledger_units, Kind.CREDITS),
        Fact(_("of which by campaigns still being sent"), totals.still_held_units, Kind.CREDITS),
        Fact(_("Difference to the ledger"), totals.difference_units, Kind.CREDITS),
    ]


def _not_charged(totals: Totals) -> list[Fact | None]:
    found: list[Fact | None] = [
        Fact(_("Credits returned, because the message never left"), totals.returned_units, Kind.CREDITS),
        Fact(_("Credits held, because it is not yet decided"), totals.open_units, Kind.CREDITS),
    ]
    if totals.alert_units:
        found.append(Fact(_("Credits of balance alerts, booked one by one"), totals.alert_units, Kind.CREDITS))
    return found


def _explanation(totals: Totals) -> str:
    if totals.selected is not None:
        return _(
            "This file holds the messages to some recipients. The ledger knows campaigns as a whole: so the credits "
            "charged on the messages to all recipients are compared with what it took for the campaigns of this period, "
            "and with what campaigns have used that are still being sent."
        )
    return _(
        "The credits charged are the sum of the column “Credits charged”. They are equal to what the ledger took "
        "for the campaigns of this period, campaign by campaign on the second sheet, plus what campaigns have "
        "used that are still being sent: those are settled when their last message has been handed over."
    )
