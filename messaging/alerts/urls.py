"""The addresses of balance alerts, under the account's."""

from django.urls import path

from messaging.alerts import views

urlpatterns = [
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/new/", views.alert_new, name="alert_new"),
    path("alerts/runway/new/", views.runway_alert_new, name="runway_alert_new"),
    path("alerts/<uuid:alert>/", views.alert, name="alert"),
    path("alerts/<uuid:alert>/removal/", views.alert_removal, name="alert_removal"),
    path("alerts/<uuid:alert>/tests/", views.alert_test, name="alert_test"),
]
