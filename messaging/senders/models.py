"""The names a customer sends under, and what each country does with them. Staff approve before a telephone shows one."""

import uuid
from typing import Final

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from messaging.senders.codes import KINDS, MediaType, Reception, RegistrationState, State
from messaging.senders.rules import MAX_STORED
from portal.periods import LASTS, period, point

MAX_DOCUMENT_BYTES: Final = 5_000_000
COUNTRY: Final = r"^[A-Z]{2}$"


class SenderName(models.Model):
    """A name of an account, or a number in E.164.

    `reason` is what staff said last, `reviewed_at` when they first decided; every decision is a `Decision`.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="sender_names")
    name = models.CharField(_("sender name"), max_length=MAX_STORED)
    purpose = models.CharField(_("what it will be used for"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.REQUESTED)
    is_default = models.BooleanField(_("default"), default=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    requested_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested"))
    reviewed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("sender name")
        verbose_name_plural = _("sender names")
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("name"),
                condition=Q(state__in=[State.REQUESTED, State.APPROVED]),
                name="a_sender_name_is_requested_once",
                violation_error_message=_("You have already requested this name."),
            ),
            models.UniqueConstraint(
                "account", condition=Q(is_default=True), name="an_account_has_one_default_sender_name"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(state=State.APPROVED), name="a_default_sender_name_is_approved"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="a_sender_name_has_a_known_state"),
            models.CheckConstraint(
                condition=Q(state=State.REQUESTED, reviewed_at=None)
                | Q(~Q(state__in=[State.REQUESTED, State.WITHDRAWN]), reviewed_at__isnull=False)
                | Q(state=State.WITHDRAWN),
                name="a_reviewed_sender_name_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.REFUSED) | ~Q(reason=""), name="a_refused_sender_name_says_why"
            ),
            models.CheckConstraint(
                condition=Q(state=State.WITHDRAWN, withdrawn_at__isnull=False)
                | Q(~Q(state=State.WITHDRAWN), withdrawn_at=None),
                name="a_withdrawn_sender_name_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        """The badge that shows the state."""
        return KINDS[self.state]

    @property
    def is_number(self) -> bool:
        """Whether it is a telephone number in E.164, not a name."""
        return self.name.startswith("+")


class CountryRule(models.Model):
    """What a country does with senders of each sort, for a half-open period; staff change it from a day on.

    `relative_rate` is what the supplier's table calls the price class of the country, 1 the cheapest; nothing is
    charged by it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    country = models.CharField(_("country"), max_length=2)
    calling_prefix = models.CharField(_("prefix"), max_length=7)
    alphanumeric = models.CharField(_("sender names"), max_length=12, choices=Reception.choices)
    numeric = models.CharField(_("numbers as sender"), max_length=12, choices=Reception.choices)
    short_code = models.CharField(_("short codes"), max_length=12, choices=Reception.choices)
    relative_rate = models.PositiveSmallIntegerField(_("price class"))
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("country rule")
        verbose_name_plural = _("country rules")
        constraints = [
            ExclusionConstraint(
                name="a_country_has_one_rule_at_a_time",
                # The two letters as one number: a range needs no extension.
                expressions=[
                    (
                        point(
                            Func(
                                "country", template="(ascii(%(expressions)s) * 256 + ascii(right(%(expressions)s, 1)))"
                            )
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (period(), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=LASTS, name="a_country_rule_ends_after_it_begins"),
            models.CheckConstraint(condition=Q(country__regex=COUNTRY), name="a_country_rule_names_a_country"),
            models.CheckConstraint(
                condition=Q(
                    alphanumeric__in=Reception.values, numeric__in=Reception.values, short_code__in=Reception.values
                ),
                name="a_country_rule_has_known_receptions",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.valid_from:%Y-%m-%d}"


class Registration(models.Model):
    """A sender entered, or to be entered, in the register of a country. The newest of a country counts."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sender = models.ForeignKey(SenderName, models.PROTECT, related_name="registrations")
    country = models.CharField(_("country"), max_length=2)
    state = models.CharField(
        _("state"), max_length=16, choices=RegistrationState.choices, default=RegistrationState.REQUESTED
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    requested_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("requested"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        constraints = [
            models.UniqueConstraint(
                "sender",
                "country",
                condition=Q(state__in=RegistrationState.alive()),
                name="a_sender_name_is_registered_once_in_a_country",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RegistrationState.values), name="a_registration_has_a_known_state"
            ),
            models.CheckConstraint(condition=Q(country__regex=COUNTRY), name="a_registration_names_a_country"),
            models.CheckConstraint(
                condition=~Q(state=RegistrationState.REFUSED) | ~Q(reason=""), name="a_refused_registration_says_why"
            ),
            models.CheckConstraint(
                condition=Q(state=RegistrationState.REQUESTED, decided_at=None)
                | Q(~Q(state=RegistrationState.REQUESTED), decided_at__isnull=False),
                name="a_decided_registration_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} · {self.country}"

    @property
    def kind(self) -> str:
        """The badge that shows the state."""
        return KINDS[self.state]

    @property
    def is_alive(self) -> bool:
        """Whether it counts, or may come to count."""
        return self.state in RegistrationState.alive()


class AliasEntry(models.Model):
    """What the Italian register of aliases (AGCOM) asks of whoever sends under a name."""

    registration = models.OneToOneField(Registration, models.PROTECT, related_name="alias_entry")
    company = models.CharField(_("company"), max_length=120)
    vat_number = models.CharField(_("VAT number"), max_length=20)
    pec = models.EmailField(_("PEC"), max_length=254)
    contact_name = models.CharField(_("contact person"), max_length=120)
    contact_email = models.EmailField(_("e-mail of the contact"), max_length=254)
    contact_phone = models.CharField(_("telephone of the contact"), max_length=16)

    class Meta:
        verbose_name = _("alias entry")
        verbose_name_plural = _("alias entries")
        constraints = [
            models.CheckConstraint(
                condition=~(
                    Q(company="")
                    | Q(vat_number="")
                    | Q(pec="")
                    | Q(contact_name="")
                    | Q(contact_email="")
                    | Q(contact_phone="")
                ),
                name="an_alias_entry_is_complete",
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration} · {self.company}"


class Document(models.Model):
    """A paper that shows whose name it is. Its kind is what was found inside, not what it was called."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sender = models.ForeignKey(SenderName, models.PROTECT, related_name="documents")
    name = models.CharField(_("file name"), max_length=120)
    media_type = models.CharField(_("kind of file"), max_length=32, choices=MediaType.choices)
    byte_count = models.PositiveIntegerField(_("size"))
    file = models.FileField(_("file"), upload_to="sender-documents/%Y/%m/", max_length=200)
    added_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            models.CheckConstraint(
                condition=Q(media_type__in=MediaType.values),
                name="a_document_is_a_pdf_or_a_picture",
            ),
            models.CheckConstraint(
                condition=Q(byte_count__gt=0, byte_count__lte=MAX_DOCUMENT_BYTES), name="a_document_has_a_limited_size"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Decision(models.Model):
    """One step of a name's story, or of its registration in a country: append only, and the customer reads it."""

    sender = models.ForeignKey(SenderName, models.PROTECT, related_name="decisions")
    country = models.CharField(_("country"), max_length=2, blank=True)
    state = models.CharField(_("state"), max_length=16)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [
            models.CheckConstraint(
                condition=Q(country="", state__in=State.values) | Q(~Q(country=""), state__in=RegistrationState.values),
                name="a_decision_is_a_known_step",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.country} {self.state}".replace("  ", " ")
