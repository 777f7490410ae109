"""Invoices as they were issued, and the credit notes that correct them. What is on one never changes."""

from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Abs, ExtractYear, Round
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.invoices.documents import TREATMENT_CHOICES, Document, InvoiceSeries, to_render

__all__ = ["TREATMENT_CHOICES", "CreditNote", "Invoice", "InvoiceLine", "InvoiceSeries", "PaidBy", "State"]


class PaidBy(models.TextChoices):
    """The kinds of payment that an invoice can name."""

    CARD = "card", _("Card")
    SEPA_DEBIT = "sepa_debit", _("SEPA direct debit")
    BANK_TRANSFER = "bank_transfer", _("Bank transfer")


class State(models.TextChoices):
    """How an invoice stands with its payment on a given day."""

    PAID = "paid", _("Paid")
    TO_BE_PAID = "to_be_paid", _("To be paid")
    OVERDUE = "overdue", _("Overdue")
    PARTLY_CREDITED = "partly_credited", _("Partly credited")
    CREDITED = "credited", pgettext_lazy("invoice", "Credited")


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def to_render(self, now: datetime) -> "InvoiceQuerySet":
        """The invoices without a PDF on which nobody is working at `now`."""
        return self.filter(to_render(now)).order_by("pk")


class Invoice(Document):
    """An invoice. Seller and buyer are copies, `net_cents` is the sum of the lines, VAT is on that sum.

    A trigger refuses every change but these: the PDF is added once, and so is the payment; what credit notes correct
    only grows; and what came and went back again is kept up to date. Nothing is ever deleted.
    """

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="invoices", verbose_name=_("account"))
    due_on = models.DateField(_("due date"))
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    paid_by = models.CharField(_("paid by"), max_length=16, choices=PaidBy.choices, blank=True)
    payment_reference = models.CharField(_("payment reference"), max_length=120, blank=True)
    credited_cents = models.BigIntegerField(_("corrected by credit notes"), default=0)
    returned_cents = models.BigIntegerField(_("paid and gone back"), default=0)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint("series", "year", "number", name="a_number_is_given_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="numbers_start_at_one"),
            models.CheckConstraint(
                condition=Q(year=ExtractYear("issued_on")), name="an_invoice_is_numbered_in_the_year_of_its_issue"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("issued_on")), name="an_invoice_is_not_due_before_its_issue"
            ),
            models.CheckConstraint(condition=Q(net_cents__gt=0), name="an_invoice_asks_for_something"),
            models.CheckConstraint(
                condition=Q(gross_cents=F("net_cents") + F("vat_cents")), name="the_total_is_net_and_vat"
            ),
            models.CheckConstraint(
                condition=Q(vat_cents=Round(F("net_cents") * F("vat_rate"), output_field=models.DecimalField())),
                name="the_vat_is_the_rate_of_the_net",
            ),
            models.CheckConstraint(
                condition=Q(treatment__in=["domestic", "eu_consumer"], vat_rate__gt=0)
                | Q(treatment__in=["reverse_charge", "outside_eu"], vat_rate=0),
                name="the_treatment_goes_with_the_rate",
            ),
            models.CheckConstraint(
                condition=Q(paid_by__in=["", *PaidBy.values]) & (Q(paid_by="") | Q(paid_at__isnull=False)),
                name="only_a_paid_invoice_says_how",
            ),
            models.CheckConstraint(
                condition=Q(rendered_at=None, pdf="", pdf_sha256="")
                | (Q(rendered_at__isnull=False) & ~Q(pdf="") & ~Q(pdf_sha256="")),
                name="a_rendered_invoice_has_its_file",
            ),
            models.CheckConstraint(
                condition=Q(credited_cents__gte=0, credited_cents__lte=F("gross_cents")),
                name="no_more_is_credited_than_was_invoiced",
            ),
            models.CheckConstraint(
                condition=Q(returned_cents__gte=0, returned_cents__lte=F("gross_cents")),
                name="no_more_goes_back_than_was_invoiced",
            ),
        ]
        indexes = [
            models.Index("account", F("issued_on").desc(), F("id").desc(), name="invoices_by_account"),
            models.Index("id", name="invoices_to_render", condition=Q(rendered_at=None)),
            models.Index("due_on", name="invoices_to_be_paid", condition=Q(paid_at=None)),
        ]

    @property
    def left_cents(self) -> int:
        """What no credit note has corrected."""
        return self.gross_cents - self.credited_cents

    @property
    def owed_cents(self) -> int:
        """What is still to be paid: not paid yet, or paid and gone back, and not corrected."""
        paid = self.gross_cents - self.returned_cents if self.paid_at else 0
        return max(0, self.left_cents - paid)

    def state(self, today: date) -> State:
        """How the invoice stands on `today`: credited, paid, to be paid, or overdue from the day after it was due."""
        if not self.left_cents:
            return State.CREDITED
        if self.owed_cents:
            return State.OVERDUE if self.due_on < today else State.TO_BE_PAID
        return State.PARTLY_CREDITED if self.credited_cents else State.PAID


