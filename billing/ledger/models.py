"""Two nouns: an account with four counters, and an immutable transfer from one account to another.

Nothing writes these tables but the functions of `sql/`, called by `services`. They hold the accounts they name under
lock, so no foreign key looks at them once more for every transfer; that was half the price of a batch.
"""

from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.lookups import Exact, In, IsNull
from django.utils.translation import gettext_lazy as _

from billing.ledger.codes import AccountCode, Phase, TransferCode
from billing.ledger.fields import AmountField, CodeField, CounterField


class Account(models.Model):
    """A pot of credits, in units. Credits raise it, debits lower it; what is pending is promised away or expected.

    `available` is what may still be spent: posted credits less posted and pending debits. Pending credits do not
    count until they are posted. `is_low` says that what is available is at or below `low_mark`, the highest level at
    which somebody wants to hear of it; `is_high` that it is above `high_mark`, the lowest level above which somebody does.
    """

    code = CodeField(_("kind"), max_length=16, choices=AccountCode.choices, domain="ledger_kind")
    owner = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+", verbose_name=_("owner"))
    customer = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+", verbose_name=_("customer"))
    may_overdraw = models.BooleanField(_("may go below zero"), default=False)
    debits_pending = CounterField(default=0)
    debits_posted = CounterField(default=0)
    credits_pending = CounterField(default=0)
    credits_posted = CounterField(default=0)
    last_entry_at = models.DateTimeField(_("last entry"), null=True)
    low_mark = models.BigIntegerField(_("low at"), null=True)
    high_mark = models.BigIntegerField(_("high above"), null=True)
    available = models.GeneratedField(
        expression=F("credits_posted") - F("debits_posted") - F("debits_pending"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    # Columns of their own, because an index on `available` itself would be written anew by every transfer; these
    # change when a mark is crossed.
    is_low = models.GeneratedField(
        expression=ExpressionWrapper(
            Q(low_mark__gte=F("credits_posted") - F("debits_posted") - F("debits_pending")),
            output_field=models.BooleanField(),
        ),
        output_field=models.BooleanField(null=True),
        db_persist=True,
    )
    is_high = models.GeneratedField(
        expression=ExpressionWrapper(
            Q(high_mark__lt=F("credits_posted") - F("debits_posted") - F("debits_pending")),
            output_field=models.BooleanField(),
        ),
        output_field=models.BooleanField(null=True),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint("owner", "code", name="an_owner_has_one_account_of_a_kind"),
            models.CheckConstraint(
                condition=Q(may_overdraw=True) | Q(credits_posted__gte=F("debits_posted") + F("debits_pending")),
                name="an_account_is_never_overdrawn",
            ),
        ]
        indexes = [
            models.Index("id", name="accounts_low", condition=Q(is_low=True)),
            models.Index("id", name="accounts_high", condition=Q(is_high=True)),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} {self.pk}"

    @property
    def posted(self) -> int:
        """The balance in units, holds not deducted."""
        return self.credits_posted - self.debits_posted


class Transfer(models.Model):
    """A movement of `amount` units out of `debit_account` into `credit_account`, and why.

    The transfers of a batch may share a reference, and differ in `sequence`. A `hold` is resolved at most once, by a `post` (whole or part; the rest is given back) or a `void` that names it.
    `debit_balance` and `credit_balance` are the posted balances of both accounts right after this transfer.
    A trigger refuses update and delete: a correction is another transfer. On each account `created_at` never runs
    backwards, so that the order of the ids is the order of time, and a balance at a moment is that of one entry.
    """

    debit_account = models.ForeignKey(
        Account, models.PROTECT, related_name="debits", db_index=False, db_constraint=False
    )
    credit_account = models.ForeignKey(
        Account, models.PROTECT, related_name="credits", db_index=False, db_constraint=False
    )
    amount = AmountField(_("amount"))
    code = CodeField(_("reason"), max_length=16, choices=TransferCode.choices, domain="ledger_reason")
    phase = CodeField(_("phase"), max_length=16, choices=Phase.choices, domain="ledger_phase")
    hold = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    reference = models.CharField(_("reference"), max_length=120)
    sequence = models.IntegerField(_("place in the batch"), default=0)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    actor = models.ForeignKey(
        "accounts.User",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("who"),
        db_index=False,
        db_constraint=False,
    )
    debit_balance = models.BigIntegerField()
    credit_balance = models.BigIntegerField()
    created_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.UniqueConstraint("reference", "sequence", name="a_reference_moves_once"),
            models.UniqueConstraint("hold", condition=Q(hold__isnull=False), name="a_hold_is_resolved_once"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="a_transfer_is_between_two_accounts"
            ),
            # Said as an equation, because each statement reads a constraint anew, and the usual form is four times as long.
            models.CheckConstraint(
                condition=Exact(IsNull(F("hold"), False), In(F("phase"), [Phase.POST, Phase.VOID])),
                name="only_a_resolution_names_a_hold",
            ),
        ]
        indexes = [
            models.Index(fields=["debit_account", "created_at", "id"], name="transfer_by_debit"),
            models.Index(fields=["credit_account", "created_at", "id"], name="transfer_by_credit"),
        ]

    def __str__(self) -> str:
        return self.reference
