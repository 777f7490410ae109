"""The addresses of accounts and people."""

from django.urls import path

from portal.accounts import team_views, views

urlpatterns = [
    path("account/", views.my_account, name="my_account"),
    path("account/billing-details/", views.billing_details, name="billing_details"),
    path("account/team/", team_views.team, name="team"),
    path("account/team/<uuid:person>/", team_views.team_member, name="team_member"),
    path("account/team/<uuid:person>/removal/", team_views.team_member_removal, name="team_member_removal"),
    path("account/invitations/new/", team_views.invitation_new, name="invitation_new"),
    path("account/invitations/<uuid:invitation>/renewal/", team_views.invitation_renewal, name="invitation_renewal"),
    path(
        "account/invitations/<uuid:invitation>/withdrawal/",
        team_views.invitation_withdrawal,
        name="invitation_withdrawal",
    ),
]

public_patterns = [
    path("", views.home, name="home"),
    path("me/", views.my_profile, name="my_profile"),
    path("me/activity/", views.my_activity, name="my_activity"),
    path("invitations/<uuid:token>/", team_views.invitation, name="invitation"),
]
