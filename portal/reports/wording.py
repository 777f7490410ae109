"""Which messages a report is about, in words: the same on the page and on its cover."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.encoding import numbers
from portal.reports.models import ReportRequest
from portal.templatetags import formats


def selection(report: ReportRequest) -> list[str]:
    """What the messages of the report have in common beyond the period; nothing where it holds all of them."""
    said = []
    if report.recipient.startswith("+"):
        said.append(_("Recipient %(number)s") % {"number": numbers.international(report.recipient)})
    elif report.recipient:
        said.append(_("Recipients with %(digits)s in their number") % {"digits": report.recipient})
    if report.least_count:
        campaigns = ngettext(
            "Campaigns of at least %(count)s message", "Campaigns of at least %(count)s messages", report.least_count
        )
        said.append(campaigns % {"count": formats.number(report.least_count)})
    return said
