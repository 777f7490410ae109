"""Who there is: accounts (a tree), the people, and which person may do what in which account."""

import uuid
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.accounts.capabilities import CAPABILITIES, Capability, Role
from portal.accounts.registers import Verdict


def validate_time_zone(name: str) -> None:
    """Refuse a name that is no IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(_("%(name)s is not a time zone."), params={"name": name})


class UserManager(BaseUserManager["User"]):
    """Makes people; the e-mail is the login, kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The e-mail is the login; staff are people of the operator."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    phone = models.CharField(_("telephone"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default="en-gb")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=settings.TIME_ZONE, validators=[validate_time_zone]
    )
    is_staff = models.BooleanField(_("staff of the operator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="an_e_mail_is_in_lower_case")]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def get_full_name(self) -> str:
        """Return first and last name, or an empty text."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        """Return the first name, or the e-mail's first half."""
        return self.first_name or self.email.partition("@")[0]


class AccountQuerySet(models.QuerySet["Account"]):
    def of(self, user: User) -> "AccountQuerySet":
        """The accounts that `user` may open: their own, and the sub-accounts of those."""
        own = Member.objects.filter(user=user).values("account")
        # A sub-account of a deactivated customer is as closed as its customer.
        return self.filter(Q(pk__in=own) | Q(parent__in=own), deactivated_at=None, parent__deactivated_at=None)

    def customers(self) -> "AccountQuerySet":
        """The accounts without a parent, the operator's own left out."""
        return self.filter(parent=None, is_operator=False)


class Account(models.Model):
    """A customer; a sub-account has a parent. The tree has two floors."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="subaccounts", verbose_name=_("parent account")
    )
    is_operator = models.BooleanField(_("the operator's own"), default=False)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default="en-gb")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=settings.TIME_ZONE, validators=[validate_time_zone]
    )
    created_at = models.DateTimeField(_("opened"), default=timezone.now)
    deactivated_at = models.DateTimeField(_("deactivated"), null=True, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("pk")), name="an_account_is_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(is_operator=False) | Q(parent=None), name="the_operators_account_has_no_parent"
            ),
            models.UniqueConstraint("is_operator", condition=Q(is_operator=True), name="there_is_one_operator"),
        ]
        # The few that are closed are left out of what goes through many accounts, without a look at each.
        indexes = [models.Index("id", name="accounts_closed", condition=Q(deactivated_at__isnull=False))]

    def __str__(self) -> str:
        return self.name

    @property
    def customer_id(self) -> int:
        """The primary key of the customer this account belongs to: its parent's, or its own."""
        return self.parent_id or self.pk

    @property
    def is_subaccount(self) -> bool:
        return self.parent_id is not None


class BillingDetails(models.Model):
    """Whom an invoice of this account is made out to. Copied into each invoice when it is issued."""

    account = models.OneToOneField(Account, models.PROTECT, related_name="billing_details")
    company = models.CharField(_("company"), max_length=120, blank=True)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    address = models.CharField(_("address"), max_length=160)
    address_complement = models.CharField(_("address complement"), max_length=160, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=16)
    city = models.CharField(_("city"), max_length=80)
    country = models.CharField(_("country"), max_length=2, default="IT")
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    codice_fiscale = models.CharField(_("codice fiscale"), max_length=16, blank=True)
    sdi_code = models.CharField(_("SdI recipient code"), max_length=7, blank=True)
    pec = models.EmailField(_("PEC"), max_length=254, blank=True)
    siret = models.CharField(_("SIRET"), max_length=14, blank=True)
    purchase_order = models.CharField(_("purchase order reference"), max_length=40, blank=True)
    # What the register of VAT numbers said of `vat_number`, and when; "not asked" until it was.
    vat_verdict = models.CharField(
        _("answer of the VAT register"), max_length=12, choices=Verdict.choices, default=Verdict.NOT_ASKED
    )
    vat_asked_at = models.DateTimeField(_("VAT register asked"), null=True, blank=True)

    class Meta:
        verbose_name = _("billing details")
        verbose_name_plural = _("billing details")
        constraints = [
            models.CheckConstraint(
                condition=~Q(company="") | ~Q(last_name=""), name="billing_details_name_a_company_or_a_person"
            ),
            models.CheckConstraint(
                condition=Q(vat_verdict=Verdict.NOT_ASKED, vat_asked_at=None)
                | (~Q(vat_verdict=Verdict.NOT_ASKED) & Q(vat_asked_at__isnull=False)),
                name="an_answer_about_a_vat_number_has_its_date",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The company, or the person where there is none."""
        return self.company or f"{self.first_name} {self.last_name}".strip()


class Member(models.Model):
    """A person in an account: the role says what they may do, `may_spend` whether credits may leave by their hand."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="members")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    may_spend = models.BooleanField(_("may spend credits"), default=False)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint("account", "user", name="a_person_is_in_an_account_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="a_member_has_a_known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    def can(self, capability: Capability) -> bool:
        """Whether the role carries `capability`; sending also needs `may_spend` (product 1.5)."""
        if capability == Capability.SEND and not self.may_spend:
            return False
        return capability in CAPABILITIES[Role(self.role)]


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def unanswered(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; they may have expired."""
        return self.filter(accepted_at=None, withdrawn_at=None)


class Invitation(models.Model):
    """Asks the holder of an e-mail address into an account, once and for seven days.

    Only the hash of the link's token is kept: who reads the table cannot accept in somebody's name. With a first
    password (`password_hash`, as logins keep theirs) whoever has no login yet gets it by opening the link.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("invitation", "Sent")
        UNSENT = "unsent", pgettext_lazy("invitation", "Not sent yet")
        EXPIRED = "expired", pgettext_lazy("invitation", "Expired")
        ACCEPTED = "accepted", pgettext_lazy("invitation", "Accepted")
        WITHDRAWN = "withdrawn", pgettext_lazy("invitation", "Withdrawn")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="invitations")
    email = models.EmailField(_("e-mail"), max_length=254)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    may_spend = models.BooleanField(_("may spend credits"), default=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    password_hash = models.CharField(max_length=128, blank=True, editable=False)
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("invited by"))
    created_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("expires"))
    sent_at = models.DateTimeField(_("e-mail sent"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("accepted by")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                "account",
                "email",
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="an_address_has_one_open_invitation",
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="an_invitation_goes_to_lower_case"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="an_invitation_offers_a_known_role"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="an_invitation_lasts_a_while"),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(withdrawn_at=None), name="an_invitation_ends_once"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="an_accepted_invitation_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(password_hash="") | Q(accepted_at=None, withdrawn_at=None),
                name="an_ended_invitation_keeps_no_password",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.get_role_display()}"

    def state(self, now: datetime) -> "Invitation.State":
        """How it stands at `now`."""
        if self.accepted_at:
            return self.State.ACCEPTED
        if self.withdrawn_at:
            return self.State.WITHDRAWN
        if self.expires_at <= now:
            return self.State.EXPIRED
        return self.State.OPEN if self.sent_at else self.State.UNSENT
