"""The portal's own app: it starts Celery and hangs the bells."""

import gc
from types import ModuleType

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import import_string

from portal.celery import app as celery_app

__all__ = ["PortalConfig", "SaldoAdminConfig", "celery_app"]


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Saldo"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        """The first thing a process does of Saldo: it stops looking for garbage until all is loaded."""
        super().__init__(app_name, app_module)
        # What is loaded stays. To look through it again and again was a quarter of every process's start.
        self.is_collecting = gc.isenabled()
        gc.disable()

    def ready(self) -> None:
        """Connect every bell to its task, once the rooms are there to be imported."""
        import_string("portal.wiring.connect")()
        if self.is_collecting:
            gc.freeze()  # nor is it looked through later, and a process that is forked shares it for longer
            gc.enable()


class SaldoAdminConfig(AdminConfig):
    default_site = "portal.admin.SaldoAdminSite"
