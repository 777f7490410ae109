"""Every address of Saldo. A room's addresses stand in its own `urls.py`; an account's stand under /a/<account>/."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

account_patterns: list[URLPattern | URLResolver] = []

staff_patterns: list[URLPattern | URLResolver] = [
    path("data/", admin.site.urls),
]

public_patterns: list[URLPattern | URLResolver] = []

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(public_patterns)),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("allauth.urls")),
    path("desk/", include(staff_patterns)),
    path("a/<uuid:account>/", include(account_patterns)),
]

