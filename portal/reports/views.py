"""The pages of reports."""

from dataclasses import asdict
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.reports import selectors, services, wording
from portal.reports.forms import ReportForm
from portal.reports.models import KEPT_FOR, Kind, ReportRequest

SHOWN: Final = 50
MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@account_view(Capability.VIEW)
@require_safe
def reports(request: AccountRequest) -> HttpResponse:
    """The account's reports; while one is in the making the list asks for itself again."""
    shown = list(selectors.reports(request.account)[:SHOWN])
    context = {
        "reports": [(report, wording.selection(report)) for report in shown],
        "is_under_way": any(report.is_under_way for report in shown),
        "kept_days": KEPT_FOR.days,
    }
    is_fragment = request.headers.get("HX-Target") == "reports"
    return render(request, f"portal/reports/{'_reports' if is_fragment else 'reports'}.html", context)


@account_view(Capability.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def report_new(request: AccountRequest) -> HttpResponse:
    """Ask for a report. Sent twice, the form is one report."""
    form = _form(request)
    previous = _previous(request, form) if form.is_valid() and not request.POST.get("anew") else None
    if form.is_valid() and previous is None:
        try:
            services.request_report(
                account=request.account,
                kind=Kind(form.cleaned_data["kind"]),
                period=form.period(),
                selection=form.selection(),
                requested_by=request.user,
                reference=form.cleaned_data["reference"],
                now=timezone.now(),
            )
        except services.TooManyUnderWay:
            form.add_error(None, _("Several reports are being made already. Wait until one of them is ready."))
        else:
            messages.success(request, _("The report is being made. You can leave this page; it will be here."))
            return redirect("reports", request.account.public_id)
    context = {"form": form, "previous": previous}
    return render(request, "portal/reports/report_new.html", context, status=422 if form.errors else 200)


@account_view(Capability.VIEW)
@require_safe
def report_file(request: AccountRequest, report: UUID) -> FileResponse:
    """Download a report that is ready."""
    found = get_object_or_404(selectors.reports(request.account), public_id=report)
    if not found.is_ready:
        raise Http404
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(content, as_attachment=True, filename=found.file_name, content_type=MEDIA_TYPE)


def _previous(request: AccountRequest, form: ReportForm) -> ReportRequest | None:
    """The report that was made before with the same words."""
    period = form.period()
    return selectors.same(
        request.account,
        kind=Kind(form.cleaned_data["kind"]),
        period=(period.starts_at, period.ends_at),
        time_zone=period.time_zone,
        language=request.user.language,
        **asdict(form.selection()),
    )


# How the address of the form may be shared: its parameters, and the fields they fill in.
SHARED: Final = {"kind": "kind", "from": "first_day", "to": "last_day", "recipient": "recipient", "least": "least"}


def _form(request: AccountRequest) -> ReportForm:
    shared = {field: request.GET[name] for name, field in SHARED.items() if name in request.GET}
    data = request.POST if request.method == "POST" else None
    return ReportForm(data, account=request.account, now=timezone.now(), shared=shared)
