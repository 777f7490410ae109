"""Every address of Saldo. A room's addresses stand in its own `urls.py`; an account's stand under /a/<account>/."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from billing.payments import urls as payments_urls
from billing.pricing import urls as pricing_urls
from messaging.delivery import urls as delivery_urls
from portal import health, preferences
from portal.accounts import urls as accounts_urls
from portal.backoffice import urls as backoffice_urls
from portal.outbox import urls as outbox_urls

handler400 = "portal.errors.bad_request"
handler500 = "portal.errors.server_error"
handler429 = "portal.errors.too_many_requests"

account_patterns: list[URLPattern | URLResolver] = [
    path("", include("portal.dashboard.urls")),
    path("", include("portal.subaccounts.urls")),
    path("", include("portal.accounts.urls")),
    path("", include("portal.notices.urls")),
    path("", include("billing.credits.urls")),
    path("", include("billing.recharge.urls")),
    path("", include("billing.auto_recharge.urls")),
    path("", include("billing.payments.urls")),
    path("", include("billing.invoices.urls")),
    path("", include("messaging.senders.urls")),
    path("", include("messaging.contacts.urls")),
    path("", include("messaging.imports.urls")),
    path("", include("messaging.delivery.urls")),
    path("", include("messaging.campaigns.urls")),
    path("", include("messaging.replies.urls")),
    path("", include("messaging.alerts.urls")),
    path("", include("portal.reports.urls")),
]

staff_patterns: list[URLPattern | URLResolver] = [
    path("", include(backoffice_urls.staff_patterns)),
    path("data/", admin.site.urls),
]

public_patterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include(accounts_urls.public_patterns)),
    path("", include(delivery_urls.public_patterns)),
    path("", include(payments_urls.public_patterns)),
    path("", include(pricing_urls.public_patterns)),
    path("preferences/language/", preferences.language, name="language"),
    path("preferences/theme/", preferences.theme, name="theme"),
]

if settings.DEMO:
    public_patterns += outbox_urls.public_patterns

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(public_patterns)),
    path("", include("allauth.urls")),
    path("desk/", include(staff_patterns)),
    path("a/<uuid:account>/", include(account_patterns)),
]
