"""Addresses of the contacts room, under an account."""

from django.urls import path

from messaging.contacts import views

urlpatterns = [
    path("lists/", views.contact_lists, name="contact_lists"),
    path("lists/new/", views.contact_list_new, name="contact_list_new"),
    path("lists/<uuid:contact_list>/", views.contact_list, name="contact_list"),
    path("lists/<uuid:contact_list>/contacts/", views.contacts, name="contacts"),
    path("lists/<uuid:contact_list>/contacts/removal/", views.contact_removal, name="contact_removal"),
    path("lists/<uuid:contact_list>/removal/", views.contact_list_removal, name="contact_list_removal"),
    path("opt-outs/", views.opt_outs, name="opt_outs"),
    path("opt-outs/new/", views.opt_out_new, name="opt_out_new"),
    path("opt-outs/<uuid:opt_out>/withdrawal/", views.opt_out_withdrawal, name="opt_out_withdrawal"),
]