class InvoiceLine(models.Model):
    """What was sold: `quantity_units` credits (in units) at `unit_price_cents` each. Written with its invoice."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"))
    description = models.CharField(_("description"), max_length=200)
    quantity_units = models.BigIntegerField(_("credits"))
    unit_price_cents = models.DecimalField(_("price of a credit in cents"), max_digits=14, decimal_places=6)
    net_cents = models.BigIntegerField(_("net amount"))

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint("invoice", "position", name="a_line_has_a_position_of_its_own"),
            models.CheckConstraint(condition=Q(quantity_units__gt=0, net_cents__gte=0), name="a_line_sells_something"),
        ]

    def __str__(self) -> str:
        return self.description


class CreditNoteQuerySet(models.QuerySet["CreditNote"]):
    def to_render(self, now: datetime) -> "CreditNoteQuerySet":
        """The credit notes without a PDF on which nobody is working at `now`."""
        return self.filter(to_render(now)).order_by("pk")


class CreditNote(Document):
    """Takes back an invoice or a part of it, with the VAT the invoice had, and names it.

    A credit note has one line: `quantity_units` credits of those that were invoiced. All notes of an invoice come to
    no more than the invoice, in each sum, and to exactly that when they correct the whole of it.
    """

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="credit_notes", verbose_name=_("invoice"))
    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, related_name="credit_notes", verbose_name=_("account")
    )
    reason = models.CharField(_("reason"), max_length=250)
    description = models.CharField(_("description"), max_length=200)
    quantity_units = models.BigIntegerField(_("credits"))
    unit_price_cents = models.DecimalField(_("price of a credit in cents"), max_digits=14, decimal_places=6)

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints = [
            models.UniqueConstraint("series", "year", "number", name="a_number_of_a_credit_note_is_given_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1) & ~Q(series=""), name="credit_notes_are_counted_in_a_series_of_their_own"
            ),
            models.CheckConstraint(
                condition=Q(year=ExtractYear("issued_on")), name="a_credit_note_is_numbered_in_the_year_of_its_issue"
            ),
            models.CheckConstraint(
                condition=Q(gross_cents__gt=0, net_cents__gte=0, vat_cents__gte=0, quantity_units__gte=0),
                name="a_credit_note_gives_something_back",
            ),
            models.CheckConstraint(
                condition=Q(gross_cents=F("net_cents") + F("vat_cents")), name="a_credit_note_comes_to_net_and_vat"
            ),
            # Two sums of notes, each rounded to half a cent, differ by a cent at most: see `vat.vat_within`.
            models.CheckConstraint(
                condition=Q(
                    vat_rate__gte=Abs(
                        F("vat_cents") - F("net_cents") * F("vat_rate"), output_field=models.DecimalField()
                    )
                    - 1
                ),
                name="the_vat_of_a_credit_note_goes_with_its_rate",
            ),
            models.CheckConstraint(
                condition=Q(rendered_at=None, pdf="", pdf_sha256="")
                | (Q(rendered_at__isnull=False) & ~Q(pdf="") & ~Q(pdf_sha256="")),
                name="a_rendered_credit_note_has_its_file",
            ),
        ]
        indexes = [
            models.Index("account", F("issued_on").desc(), F("id").desc(), name="credit_notes_by_account"),
            models.Index("id", name="credit_notes_to_render", condition=Q(rendered_at=None)),
        ]
