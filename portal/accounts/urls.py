"""The addresses of accounts and people."""

from django.urls import path

from portal.accounts import views

urlpatterns = [
    path("account/", views.my_account, name="my_account"),
    path("account/billing-details/", views.billing_details, name="billing_details"),
    path("account/team/", views.team, name="team"),
    path("account/team/<uuid:person>/", views.team_member, name="team_member"),
]

public_patterns = [
    path("", views.home, name="home"),
    path("me/", views.my_profile, name="my_profile"),
]
