"""The addresses of the outbox; mounted in the demo alone."""

from django.urls import URLPattern, URLResolver, path

from portal.outbox import views

public_patterns: list[URLPattern | URLResolver] = [
    path("outbox/", views.outbox_list, name="outbox"),
    path("outbox/<slug:name>/", views.outbox_letter, name="outbox_letter"),
    path("outbox/<slug:name>/html/", views.outbox_html, name="outbox_html"),
]
