from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AutoRechargeConfig(AppConfig):
    name = "billing.auto_recharge"
    verbose_name = _("Automatic recharge")
