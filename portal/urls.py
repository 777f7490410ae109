"""Every address of Saldo. A room's addresses stand in its own `urls.py`; an account's stand under /a/<account>/."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from portal import preferences

account_patterns: list[URLPattern | URLResolver] = [
    path("", include("messaging.senders.urls")),
]

staff_patterns: list[URLPattern | URLResolver] = [
    path("data/", admin.site.urls),
]

public_patterns: list[URLPattern | URLResolver] = [
    path("preferences/language/", preferences.language, name="language"),
    path("preferences/theme/", preferences.theme, name="theme"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(public_patterns)),
    path("", include("allauth.urls")),
    path("desk/", include(staff_patterns)),
    path("a/<uuid:account>/", include(account_patterns)),
]
