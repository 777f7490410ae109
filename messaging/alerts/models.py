"""Balance alerts, and the notices that leave when one fires, clears, or is tested."""

import uuid
from datetime import timedelta
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from messaging.alerts.codes import Channel, Fault, Kind, NoticeState
from messaging.delivery.codes import CHARGED, FINAL, RETURNED
from messaging.delivery.codes import State as MessageState
from messaging.encoding import numbers
from portal.attempts import Attempted

# The network has the final word on these, and it was no.
LOST = frozenset({MessageState.UNDELIVERED, MessageState.EXPIRED}) | RETURNED

TRIED_FOR: Final = timedelta(days=2)
"""Longer than all attempts of a notice and the pauses between them take."""

LEAST_DAYS: Final = 1
MOST_DAYS: Final = 60


class BalanceAlertQuerySet(models.QuerySet["BalanceAlert"]):
    def kept(self) -> "BalanceAlertQuerySet":
        """The alerts that nobody has deleted."""
        return self.filter(removed_at=None)

    def on(self) -> "BalanceAlertQuerySet":
        """The alerts that can reach somebody."""
        return self.kept().filter(Q(email_on=True) | Q(sms_on=True))

    def live(self) -> "BalanceAlertQuerySet":
        """The alerts that are looked at: on, and of an account that is in use, as its customer is."""
        return self.on().filter(account__deactivated_at=None, account__parent__deactivated_at=None)

    def ahead(self) -> "BalanceAlertQuerySet":
        """The runway alerts: those that look ahead instead of at the balance."""
        return self.filter(threshold_days__isnull=False)


