"""Addresses of the recharge room, under an account."""

from django.urls import path

from billing.recharge import views

urlpatterns = [
    path("recharges/", views.recharges, name="recharges"),
    path("recharges/new/", views.recharge_new, name="recharge_new"),
    path("recharges/<uuid:recharge>/", views.recharge, name="recharge"),
    path("recharges/<uuid:recharge>/confirmation/", views.recharge_confirmation, name="recharge_confirmation"),
    path("recharges/<uuid:recharge>/withdrawal/", views.recharge_withdrawal, name="recharge_withdrawal"),
]
