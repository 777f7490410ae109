"""What was done, by whom, when, from where: append only."""

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One change, written in the same transaction as what it tells. A trigger refuses update and delete."""

    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who"), db_index=False
    )
    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, null=True, related_name="+", verbose_name=_("account"), db_index=False
    )
    action = models.CharField(_("action"), max_length=64)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    address = models.GenericIPAddressField(_("address"), null=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["account", "-at"], name="audit_by_account"),
            models.Index("actor", F("id").desc(), name="audit_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.subject}"
