"""Recharging by itself: what a customer set up, what was decided and why, what the owner is asked, and the policy."""

import uuid
from datetime import datetime
from typing import Final

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.amounts import UNITS_PER_CREDIT
from billing.auto_recharge.decide import LONGEST_WAIT, Answer, Unusual
from portal.periods import LASTS, period

QUANTITIES: Final = tuple(credits * UNITS_PER_CREDIT for credits in (100, 200, 250, 500, 1_000, 5_000, 10_000))
"""What can be bought by itself, in units."""

MAX_THRESHOLD: Final = 100_000 * UNITS_PER_CREDIT
_POT: Final = "account__wallet__ledger_account__"
NEEDERS: Final = "auto_recharge:"
"""What the names begin with under which automatic recharges say that they need a payment method."""


def quantities() -> list[int]:
    """What a new policy offers: every quantity."""
    return list(QUANTITIES)


class AutoRechargeQuerySet(models.QuerySet["AutoRecharge"]):
    def low(self) -> "AutoRechargeQuerySet":
        """Those that are on, with no more to spend than their threshold: found among the wallets that are low."""
        return self.filter(is_on=True, **{f"{_POT}is_low": True, f"{_POT}available__lte": F("threshold_units")})

    def unsettled(self) -> "AutoRechargeQuerySet":
        """Those that are on and had another answer than that there is enough: by an index of their own."""
        return self.filter(~Q(last_answer=Answer.ENOUGH), is_on=True)

    def on_turn(self, now: datetime) -> "AutoRechargeQuerySet":
        """Those whose turn to be looked at has come; a turn that is too far away is one of a clock that was put back."""
        return self.filter(Q(look_again_at=None) | Q(look_again_at__lte=now) | Q(look_again_at__gt=now + LONGEST_WAIT))


