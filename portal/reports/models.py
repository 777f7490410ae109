"""Reports: files that somebody asked for and that are made in the background."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """What a report is about."""

    DELIVERY_RECEIPTS = "delivery_receipts", _("Delivery receipts")
    STATEMENT = "statement", _("Statement")


class State(models.TextChoices):
    """How far a report is. `building` holds a lease: whoever builds it died if that runs out.

    Of a deleted one the file is gone; what it said, and who asked, is kept.
    """

    WAITING = "waiting", pgettext_lazy("report", "Waiting")
    BUILDING = "building", pgettext_lazy("report", "Being made")
    READY = "ready", pgettext_lazy("report", "Ready")
    FAILED = "failed", pgettext_lazy("report", "Not made")
    DELETED = "deleted", pgettext_lazy("report", "File deleted")


KEPT_FOR = timedelta(days=30)
"""How long a file is kept: it holds what people wrote to people."""


class ReportRequestQuerySet(models.QuerySet["ReportRequest"]):
    def due(self, now: datetime) -> "ReportRequestQuerySet":
        """What is to be built: waiting, or claimed by somebody whose lease has run out."""
        return self.filter(Q(state=State.WAITING) | Q(state=State.BUILDING, lease_until__lte=now))

    def outlived(self, now: datetime) -> "ReportRequestQuerySet":
        """Whose file has been kept for long enough."""
        return self.filter(state=State.READY, finished_at__lte=now - KEPT_FOR)


class ReportRequest(models.Model):
    """A report over what happened from `period_from` up to, and without, `period_until`.

    Of delivery receipts it may hold those to one recipient alone (a whole number, or digits of one), or those of
    campaigns of at least `least_count` messages. The period was chosen as days in `time_zone`, in which the file shows its moments too, as it speaks `language`.
    `control_units` is the total the cover sheet ties to the ledger; `difference_units` is zero or an alarm.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="reports")
    kind = models.CharField(_("report"), max_length=24, choices=Kind.choices)
    period_from = models.DateTimeField(_("from"))
    period_until = models.DateTimeField(_("until"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    recipient = models.CharField(_("recipient"), max_length=40, blank=True)
    least_count = models.PositiveIntegerField(_("campaigns of at least"), default=0)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    reference = models.UUIDField(_("reference"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    attempt_count = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    row_count = models.PositiveBigIntegerField(_("rows"), null=True, blank=True)
    done_count = models.PositiveBigIntegerField(_("rows written"), default=0)
    control_units = models.BigIntegerField(_("control total"), null=True, blank=True)
    difference_units = models.BigIntegerField(_("difference to the ledger"), null=True, blank=True)
    file = models.FileField(_("file"), upload_to="reports/%Y/%m/", blank=True, max_length=200)
    requested_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("who"))
    created_at = models.DateTimeField(_("requested"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = ReportRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint("account", "reference", name="a_form_asks_for_one_report"),
            models.CheckConstraint(
                condition=Q(period_until__gt=F("period_from")), name="a_period_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="a_report_has_a_known_state"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="a_report_is_of_a_known_kind"),
            models.CheckConstraint(
                condition=Q(kind=Kind.DELIVERY_RECEIPTS) | Q(recipient="", least_count=0),
                name="only_messages_are_selected_for_a_report",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.BUILDING) | Q(lease_until__isnull=False),
                name="a_report_being_made_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.READY)
                | Q(~Q(file=""), row_count__isnull=False, control_units__isnull=False, difference_units__isnull=False),
                name="a_ready_report_has_a_file_and_its_totals",
            ),
        ]
        indexes = [
            models.Index("account", F("id").desc(), name="reports_of_an_account"),
            models.Index("id", name="reports_to_build", condition=Q(state__in=["building", "waiting"])),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def is_ready(self) -> bool:
        return self.state == State.READY

    @property
    def is_under_way(self) -> bool:
        """Whether it is still waiting or being made."""
        return self.state in {State.WAITING, State.BUILDING}

    @property
    def kept_until(self) -> datetime | None:
        """When its file is deleted."""
        return self.finished_at + KEPT_FOR if self.finished_at else None

    @property
    def first_day(self) -> date:
        """The first day of the period, in its own zone."""
        return self.period_from.astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def last_day(self) -> date:
        """The last day of the period, in its own zone."""
        return (self.period_until - timedelta(microseconds=1)).astimezone(ZoneInfo(self.time_zone)).date()

    @property
    def file_name(self) -> str:
        """What a browser saves it as."""
        return f"saldo-{self.kind.replace('_', '-')}-{self.first_day:%Y%m%d}-{self.last_day:%Y%m%d}.xlsx"
