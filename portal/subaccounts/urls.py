"""Addresses of the sub-accounts room, under a customer's account."""

from django.urls import path

from portal.subaccounts import views

urlpatterns = [
    path("subaccounts/", views.subaccounts, name="subaccounts"),
    path("subaccounts/new/", views.subaccount_new, name="subaccount_new"),
    path("subaccounts/<uuid:subaccount>/credit/", views.subaccount_credit, name="subaccount_credit"),
]
