"""What credits cost, and what they buy: price lists with their packs, and rates per destination.

Everything is valid for a half-open period; a price that changes is a period that closes and another that opens, so
what was valid at any moment can still be read. Periods of the same thing cannot overlap: the tables refuse it.
"""

import uuid
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from billing.amounts import to_credits
from billing.pricing.codes import Service
from portal.periods import LASTS, period, point

# The lists that come with Saldo have names in every language; a list that staff add is called what they wrote.
SUPPLIED_NAMES: Final = (gettext_noop("Standard"), gettext_noop("Communications"))
MILLIONTH: Final = Decimal("0.000001")
PREFIX: Final = r"^[1-9][0-9]{0,6}$"
MOST_MONTHS: Final = 120
_MONTHS_FAULT = _("Credits expire after 1 to 120 months, or never.")
_PREFIX_FAULT = _("A prefix has one to seven digits and does not begin with zero.")


class PriceList(models.Model):
    """What packs of credits cost whom: the default list, or the one agreed with an account.

    Its credits expire so many calendar months after they were bought; None is never.
    """

    code = models.SlugField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    is_public = models.BooleanField(_("shown to everybody"), default=False)
    is_default = models.BooleanField(_("for accounts without an agreement"), default=False)
    credits_expire_after_months = models.PositiveSmallIntegerField(
        _("credits expire after months"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1, _MONTHS_FAULT), MaxValueValidator(MOST_MONTHS, _MONTHS_FAULT)],
    )

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")
        constraints = [
            models.UniqueConstraint(
                "is_default",
                condition=Q(is_default=True),
                name="there_is_one_default_price_list",
                violation_error_message=_("There is a default price list already."),
            ),
            models.CheckConstraint(
                condition=LASTS,
                name="a_price_list_ends_after_it_begins",
                violation_error_message=_("A price list ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="a_price_list_has_a_currency",
                violation_error_message=_("A currency has three capital letters, for example EUR."),
            ),
            models.CheckConstraint(
                condition=Q(credits_expire_after_months=None)
                | Q(credits_expire_after_months__gte=1, credits_expire_after_months__lte=MOST_MONTHS),
                name="bought_credits_last_a_month_or_more",
                violation_error_message=_MONTHS_FAULT,
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="a_price_list_has_a_name",
                violation_error_message=_("Give the price list a name."),
            ),
        ]

    def __str__(self) -> str:
        return gettext(self.name)


class CreditPack(models.Model):
    """What is for sale: `credits` (units) in one purchase for `price_cents` without VAT."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    price_list = models.ForeignKey(PriceList, models.PROTECT, related_name="packs", verbose_name=_("price list"))
    credits = models.BigIntegerField(_("credits"))
    price_cents = models.BigIntegerField(_("price without VAT"))
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("credit pack")
        verbose_name_plural = _("credit packs")
        constraints = [
            ExclusionConstraint(
                name="a_pack_has_one_price_at_a_time",
                expressions=[
                    (point("price_list"), RangeOperators.OVERLAPS),
                    (point("credits"), RangeOperators.OVERLAPS),
                    (period(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("This pack has another price in the same period."),
            ),
            models.CheckConstraint(
                condition=LASTS,
                name="a_pack_ends_after_it_begins",
                violation_error_message=_("A pack ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(credits__gt=0),
                name="a_pack_has_credits",
                violation_error_message=_("A pack has more than zero credits."),
            ),
            models.CheckConstraint(
                condition=Q(price_cents__gt=0),
                name="a_pack_costs_something",
                violation_error_message=_("A pack costs more than nothing."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.price_list} {to_credits(self.credits).normalize():f}"

    @property
    def unit_price_cents(self) -> Decimal:
        """What one credit of this pack costs, in cents without VAT, exact to a millionth of a cent."""
        return (self.price_cents / to_credits(self.credits)).quantize(MILLIONTH, ROUND_HALF_EVEN)


class PriceAgreement(models.Model):
    """An account that buys from another list than the default one; its sub-accounts do too."""

    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="price_agreement")
    price_list = models.ForeignKey(PriceList, models.PROTECT, related_name="agreements", verbose_name=_("price list"))

    class Meta:
        verbose_name = _("price agreement")
        verbose_name_plural = _("price agreements")

    def __str__(self) -> str:
        return f"{self.account} · {self.price_list}"


class Rate(models.Model):
    """What one unit of a service (an SMS segment, a minute) to the numbers behind `prefix` costs, in units of credit.

    `prefix` is the beginning of an E.164 number without "+"; the longest that fits a number counts.
    `country_names` are the English names the rate was loaded with.
    """

    service = models.CharField(_("service"), max_length=16, choices=Service.choices)
    prefix = models.CharField(_("prefix"), max_length=7, validators=[RegexValidator(PREFIX, _PREFIX_FAULT)])
    country_names = models.CharField(_("countries"), max_length=200)
    units = models.BigIntegerField(_("price in units"))
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        constraints = [
            *(
                ExclusionConstraint(
                    name=f"a_prefix_has_one_{service}_rate_at_a_time",
                    expressions=[(point("prefix"), RangeOperators.OVERLAPS), (period(), RangeOperators.OVERLAPS)],
                    condition=Q(service=service),
                    violation_error_message=_("This prefix has another rate in the same period."),
                )
                for service in Service.values
            ),
            models.CheckConstraint(
                condition=LASTS,
                name="a_rate_ends_after_it_begins",
                violation_error_message=_("A rate ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(prefix__regex=PREFIX),
                name="a_prefix_is_one_to_seven_digits",
                violation_error_message=_PREFIX_FAULT,
            ),
            models.CheckConstraint(
                condition=Q(units__gt=0),
                name="a_rate_costs_something",
                violation_error_message=_("A rate is more than zero credits."),
            ),
            models.CheckConstraint(condition=Q(service__in=Service.values), name="a_rate_is_for_a_known_service"),
        ]

    def __str__(self) -> str:
        return f"{self.get_service_display()} +{self.prefix}"