class BalanceAlert(models.Model):
    """Tells somebody when an account's available credits fall to `threshold_units` or below.

    A runway alert has `threshold_days` instead, and fires when the credits last that long or less at the pace of the
    last weeks; it is looked at again at `next_look_at`. Either fires once: `armed` is taken away by whoever fires it, and
    given back above the threshold.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="balance_alerts")
    threshold_units = models.BigIntegerField(_("threshold"), null=True, blank=True)
    threshold_days = models.PositiveSmallIntegerField(_("threshold in days"), null=True, blank=True)
    email_on = models.BooleanField(_("by e-mail"), default=True)
    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    sms_on = models.BooleanField(_("by SMS"), default=False)
    number = models.CharField(_("mobile number"), max_length=16, blank=True)
    armed = models.BooleanField(_("armed"), default=True)
    fired_at = models.DateTimeField(_("fired"), null=True, blank=True)
    cleared_at = models.DateTimeField(_("cleared"), null=True, blank=True)
    next_look_at = models.DateTimeField(_("next look"), null=True, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+", verbose_name=_("who"))
    created_at = models.DateTimeField(_("created"))
    removed_at = models.DateTimeField(_("deleted"), null=True, blank=True)

    objects = BalanceAlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("balance alert")
        verbose_name_plural = _("balance alerts")
        constraints = [
            models.CheckConstraint(condition=Q(threshold_units__gt=0), name="a_threshold_is_above_zero"),
            models.CheckConstraint(
                condition=Q(threshold_days__gte=LEAST_DAYS, threshold_days__lte=MOST_DAYS),
                name="a_runway_has_1_to_60_days",
            ),
            models.CheckConstraint(
                condition=Q(threshold_units=None, threshold_days__isnull=False, next_look_at__isnull=False)
                | Q(threshold_units__isnull=False, threshold_days=None, next_look_at=None),
                name="an_alert_watches_credits_or_days",
            ),
            models.CheckConstraint(
                condition=Q(email_on=False) | ~Q(email=""), name="an_alert_by_e_mail_has_an_address"
            ),
            models.CheckConstraint(
                condition=Q(sms_on=False) | Q(number__regex=r"^\+[1-9][0-9]{4,14}$"),
                name="an_alert_by_sms_has_an_e164_number",
            ),
            models.UniqueConstraint(
                "account",
                "threshold_units",
                "threshold_days",
                "email",
                "number",
                condition=Q(removed_at=None),
                nulls_distinct=False,
                name="an_alert_is_set_up_once",
            ),
            models.CheckConstraint(
                condition=Q(armed=True) | Q(fired_at__isnull=False), name="an_alert_that_is_not_armed_has_fired"
            ),
        ]
        indexes = [
            models.Index("account", F("threshold_units").desc(), name="alerts_kept", condition=Q(removed_at=None)),
            models.Index(
                "next_look_at", name="alerts_ahead", condition=Q(removed_at=None, threshold_days__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def looks_ahead(self) -> bool:
        """Whether it is a runway alert."""
        return self.threshold_days is not None

    @property
    def is_on(self) -> bool:
        """Whether it can reach anybody."""
        return self.email_on or self.sms_on

    @property
    def shown_number(self) -> str:
        """The mobile number as people write it."""
        return numbers.international(self.number)


class OwedMarks(models.Model):
    """Accounts whose alerts have fired, and whose marks are yet to follow: written with the claim, gone with the marks."""

    accounts = ArrayField(models.BigIntegerField(), verbose_name=_("accounts"))

    class Meta:
        verbose_name = _("marks to be set")
        verbose_name_plural = _("marks to be set")

    def __str__(self) -> str:
        return f"{len(self.accounts)}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def failed(self) -> "NoticeQuerySet":
        """What did not arrive in spite of every attempt."""
        return self.filter(state=NoticeState.FAILED).exclude(fault=Fault.REMOVED)

    def in_turn(self) -> "NoticeQuerySet":
        """Those before which no other one of the same alert is still to go to the same address: an alarm that was held
        up must not follow its all-clear. A test waits for nothing."""
        earlier = Notice.objects.filter(
            alert=OuterRef("alert"),
            channel=OuterRef("channel"),
            address=OuterRef("address"),
            pk__lt=OuterRef("pk"),
            created_at__gt=OuterRef("created_at") - TRIED_FOR,
            state__in=[NoticeState.WAITING, NoticeState.SENDING],
        )
        return self.filter(Q(kind=Kind.TEST) | ~Exists(earlier.exclude(kind=Kind.TEST)))

    def unresolved(self) -> "NoticeQuerySet":
        """The text messages of which something is known that has not been acted upon: a price, or an end."""
        to_book = Q(booked_at=None, message__state__in=sorted(state.value for state in CHARGED))
        has_ended = Q(message__state__in=sorted(state.value for state in FINAL))
        # That there is a message has to be said: else PostgreSQL reads every notice there ever was.
        return self.filter(to_book | has_ended, settled_at=None, message__isnull=False)


class Notice(Attempted):
    """One notice to one address: what it said, how often it was tried, what became of it.

    `balance_units` and the threshold are those of the moment it tells of, `created_at`; of a runway alert's, `ends_at`
    is until when credits were to last then, None when beyond the horizon or unknown. `message` is the latest text message
    it became; `booked_at` says when that was paid for, `settled_at` when its fate was known. `escalated_at` says when
    the account's people were told that it does not arrive.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The statement that writes notices holds their alerts under lock, and a trigger lets none be deleted: a foreign key
    # would look again at the end, once for every notice.
    alert = models.ForeignKey(BalanceAlert, models.PROTECT, related_name="notices", db_index=False, db_constraint=False)
    kind = models.CharField(_("notice"), max_length=8, choices=Kind.choices)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    address = models.CharField(_("address"), max_length=254)
    threshold_units = models.BigIntegerField(_("threshold"), null=True, blank=True)
    threshold_days = models.PositiveSmallIntegerField(_("threshold in days"), null=True, blank=True)
    balance_units = models.BigIntegerField(_("available then"))
    ends_at = models.DateTimeField(_("to last until"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=NoticeState.choices, default=NoticeState.WAITING)
    fault = models.CharField(_("reason"), max_length=16, choices=Fault.choices, blank=True)
    message = models.ForeignKey(
        "delivery.Message",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("message"),
    )
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    booked_at = models.DateTimeField(_("booked"), null=True, blank=True)
    settled_at = models.DateTimeField(_("outcome known"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("people told"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="a_notice_says_something_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="a_notice_goes_a_known_way"),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="a_notice_has_a_known_state"),
            models.CheckConstraint(condition=~Q(address=""), name="a_notice_has_an_address"),
            models.CheckConstraint(
                condition=Q(threshold_units=None, threshold_days__isnull=False)
                | Q(threshold_units__isnull=False, threshold_days=None),
                name="a_notice_is_about_credits_or_days",
            ),
            models.CheckConstraint(
                condition=~Q(state=NoticeState.SENDING) | Q(lease_until__isnull=False),
                name="a_notice_being_sent_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state=NoticeState.SENT) | Q(sent_at__isnull=False), name="a_sent_notice_says_when"
            ),
            models.CheckConstraint(
                condition=~Q(state=NoticeState.FAILED) | ~Q(fault=""), name="a_failed_notice_says_why"
            ),
            models.CheckConstraint(
                condition=Q(message__isnull=True) | Q(channel=Channel.SMS), name="only_an_sms_becomes_a_message"
            ),
        ]
        indexes = [
            models.Index("alert", "created_at", name="notices_by_alert"),
            models.Index("next_attempt_at", name="notices_due", condition=Q(state__in=["sending", "waiting"])),
            models.Index("created_at", name="notices_failed", condition=Q(state="failed")),
            models.Index(
                "message", name="notices_unresolved", condition=Q(settled_at__isnull=True, message__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def followers(self) -> NoticeQuerySet:
        """What the alert said later to the same address, tests left out."""
        later = Notice.objects.filter(alert=self.alert_id, channel=self.channel, address=self.address, pk__gt=self.pk)
        return later.exclude(kind=Kind.TEST)

    @property
    def looks_ahead(self) -> bool:
        """Whether a runway alert wrote it."""
        return self.threshold_days is not None

    @property
    def shown_kind(self) -> str:
        """What it says, in two or three words."""
        if self.looks_ahead and self.kind == Kind.FIRED:
            return gettext("Credits end soon")
        return str(Kind(self.kind).label)

    @property
    def shown_address(self) -> str:
        """Where it goes, as people write it."""
        return numbers.international(self.address) if self.channel == Channel.SMS else self.address
