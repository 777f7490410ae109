"""Addresses of the credits room, under an account."""

from django.urls import path

from billing.credits import views

urlpatterns = [
    path("statement/", views.statement, name="statement"),
    path("statement/pdf/", views.statement_pdf, name="statement_pdf"),
]
