"""The addresses of reports, under the account's."""

from django.urls import path

from portal.reports import views

urlpatterns = [
    path("reports/", views.reports, name="reports"),
    path("reports/new/", views.report_new, name="report_new"),
    path("reports/<uuid:report>/file/", views.report_file, name="report_file"),
]
