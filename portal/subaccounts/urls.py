"""Addresses of the sub-accounts room, under an account."""

from django.urls import path

from portal.subaccounts import transfer_views, views

urlpatterns = [
    path("subaccounts/", views.subaccounts, name="subaccounts"),
    path("subaccounts/new/", views.subaccount_new, name="subaccount_new"),
    path("subaccounts/<uuid:subaccount>/", views.subaccount, name="subaccount"),
    path("subaccounts/<uuid:subaccount>/person/", views.subaccount_person, name="subaccount_person"),
    path("subaccounts/<uuid:subaccount>/activity/", views.subaccount_activity, name="subaccount_activity"),
    path("subaccounts/<uuid:subaccount>/credit/", transfer_views.subaccount_credit, name="subaccount_credit"),
    path("subaccounts/<uuid:subaccount>/reset/", transfer_views.subaccount_reset, name="subaccount_reset"),
    path("transfers/", transfer_views.transfers, name="transfers"),
    path("transfers/new/", transfer_views.transfer_new, name="transfer_new"),
]
