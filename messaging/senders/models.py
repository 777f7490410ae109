"""The names a customer sends under. Staff approve each before a telephone shows it."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from messaging.senders.rules import MAX_LENGTH


class State(models.TextChoices):
    """How far the review of a name is."""

    REQUESTED = "requested", _("In review")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


KINDS: dict[str, str] = {State.REQUESTED: "info", State.APPROVED: "ok", State.REFUSED: "bad"}


class SenderName(models.Model):
    """A name of an account. `folded_name` is its shape without case, accents and look-alikes, to find near twins."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="sender_names")
    name = models.CharField(_("sender name"), max_length=MAX_LENGTH)
    folded_name = models.CharField(max_length=MAX_LENGTH * 2, db_index=True, editable=False)
    purpose = models.CharField(_("what it will be used for"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.REQUESTED)
    is_default = models.BooleanField(_("default"), default=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    requested_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested"))
    reviewed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)

    class Meta:
        verbose_name = _("sender name")
        verbose_name_plural = _("sender names")
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("name"),
                condition=~Q(state=State.REFUSED),
                name="a_sender_name_is_requested_once",
                violation_error_message=_("You have already requested this name."),
            ),
            models.UniqueConstraint(
                "account", condition=Q(is_default=True), name="an_account_has_one_default_sender_name"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(state=State.APPROVED), name="a_default_sender_name_is_approved"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="a_sender_name_has_a_known_state"),
            models.CheckConstraint(
                condition=Q(state=State.REQUESTED, reviewed_at=None)
                | Q(~Q(state=State.REQUESTED), reviewed_at__isnull=False),
                name="a_reviewed_sender_name_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.REFUSED) | ~Q(reason=""), name="a_refused_sender_name_says_why"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        """The badge that shows the state."""
        return KINDS[self.state]
