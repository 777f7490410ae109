"""Addresses of the senders room, under an account."""

from django.urls import path

from messaging.senders import views

urlpatterns = [
    path("sender-names/", views.sender_names, name="sender_names"),
    path("sender-names/new/", views.sender_name_new, name="sender_name_new"),
    path("sender-names/default/", views.default_sender, name="default_sender"),
]
