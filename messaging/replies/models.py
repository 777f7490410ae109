"""Replies in an account's inbox, the numbers they are written to, and what the account wants done with them."""

import uuid
from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.encoding.numbers import international
from portal.periods import LASTS, period, point


class FoundBy(models.TextChoices):
    """How it is known whose a reply is."""

    OWN_NUMBER = "own_number", _("Written to your own number")
    LAST_MESSAGE = "last_message", _("Written to the shared number")


class AutoReply(models.TextChoices):
    """What became of the answer that is sent by itself."""

    NONE = "none", pgettext_lazy("automatic answer", "None")
    DUE = "due", pgettext_lazy("automatic answer", "On its way")
    SENT = "sent", pgettext_lazy("automatic answer", "Sent")
    NO_CREDITS = "no_credits", pgettext_lazy("automatic answer", "Not sent: too few credits")
    REFUSED = "refused", pgettext_lazy("automatic answer", "Not sent: nothing can be sent to this number")


class ReplyNumber(models.Model):
    """A number that belongs to one account for a time, from `valid_from` up to `valid_until` (null: until further notice).

    A number that is in no row is shared by all accounts.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, related_name="reply_numbers", verbose_name=_("account")
    )
    number = models.CharField(_("number"), max_length=24)
    valid_from = models.DateTimeField(_("from"))
    valid_until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("reply number")
        verbose_name_plural = _("reply numbers")
        constraints = [
            ExclusionConstraint(
                name="a_reply_number_belongs_to_one_account",
                expressions=[
                    (point(Func("number", Value(0), function="hashtextextended")), RangeOperators.OVERLAPS),
                    (period(), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=LASTS, name="a_reply_number_ends_after_it_begins"),
        ]
        indexes = [models.Index(fields=["number", "valid_from"], name="reply_number_in_time")]

    def __str__(self) -> str:
        return self.number

    @property
    def written(self) -> str:
        """The number as the world writes it."""
        return international(self.number)


class ReplySettings(models.Model):
    """What an account wants done with its replies. No row means: kept in the inbox, and nothing else."""

    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="reply_settings")
    forward_on = models.BooleanField(_("forward by e-mail"), default=False)
    forward_email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    answer_on = models.BooleanField(_("answer by itself"), default=False)
    answer_text = models.CharField(_("text of the answer"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("reply settings")
        verbose_name_plural = _("reply settings")
        constraints = [
            models.CheckConstraint(
                condition=Q(forward_on=False) | ~Q(forward_email=""), name="forwarding_needs_an_address"
            ),
            models.CheckConstraint(condition=Q(answer_on=False) | ~Q(answer_text=""), name="an_answer_has_a_text"),
        ]

    def __str__(self) -> str:
        return str(self.account_id)


class InboxReplyQuerySet(models.QuerySet["InboxReply"]):
    def forwards_due(self, now: datetime) -> "InboxReplyQuerySet":
        """What is to be forwarded by e-mail at `now`."""
        return self.filter(forward_due_at__lte=now)

    def answers_due(self) -> "InboxReplyQuerySet":
        """What is still to be answered by itself."""
        return self.filter(auto_reply=AutoReply.DUE)


class InboxReply(models.Model):
    """A reply in the inbox of the account it belongs to, and the message it answers where there is one.

    `forward_due_at` is when it must be forwarded next: a lease while somebody is at it, null when nothing is to do.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="replies", db_index=False)
    reply = models.OneToOneField("delivery.Reply", models.PROTECT, related_name="+")
    message = models.ForeignKey("delivery.Message", models.PROTECT, null=True, related_name="+", db_index=False)
    number = models.CharField(_("number"), max_length=24)
    found_by = models.CharField(_("found by"), max_length=16, choices=FoundBy.choices)
    is_stop = models.BooleanField(_("asks for no more messages"), default=False)
    received_at = models.DateTimeField(_("received"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    read_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("who"))
    forward_to = models.EmailField(_("forwarded to"), max_length=254, blank=True)
    forward_due_at = models.DateTimeField(null=True, blank=True)
    forward_attempt_count = models.PositiveSmallIntegerField(default=0)
    forwarded_at = models.DateTimeField(_("forwarded"), null=True, blank=True)
    auto_reply = models.CharField(
        _("automatic answer"), max_length=16, choices=AutoReply.choices, default=AutoReply.NONE
    )
    handled_at = models.DateTimeField(_("handled"))

    objects = InboxReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("reply in an inbox")
        verbose_name_plural = _("replies in inboxes")
        constraints = [
            models.CheckConstraint(condition=Q(auto_reply__in=AutoReply.values), name="an_answer_has_a_known_state"),
            models.CheckConstraint(condition=Q(found_by__in=FoundBy.values), name="a_reply_is_found_in_a_known_way"),
            models.CheckConstraint(
                condition=~Q(forward_to="") | Q(forward_due_at__isnull=True, forwarded_at__isnull=True),
                name="a_reply_is_forwarded_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(is_stop=False) | Q(auto_reply=AutoReply.NONE), name="who_said_stop_gets_no_answer"
            ),
        ]
        indexes = [
            models.Index("account", F("received_at").desc(), F("id").desc(), name="replies_of_an_account"),
            models.Index("account", "id", name="replies_unread", condition=Q(read_at__isnull=True)),
            models.Index("account", "number", "received_at", name="replies_of_a_number"),
            models.Index("forward_due_at", name="replies_to_forward", condition=Q(forward_due_at__isnull=False)),
            models.Index("id", name="replies_to_answer", condition=Q(auto_reply="due")),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def written(self) -> str:
        """The number as the world writes it."""
        return international(self.number)

    @property
    def is_forward_lost(self) -> bool:
        """Whether it was to be forwarded, and the mail server took it in no attempt."""
        return bool(self.forward_to) and self.forwarded_at is None and self.forward_due_at is None
