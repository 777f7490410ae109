"""Addresses of the contacts room, under an account."""

from django.urls import path

from messaging.contacts import edit_views, views

urlpatterns = [
    path("lists/", views.contact_lists, name="contact_lists"),
    path("lists/new/", views.contact_list_new, name="contact_list_new"),
    path("lists/<uuid:contact_list>/", views.contact_list, name="contact_list"),
    path("lists/<uuid:contact_list>/contacts/", views.contacts, name="contacts"),
    path("lists/<uuid:contact_list>/settings/", edit_views.contact_list_settings, name="contact_list_settings"),
    path(
        "lists/<uuid:contact_list>/csv/file/", edit_views.contact_list_file, {"suffix": "csv"}, name="contact_list_csv"
    ),
    path(
        "lists/<uuid:contact_list>/xlsx/file/",
        edit_views.contact_list_file,
        {"suffix": "xlsx"},
        name="contact_list_xlsx",
    ),
    path("lists/<uuid:contact_list>/contacts/new/", edit_views.contact_new, name="contact_new"),
    path("lists/<uuid:contact_list>/contacts/<uuid:contact>/", edit_views.contact, name="contact"),
    path("lists/<uuid:contact_list>/contacts/removal/", views.contact_removal, name="contact_removal"),
    path("lists/<uuid:contact_list>/removal/", views.contact_list_removal, name="contact_list_removal"),
    path("opt-outs/", views.opt_outs, name="opt_outs"),
    path("opt-outs/csv/file/", edit_views.opt_outs_file, {"suffix": "csv"}, name="opt_outs_csv"),
    path("opt-outs/xlsx/file/", edit_views.opt_outs_file, {"suffix": "xlsx"}, name="opt_outs_xlsx"),
    path("opt-outs/new/", views.opt_out_new, name="opt_out_new"),
    path("opt-outs/<uuid:opt_out>/withdrawal/", views.opt_out_withdrawal, name="opt_out_withdrawal"),
]
