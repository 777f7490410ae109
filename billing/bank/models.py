"""What came to the operator's bank account: statements, their lines as the bank wrote them, and what each was for."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.bank.codes import BookingKind, Finding, LineState, StatementKind


class BankStatement(models.Model):
    """A file of the bank that staff chose: looked at first, then imported, once. `plan` says what its columns mean."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=StatementKind.choices)
    iban = models.CharField(_("IBAN"), max_length=34)
    file_name = models.CharField(_("file name"), max_length=120)
    digest = models.CharField(_("SHA-256 of the file"), max_length=64)
    content = models.BinaryField(editable=False)
    plan = models.JSONField(default=dict, blank=True)
    added_count = models.PositiveIntegerField(_("lines added"), null=True, blank=True)
    known_count = models.PositiveIntegerField(_("lines known already"), null=True, blank=True)
    left_out_count = models.PositiveIntegerField(_("lines left out"), null=True, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("who"))
    created_at = models.DateTimeField(_("uploaded"))
    imported_at = models.DateTimeField(_("imported"), null=True, blank=True)

    class Meta:
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        constraints = [
            models.UniqueConstraint("iban", "digest", name="a_statement_is_imported_once"),
            models.CheckConstraint(
                condition=Q(imported_at=None, added_count=None)
                | Q(imported_at__isnull=False, added_count__isnull=False),
                name="an_imported_statement_says_what_it_added",
            ),
        ]
        permissions = [("confirm_by_hand", "Can confirm a bank transfer without a statement")]

    def __str__(self) -> str:
        return self.file_name


class StatementLine(models.Model):
    """Money that came, as the bank wrote it, or as somebody said who confirmed it by hand (`is_by_hand`).

    What it says never changes. `open_cents` is what nobody has decided about yet; a line is `new` until it was looked
    at by itself, then `open` for a person or `booked`. `finding` says why a person is needed.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    statement = models.ForeignKey(BankStatement, models.PROTECT, null=True, related_name="lines")
    iban = models.CharField(_("IBAN"), max_length=34)
    key = models.CharField(max_length=64)
    booked_on = models.DateField(_("booked on"))
    amount_cents = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    payer_name = models.CharField(_("payer"), max_length=140, blank=True)
    payer_iban = models.CharField(_("payer's IBAN"), max_length=34, blank=True)
    text = models.CharField(_("text"), max_length=1000, blank=True)
    structured = models.CharField(_("structured reference"), max_length=140, blank=True)
    bank_reference = models.CharField(_("bank's reference"), max_length=140, blank=True)
    is_return = models.BooleanField(_("sent by us, and returned"), default=False)
    is_by_hand = models.BooleanField(_("confirmed by hand"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=LineState.choices, default=LineState.NEW)
    finding = models.CharField(_("why"), max_length=24, choices=Finding.choices, blank=True)
    open_cents = models.BigIntegerField(_("not decided yet"))
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("imported"))

    class Meta:
        verbose_name = _("statement line")
        verbose_name_plural = _("statement lines")
        constraints = [
            models.UniqueConstraint("iban", "key", name="a_line_is_kept_once"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="a_line_brings_money"),
            models.CheckConstraint(
                condition=Q(open_cents__gte=0, open_cents__lte=F("amount_cents")), name="no_more_is_booked_than_came"
            ),
            models.CheckConstraint(
                condition=Q(state="booked", open_cents=0) | Q(state__in=["new", "open"], open_cents__gt=0),
                name="a_booked_line_has_nothing_open",
            ),
            models.CheckConstraint(
                condition=Q(is_by_hand=True, statement=None, created_by__isnull=False)
                | Q(is_by_hand=False, statement__isnull=False),
                name="a_line_comes_from_a_statement_or_a_person",
            ),
        ]
        indexes = [
            models.Index("booked_on", "amount_cents", name="lines_by_day_and_amount"),
            models.Index("state", name="lines_to_decide", condition=~Q(state="booked")),
            models.Index("payer_iban", name="lines_by_payer", condition=~Q(payer_iban="")),
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.payer_name}".strip()


class OutgoingLine(models.Model):
    """Money that went out, as the bank wrote it. Kept to be seen: nothing is booked by it, and it never changes.

    `is_return` when the bank took back what had come.
    """

    statement = models.ForeignKey(BankStatement, models.PROTECT, related_name="outgoing")
    iban = models.CharField(_("IBAN"), max_length=34)
    key = models.CharField(max_length=64)
    booked_on = models.DateField(_("booked on"))
    amount_cents = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    payee_name = models.CharField(_("payee"), max_length=140, blank=True)
    payee_iban = models.CharField(_("payee's IBAN"), max_length=34, blank=True)
    text = models.CharField(_("text"), max_length=1000, blank=True)
    structured = models.CharField(_("structured reference"), max_length=140, blank=True)
    bank_reference = models.CharField(_("bank's reference"), max_length=140, blank=True)
    is_return = models.BooleanField(_("came to us, and taken back"), default=False)
    created_at = models.DateTimeField(_("imported"))

    class Meta:
        verbose_name = _("line of outgoing money")
        verbose_name_plural = _("lines of outgoing money")
        constraints = [
            models.UniqueConstraint("iban", "key", name="outgoing_money_is_kept_once"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="outgoing_money_is_an_amount"),
        ]
        indexes = [models.Index(F("booked_on").desc(), F("id").desc(), name="outgoing_lines_by_day")]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.payee_name}".strip()


class Booking(models.Model):
    """What a line's money, or a part of it, was for. Never changed: one is undone by another that names it (`undoes`).

    `confirms` is the confirmation by hand that the line turned out to be; `done_on` and `reference` say when and as
    what money was sent back.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    line = models.ForeignKey(StatementLine, models.PROTECT, related_name="bookings")
    kind = models.CharField(_("what for"), max_length=16, choices=BookingKind.choices)
    amount_cents = models.BigIntegerField(_("amount"))
    attempt = models.ForeignKey("payments.Attempt", models.PROTECT, null=True, blank=True, related_name="bookings")
    confirms = models.ForeignKey(StatementLine, models.PROTECT, null=True, blank=True, related_name="confirmed_by")
    undoes = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="undone_by")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    reference = models.CharField(_("reference"), max_length=140, blank=True)
    done_on = models.DateField(pgettext_lazy("a transfer back", "on"), null=True, blank=True)
    created_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    created_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = pgettext_lazy("bank", "booking")
        verbose_name_plural = pgettext_lazy("bank", "bookings")
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="a_booking_decides_about_money"),
            models.CheckConstraint(
                condition=Q(kind="purchase", attempt__isnull=False, confirms=None)
                | Q(kind="confirmed", attempt=None, confirms__isnull=False)
                | Q(kind="returned", attempt=None, confirms=None, done_on__isnull=False)
                | Q(kind="not_ours", attempt=None, confirms=None),
                name="a_booking_says_what_it_was_for",
            ),
        ]
        indexes = [models.Index(fields=["line", "id"], name="bookings_by_line")]

    def __str__(self) -> str:
        return str(self.public_id)
