"""Addresses of the imports room, under an account."""

from django.urls import path

from messaging.imports import views

urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/new/", views.import_new, name="import_new"),
    path("imports/<uuid:contact_import>/", views.contact_import, name="import"),
    path("imports/<uuid:contact_import>/columns/", views.import_columns, name="import_columns"),
    path("imports/<uuid:contact_import>/confirmation/", views.import_confirmation, name="import_confirmation"),
    path("imports/<uuid:contact_import>/withdrawal/", views.import_withdrawal, name="import_withdrawal"),
    path("imports/<uuid:contact_import>/refused/", views.import_refused, name="import_refused"),
]
