"""What invoices and credit notes have in common: a number without gaps, both parties as copies, sums, and a PDF."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.invoices.vat import Treatment

TREATMENT_CHOICES = [
    (Treatment.DOMESTIC.value, _("Domestic VAT")),
    (Treatment.EU_REVERSE_CHARGE.value, _("Reverse charge")),
    (Treatment.EU_CONSUMER.value, _("EU consumer, domestic VAT")),
    (Treatment.OUTSIDE_EU.value, _("Outside the EU, not subject to VAT")),
]


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


def to_render(now: datetime) -> Q:
    """The condition that a document has no PDF and nobody is working on it at `now`."""
    return Q(rendered_at=None) & (Q(render_lease_until=None) | Q(render_lease_until__lte=now))


class Document(models.Model):
    """Issued once and never changed: a trigger refuses it. Seller and buyer are copies, the PDF is added once."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    series = models.CharField(_("series"), max_length=8, blank=True)
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveIntegerField(_("number in the series"))
    full_number = models.CharField(_("number"), max_length=24, unique=True)
    issued_on = models.DateField(_("date of issue"))
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
    pdf = models.FileField(_("PDF"), max_length=200, blank=True)
    pdf_sha256 = models.CharField(_("checksum of the PDF"), max_length=64, blank=True)
    rendered_at = models.DateTimeField(_("rendered"), null=True, blank=True)
    render_lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.full_number

    @property
    def file_name(self) -> str:
        """What the PDF is called on the customer's disk: the number, its slash replaced."""
        return f"saldo-{self.full_number.replace('/', '-').replace(' ', '-')}.pdf"
