"""The portal's own app: it starts Celery and hangs the bells."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import import_string

from portal.celery import app as celery_app

__all__ = ["PortalConfig", "SaldoAdminConfig", "celery_app"]


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Saldo"

    def ready(self) -> None:
        """Connect every bell to its task, once the rooms are there to be imported."""
        import_string("portal.wiring.connect")()


class SaldoAdminConfig(AdminConfig):
    default_site = "portal.admin.SaldoAdminSite"
