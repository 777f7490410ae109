"""Files of contacts on their way into a list, or of numbers on their way to the opt-outs."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Purpose(models.TextChoices):
    """What becomes of the rows."""

    CONTACTS = "contacts", _("Contacts")
    OPT_OUTS = "opt_outs", _("Opt-outs")


class State(models.TextChoices):
    """How far an import is. Reading and saving hold a lease: whoever did it died if that runs out."""

    UPLOADED = "uploaded", pgettext_lazy("import", "Columns to be chosen")
    READING = "reading", pgettext_lazy("import", "Being read")
    READ = "read", pgettext_lazy("import", "To be confirmed")
    SAVING = "saving", pgettext_lazy("import", "Being saved")
    SAVED = "saved", pgettext_lazy("import", "Saved")
    FAILED = "failed", pgettext_lazy("import", "Not saved")
    WITHDRAWN = "withdrawn", pgettext_lazy("import", "Removed")


UNDER_WAY = (State.READING, State.SAVING)
FINAL = (State.SAVED, State.FAILED, State.WITHDRAWN)
KINDS: dict[str, str] = {
    State.UPLOADED: "warn",
    State.READING: "info",
    State.READ: "warn",
    State.SAVING: "info",
    State.SAVED: "ok",
    State.FAILED: "bad",
    State.WITHDRAWN: "neutral",
}


class ContactImportQuerySet(models.QuerySet["ContactImport"]):
    def due(self, now: datetime) -> "ContactImportQuerySet":
        """What is to be worked on: it waits, or whoever claimed it has been silent for too long."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lte=now), state__in=UNDER_WAY)


class ContactImport(models.Model):
    """A file that somebody uploaded, how it is read, what that gave, and what was saved of it.

    The list is named, not held: deleting a list is not stopped by an import. Without a list a new one of `list_name` is
    made when the import is saved. `manner` and `sample` are what `files.look` found, `plan` what the columns mean,
    `report` what saving would do. The file is deleted when nothing can be read from it any more.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="contact_imports")
    reference = models.UUIDField(_("reference"))
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices, default=Purpose.CONTACTS)
    list_public_id = models.UUIDField(null=True, blank=True)
    list_name = models.CharField(_("list"), max_length=80, blank=True)
    file = models.FileField(_("file"), upload_to="imports/%Y/%m/", blank=True, max_length=200)
    file_name = models.CharField(_("file name"), max_length=120)
    file_size = models.PositiveBigIntegerField(_("bytes"))
    manner = models.JSONField(default=dict)
    sample = models.JSONField(default=list)
    plan = models.JSONField(null=True, blank=True)
    report = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.UPLOADED)
    fault = models.CharField(_("fault"), max_length=24, blank=True)
    attempt_count = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    done_count = models.PositiveIntegerField(_("rows read"), default=0)
    update_known = models.BooleanField(_("renew contacts that are there already"), default=False)
    added_count = models.PositiveIntegerField(_("added"), null=True, blank=True)
    renewed_count = models.PositiveIntegerField(_("renewed"), null=True, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("who"))
    created_at = models.DateTimeField(_("uploaded"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = ContactImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.UniqueConstraint("account", "reference", name="a_form_uploads_one_file"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="an_import_has_a_known_purpose"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="an_import_has_a_known_state"),
            models.CheckConstraint(
                condition=Q(state=State.UPLOADED)
                | Q(state__in=[State.FAILED, State.WITHDRAWN])
                | Q(plan__isnull=False),
                name="an_import_is_read_by_a_plan",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SAVED)
                | Q(added_count__isnull=False, renewed_count__isnull=False, finished_at__isnull=False),
                name="a_saved_import_says_what_it_added",
            ),
            models.CheckConstraint(
                condition=Q(purpose=Purpose.OPT_OUTS) | Q(list_public_id__isnull=False) | ~Q(list_name=""),
                name="imported_contacts_have_a_list",
            ),
        ]
        indexes = [
            models.Index("account", F("id").desc(), name="imports_of_an_account"),
            models.Index("id", name="imports_under_way", condition=Q(state__in=["reading", "saving"])),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def kind(self) -> str:
        """The badge that shows the state."""
        return KINDS[self.state]

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


class Outcome(models.TextChoices):
    """What a row of a file is."""

    NEW = "new", _("New")
    KNOWN = "known", _("Already there")
    REPEATED = "repeated", _("Twice in the file")
    INVALID = "invalid", _("Not a telephone number")


COUNTING = (Outcome.NEW, Outcome.KNOWN)
"""The outcomes of rows that are saved, or would be."""


class ImportRow(models.Model):
    """A row of a file as it was read. `written` is the number as it stands there, `cells` the whole row if it is refused."""

    contact_import = models.ForeignKey(ContactImport, models.CASCADE, related_name="rows")
    row_number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    fault = models.CharField(max_length=24, blank=True)
    written = models.CharField(max_length=64, blank=True)
    number = models.CharField(max_length=16, blank=True)
    country = models.CharField(max_length=2, blank=True)
    is_opted_out = models.BooleanField(default=False)
    name = models.CharField(max_length=120, blank=True)
    fields = models.JSONField(default=dict)
    cells = models.JSONField(default=list)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        constraints = [
            models.UniqueConstraint("contact_import", "row_number", name="a_row_is_read_once"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="a_row_has_a_known_outcome"),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.INVALID, number="") | Q(~Q(outcome=Outcome.INVALID), ~Q(number="")),
                name="a_row_has_a_number_unless_it_is_invalid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.row_number}: {self.written}"
