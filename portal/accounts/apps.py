"""The room's app: it begins to listen to what happens to logins."""

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Connect the audit trail, once the models are there to be imported."""
        import_string("portal.accounts.trail.connect")()