class AutoRecharge(models.Model):
    """What an account wants bought by itself: at or below `threshold_units` available, `quantity_units` or as often
    that as lands above. The row stays when it is switched off; `revision` counts its changes.

    Caps are cents with VAT; None is the policy's. `last_answer` is that of the last look. `answered_recharge` is the
    last declined one that somebody said to try again after, `settled_reversals` the keys of those that somebody said
    are settled: a pause and a stop end by such an answer, and not by a change of the terms.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="auto_recharge")
    is_on = models.BooleanField(_("switched on"), default=False)
    threshold_units = models.BigIntegerField(_("threshold"))
    quantity_units = models.BigIntegerField(_("quantity"))
    method = models.ForeignKey("payments.PaymentMethod", models.PROTECT, related_name="+")
    day_cap_cents = models.BigIntegerField(_("at most a day"), null=True, blank=True)
    month_cap_cents = models.BigIntegerField(_("at most a month"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)
    last_answer = models.CharField(max_length=16, blank=True)
    look_again_at = models.DateTimeField(null=True, editable=False)
    answered_recharge = models.ForeignKey("recharge.Recharge", models.PROTECT, null=True, related_name="+")
    settled_reversals = ArrayField(models.BigIntegerField(), default=list, blank=True)
    switched_on_at = models.DateTimeField(_("switched on at"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    objects = AutoRechargeQuerySet.as_manager()

    class Meta:
        verbose_name = _("automatic recharge")
        verbose_name_plural = _("automatic recharges")
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold_units__gt=0, threshold_units__lte=MAX_THRESHOLD),
                name="an_automatic_recharge_has_a_threshold",
            ),
            models.CheckConstraint(
                condition=Q(quantity_units__in=QUANTITIES), name="an_automatic_recharge_buys_a_listed_quantity"
            ),
            models.CheckConstraint(
                condition=(Q(day_cap_cents=None) | Q(day_cap_cents__gt=0))
                & (Q(month_cap_cents=None) | Q(month_cap_cents__gt=0)),
                name="a_cap_allows_something",
            ),
            models.CheckConstraint(
                condition=Q(is_on=False) | Q(switched_on_at__isnull=False),
                name="what_recharges_by_itself_says_since_when",
            ),
        ]
        indexes = [
            models.Index("account", name="auto_recharges_on", condition=Q(is_on=True)),
            models.Index("id", name="auto_recharges_unsettled", condition=Q(is_on=True) & ~Q(last_answer="enough")),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def needer(self) -> str:
        """Under which name it says that it needs a payment method."""
        return f"{NEEDERS}{self.public_id}"


class Evaluation(models.Model):
    """One answer for as long as it stayed the same: from the first to the last look, with the figures of the last.

    Each purchase has a row of its own. `conditions` is JSON: the name of each condition, and whether it was met. Where
    its money was given up and turned up after all, `over_day_cents` and `over_month_cents` say by how much the money of
    the day and of the month of its charge passed the limits with it; None until that was looked at (`late`).
    """

    auto_recharge = models.ForeignKey(AutoRecharge, models.PROTECT, related_name="evaluations")
    answer = models.CharField(_("answer"), max_length=16)
    conditions = models.JSONField(_("conditions"))
    available_units = models.BigIntegerField(_("available"))
    on_their_way_units = models.BigIntegerField(_("on their way"))
    threshold_units = models.BigIntegerField(_("threshold"))
    quantity_units = models.BigIntegerField(_("quantity"))
    units = models.BigIntegerField(_("to buy"))
    gross_cents = models.BigIntegerField(_("amount"), default=0)
    spent_today_cents = models.BigIntegerField(_("spent today"), default=0)
    spent_month_cents = models.BigIntegerField(_("spent this month"), default=0)
    provisional_left_cents = models.BigIntegerField(_("debits that may still be returned: left"), null=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    recharge = models.OneToOneField("recharge.Recharge", models.PROTECT, null=True, related_name="evaluation")
    over_day_cents = models.BigIntegerField(_("above the limit of the day"), null=True, editable=False)
    over_month_cents = models.BigIntegerField(_("above the limit of the month"), null=True, editable=False)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    look_count = models.PositiveIntegerField(_("looks"), default=1)

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        constraints = [
            models.CheckConstraint(
                condition=Q(answer__in=[answer.value for answer in Answer]), name="an_evaluation_has_a_known_answer"
            ),
            models.CheckConstraint(
                condition=Q(answer="buy", recharge__isnull=False) | (~Q(answer="buy") & Q(recharge=None)),
                name="only_a_decision_to_buy_has_a_recharge",
            ),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="an_evaluation_ends_after_it_began"),
        ]
        indexes = [models.Index("auto_recharge", F("id").desc(), name="evaluations_of_a_recharge")]

    def __str__(self) -> str:
        return f"{self.answer} {self.pk}"

    @property
    def waits_for_arrival(self) -> bool:
        """Whether there was enough only together with what is on its way."""
        return self.answer == Answer.ENOUGH and self.available_units <= self.threshold_units


class Question(models.Model):
    """The owner is asked whether a purchase that looks unusual is to be made. Answered once.

    An approval is good for one purchase, by which it is used. A question lapses when the credits came otherwise.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("question", "Waiting for an answer")
        APPROVED = "approved", pgettext_lazy("question", "Approved")
        USED = "used", pgettext_lazy("question", "Approved and bought")
        DENIED = "denied", pgettext_lazy("question", "Denied")
        LAPSED = "lapsed", pgettext_lazy("question", "Not needed any more")

    class Because(models.TextChoices):
        SECOND = Unusual.SECOND.value, _("Credits were bought automatically a short time ago already.")
        PACE = Unusual.PACE.value, _("Far more credits were used in the last 24 hours than on other days.")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    auto_recharge = models.ForeignKey(AutoRecharge, models.PROTECT, related_name="questions")
    because = models.CharField(_("reason"), max_length=8, choices=Because.choices)
    units = models.BigIntegerField(_("to buy"))
    gross_cents = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("question to the owner")
        verbose_name_plural = _("questions to the owner")
        constraints = [
            models.UniqueConstraint(
                fields=["auto_recharge"],
                condition=Q(state__in=["waiting", "approved"]),
                name="one_question_is_asked_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", answered_at=None) | (~Q(state="waiting") & Q(answered_at__isnull=False)),
                name="a_question_is_waiting_or_answered",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Policy(models.Model):
    """The operator's rules for automatic recharges, from one moment until another. Without a row the defaults hold.

    Caps are cents with VAT for each account. A second purchase within `hours_apart`, or after a day on which more than
    `pace_factor` times the usual was used, is asked about first. `quantities` are those that can be chosen, in units.
    """

    months_old = models.PositiveSmallIntegerField(_("months an account must be old"), default=2)
    allows_cards = models.BooleanField(_("cards may be charged"), default=True)
    day_cap_cents = models.BigIntegerField(_("at most a day"), default=100_000)
    month_cap_cents = models.BigIntegerField(_("at most a month"), default=500_000)
    hours_apart = models.PositiveSmallIntegerField(_("hours between two purchases"), default=3)
    pace_factor = models.PositiveSmallIntegerField(_("times the usual use"), default=5)
    quantities = ArrayField(models.BigIntegerField(), verbose_name=_("quantities"), default=quantities)
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("policy of automatic recharges")
        verbose_name_plural = _("policies of automatic recharges")
        constraints = [
            ExclusionConstraint(
                name="one_recharge_policy_holds_at_a_time", expressions=[(period(), RangeOperators.OVERLAPS)]
            ),
            models.CheckConstraint(condition=LASTS, name="a_recharge_policy_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(day_cap_cents__gt=0, month_cap_cents__gte=F("day_cap_cents"), pace_factor__gt=0)
                & Q(quantities__len__gt=0, quantities__contained_by=list(QUANTITIES)),
                name="a_recharge_policy_allows_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from:%Y-%m-%d}"
