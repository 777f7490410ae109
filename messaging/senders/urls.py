"""Addresses of the senders room, under an account."""

from django.urls import path

from messaging.senders import registration_views, views

_ONE = "sender-names/<uuid:sender>/"

urlpatterns = [
    path("sender-names/", views.sender_names, name="sender_names"),
    path("sender-names/new/", views.sender_name_new, name="sender_name_new"),
    path("sender-names/default/", views.default_sender, name="default_sender"),
    path(_ONE, views.sender_name, name="sender_name"),
    path(f"{_ONE}withdrawal/", views.sender_withdrawal, name="sender_withdrawal"),
    path(f"{_ONE}documents/", views.sender_documents, name="sender_documents"),
    path(f"{_ONE}documents/<uuid:document>/file/", views.sender_document, name="sender_document"),
    path(f"{_ONE}registrations/new/", registration_views.registration_new, name="sender_registration_new"),
    path(f"{_ONE}registrations/italy/", registration_views.alias_new, name="sender_alias_new"),
    path(
        f"{_ONE}registrations/<uuid:registration>/withdrawal/",
        registration_views.registration_withdrawal,
        name="sender_registration_withdrawal",
    ),
]
