"""Addresses of the imports room, under an account."""

from django.urls import path

from messaging.imports import views

urlpatterns = [
    path("lists/imports/", views.imports, name="imports"),
    path("lists/imports/new/", views.import_new, name="import_new"),
    path("lists/imports/<uuid:contact_import>/", views.contact_import, name="import"),
    path("lists/imports/<uuid:contact_import>/columns/", views.import_columns, name="import_columns"),
    path("lists/imports/<uuid:contact_import>/confirmation/", views.import_confirmation, name="import_confirmation"),
    path("lists/imports/<uuid:contact_import>/withdrawal/", views.import_withdrawal, name="import_withdrawal"),
    path("lists/imports/<uuid:contact_import>/refused/file/", views.import_refused, name="import_refused"),
    path("lists/<uuid:contact_list>/contacts/<uuid:contact>/erasure/", views.contact_erasure, name="contact_erasure"),
]
