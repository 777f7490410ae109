"""Questions about reports; the account comes first."""

from datetime import datetime

from django.db.models import QuerySet

from portal.accounts.models import Account
from portal.reports.models import ReportRequest


def reports(account: Account) -> QuerySet[ReportRequest]:
    """The account's reports, newest first."""
    return ReportRequest.objects.filter(account=account).select_related("requested_by").order_by("-pk")


def reports_due(now: datetime) -> list[int]:
    """The primary keys of the reports to be built, oldest first."""
    return list(ReportRequest.objects.due(now).order_by("pk").values_list("pk", flat=True))


def oldest_waiting(now: datetime) -> datetime | None:
    """When the longest waiting report that is due at `now` was asked for; None when none is."""
    return ReportRequest.objects.due(now).order_by("pk").values_list("created_at", flat=True).first()
