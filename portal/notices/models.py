"""Notices by e-mail to the people of an account, and which of them somebody does not want."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.attempts import Attempted
from portal.notices.codes import Kind, State


class OptOut(models.Model):
    """A person of an account does not want one kind of notice about it."""

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    kind = models.CharField(_("notice"), max_length=24, choices=Kind.choices)

    class Meta:
        verbose_name = _("opt-out of a notice")
        verbose_name_plural = _("opt-outs of notices")
        constraints = [
            models.UniqueConstraint("account", "user", "kind", name="a_person_opts_out_of_a_notice_once"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="an_opt_out_names_a_known_notice"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_kind_display()}"


class Notice(Attempted):
    """One notice to one person: what it tells, how often it was tried, what became of it.

    `subject` is what it is about, as the audit log writes it ("recharge:<uuid>"); `context` holds the facts as they
    were, in units, cents and ISO moments, put into words in the reader's language when the e-mail is written.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+", verbose_name=_("account"))
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("to"))
    kind = models.CharField(_("notice"), max_length=24, choices=Kind.choices)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    context = models.JSONField(_("facts"), default=dict)
    reference = models.CharField(_("reference"), max_length=160)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint("reference", "kind", "user", name="a_person_is_told_once"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="a_person_is_told_something_known"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="a_letter_has_a_known_state"),
            models.CheckConstraint(condition=~Q(reference=""), name="a_letter_has_a_reference"),
            models.CheckConstraint(
                condition=~Q(state=State.SENDING) | Q(lease_until__isnull=False),
                name="a_letter_being_sent_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SENT) | Q(sent_at__isnull=False), name="a_sent_letter_says_when"
            ),
        ]
        indexes = [
            models.Index("next_attempt_at", name="letters_due", condition=Q(state__in=["sending", "waiting"])),
            models.Index("user", F("id").desc(), name="letters_of_a_person"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
