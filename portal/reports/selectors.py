"""Questions about reports; the account comes first."""

from datetime import datetime

from django.db.models import QuerySet

from portal.accounts.models import Account
from portal.reports.models import Kind, ReportRequest, State


def reports(account: Account) -> QuerySet[ReportRequest]:
    """The account's reports, newest first."""
    return ReportRequest.objects.filter(account=account).select_related("requested_by").order_by("-pk")


def reports_due(now: datetime) -> list[int]:
    """The primary keys of the reports to be built, oldest first."""
    return list(ReportRequest.objects.due(now).order_by("pk").values_list("pk", flat=True))


def oldest_waiting(now: datetime) -> datetime | None:
    """When the longest waiting report that is due at `now` was asked for; None when none is."""
    return ReportRequest.objects.due(now).order_by("pk").values_list("created_at", flat=True).first()


def same(
    account: Account,
    *,
    kind: Kind,
    period: tuple[datetime, datetime],
    time_zone: str,
    language: str,
    recipient: str = "",
    least_count: int = 0,
) -> ReportRequest | None:
    """The latest report that is ready and was asked for in the same words; None where there is none."""
    mine = reports(account).filter(kind=kind, period_from=period[0], period_until=period[1])
    mine = mine.filter(recipient=recipient, least_count=least_count)
    return mine.filter(time_zone=time_zone, language=language, state=State.READY).first()


def reports_outlived(now: datetime) -> list[int]:
    """The primary keys of the reports whose files have been kept for long enough."""
    return list(ReportRequest.objects.outlived(now).order_by("pk").values_list("pk", flat=True)[:1000])
