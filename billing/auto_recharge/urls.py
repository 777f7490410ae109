"""Addresses of automatic recharges, under an account."""

from django.urls import path

from billing.auto_recharge import replay_views, views

urlpatterns = [
    path("auto-recharge/", views.auto_recharge, name="auto_recharge"),
    path("auto-recharge/terms/", views.auto_recharge_terms, name="auto_recharge_terms"),
    path("auto-recharge/end/", views.auto_recharge_end, name="auto_recharge_end"),
    path("auto-recharge/resumption/", views.auto_recharge_resumption, name="auto_recharge_resumption"),
    path("auto-recharge/replay/", replay_views.auto_recharge_replay, name="auto_recharge_replay"),
    path("auto-recharge/evaluations/", views.auto_recharge_evaluations, name="auto_recharge_evaluations"),
    path("auto-recharge/questions/<uuid:question>/", views.auto_recharge_question, name="auto_recharge_question"),
    path(
        "auto-recharge/questions/<uuid:question>/answer/",
        views.auto_recharge_answer,
        name="auto_recharge_answer",
    ),
]
