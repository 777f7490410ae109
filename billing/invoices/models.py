"""Invoices as they were issued. What is on one never changes; only its PDF and its payment are added."""

import uuid
from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import ExtractYear, Round
from django.utils.translation import gettext_lazy as _

from billing.invoices.vat import Treatment

TREATMENT_CHOICES = [
    (Treatment.DOMESTIC.value, _("Domestic VAT")),
    (Treatment.EU_REVERSE_CHARGE.value, _("Reverse charge")),
    (Treatment.EU_CONSUMER.value, _("EU consumer, domestic VAT")),
    (Treatment.OUTSIDE_EU.value, _("Outside the EU, not subject to VAT")),
]


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


class InvoiceSeries(models.Model):
    """The counter of one series in one year. Its row is locked last in the transaction that issues, so no gaps."""

    code = models.CharField(_("code"), max_length=8, blank=True)
    year = models.PositiveSmallIntegerField(_("year"))
    last_number = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("invoice series")
        verbose_name_plural = _("invoice series")
        constraints = [models.UniqueConstraint("code", "year", name="a_series_counts_a_year_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.year}".strip()


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def to_render(self, now: datetime) -> "InvoiceQuerySet":
        """The invoices without a PDF on which nobody is working at `now`."""
        free = Q(render_lease_until=None) | Q(render_lease_until__lte=now)
        return self.filter(free, rendered_at=None).order_by("pk")


class Invoice(models.Model):
    """An invoice. Seller and buyer are copies, `net_cents` is the sum of the lines, VAT is on that sum.

    A trigger refuses every change but two: the PDF is added once, and so is the payment. Nothing is ever deleted; a
    correction will be a credit note.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="invoices", verbose_name=_("account"))
    series = models.CharField(_("series"), max_length=8, blank=True)
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveIntegerField(_("number in the series"))
    full_number = models.CharField(_("number"), max_length=24, unique=True)
    issued_on = models.DateField(_("date of issue"))
    due_on = models.DateField(_("due date"))
    currency = models.CharField(_("currency"), max_length=3)
    net_cents = models.BigIntegerField(_("net amount"))
    vat_rate = models.DecimalField(_("VAT rate"), max_digits=5, decimal_places=4)
    vat_cents = models.BigIntegerField(_("VAT"))
    gross_cents = models.BigIntegerField(_("total"))
    treatment = models.CharField(_("VAT treatment"), max_length=16, choices=TREATMENT_CHOICES)
    language = models.CharField(_("language"), max_length=8)
    seller = models.JSONField(_("seller"))
    buyer = models.JSONField(_("buyer"))
    purchase_order = models.CharField(_("purchase order reference"), max_length=40, blank=True)
    reference = models.CharField(_("reference"), max_length=120, unique=True)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    paid_by = models.CharField(_("paid by"), max_length=16, choices=PaidBy.choices, blank=True)
    payment_reference = models.CharField(_("payment reference"), max_length=120, blank=True)
    pdf = models.FileField(_("PDF"), max_length=200, blank=True)
    pdf_sha256 = models.CharField(_("checksum of the PDF"), max_length=64, blank=True)
    rendered_at = models.DateTimeField(_("rendered"), null=True, blank=True)
    render_lease_until = models.DateTimeField(null=True, blank=True, editable=False)

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
        ]
        indexes = [
            models.Index("account", F("issued_on").desc(), F("id").desc(), name="invoices_by_account"),
            models.Index("id", name="invoices_to_render", condition=Q(rendered_at=None)),
            models.Index("due_on", name="invoices_to_be_paid", condition=Q(paid_at=None)),
        ]

    def __str__(self) -> str:
        return self.full_number

    def state(self, today: date) -> State:
        """How the invoice stands on `today`: paid, to be paid, or overdue from the day after it was due."""
        if self.paid_at:
            return State.PAID
        return State.OVERDUE if self.due_on < today else State.TO_BE_PAID

    @property
    def file_name(self) -> str:
        """What the PDF is called on the customer's disk: the number, its slash replaced."""
        return f"saldo-{self.full_number.replace('/', '-').replace(' ', '-')}.pdf"


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
