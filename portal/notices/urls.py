"""The addresses of notices."""

from django.urls import path

from portal.notices import views

urlpatterns = [
    path("account/notices/", views.notices, name="notices"),
]
