"""Questions about a customer's sub-accounts."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.db.models import BigIntegerField, Count, Exists, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from billing.credits.models import CreditLot, Wallet
from billing.ledger.codes import AccountCode
from billing.ledger.models import Account as LedgerAccount
from messaging.campaigns import selectors as campaigns_selectors
from messaging.delivery.codes import CHARGED
from messaging.delivery.models import Message
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Invitation, Member


def subaccounts(account: Account) -> QuerySet[Account]:
    """The account's sub-accounts by name, each with what its row says.

    `available_units` and `held_units` are those of its own wallet; an unlimited one (`is_unlimited`) has `used_units`.
    `owners` are its own people who manage it; `is_awaited` is that somebody is invited to be one.
    """
    wallet = LedgerAccount.objects.filter(owner=OuterRef("pk"), code=AccountCode.WALLET)
    usage = LedgerAccount.objects.filter(owner=OuterRef("pk"), code=AccountCode.USAGE)
    offers = Invitation.objects.unanswered().filter(account=OuterRef("pk"), role=Role.OWNER, expires_at__gt=Now())
    owners = Member.objects.filter(role=Role.OWNER, user__is_active=True).select_related("user").order_by("pk")
    return (
        Account.objects.filter(parent=account)
        .annotate(
            available_units=_units(wallet.values("available")),
            held_units=_units(wallet.values("debits_pending")),
            used_units=_units(usage.values("credits_posted")),
            is_unlimited=Exists(Wallet.objects.filter(account=OuterRef("pk"), draws_on__isnull=False)),
            is_awaited=Exists(offers),
        )
        .select_related("parent", "person_in_charge")
        .prefetch_related(Prefetch("members", queryset=owners, to_attr="owners"))
        .order_by("name", "pk")
    )


def listed(account: Account) -> QuerySet[Account]:
    """The account's sub-accounts as `subaccounts` tells of them, and as `sent_count` the messages the network took.

    Those are counted, all there ever were: for the list, and not for a page about one sub-account.
    """
    sent = (
        Message.objects.filter(account=OuterRef("pk"), state__in=[state.value for state in CHARGED])
        .order_by()
        .values("account")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return subaccounts(account).annotate(sent_count=Coalesce(Subquery(sent), 0))


def own_available(account: Account) -> int:
    """What may leave the account's own wallet, in units; what it may spend from another does not count."""
    pot = LedgerAccount.objects.filter(owner=account, code=AccountCode.WALLET).first()
    return pot.available if pot else 0


def wallets(customer: Account) -> list[tuple[Account, int]]:
    """The customer's account and its sub-accounts with wallets of their own, each with what is available there."""
    pots = LedgerAccount.objects.filter(customer=customer, code=AccountCode.WALLET, wallet__draws_on=None)
    found = pots.select_related("owner").order_by("-owner__parent_id", "owner__name", "owner__pk")
    return [(pot.owner, pot.available) for pot in found]


def running(subaccount: Account) -> int:
    """How many campaigns of the sub-account are under way."""
    return campaigns_selectors.under_way().filter(account=subaccount).count()


def family(customer: Account) -> QuerySet[Account]:
    """The customer's own account, then its sub-accounts by name."""
    mine = Account.objects.filter(pk=customer.pk) | Account.objects.filter(parent=customer)
    return mine.order_by("-parent_id", "name", "pk").distinct()


@dataclass(frozen=True, slots=True)
class Loan:
    """`units` that `borrower` still has of what `lender` lent it, until `returns_at`."""

    lender: Account
    borrower: Account
    units: int
    returns_at: datetime

    @property
    def last_day(self) -> date:
        """The last day on which the credits are there, where the reader is."""
        return last_day(self.returns_at)


def last_day(moment: datetime) -> date:
    """The day that ends with, or holds, the instant before `moment`, where the reader is."""
    return timezone.localtime(moment - timedelta(microseconds=1)).date()


def loans(account: Account) -> list[Loan]:
    """What the account has lent or borrowed and is not used yet, what goes back first first.

    What messages under way hold of it is among it: should it not be used, it goes back too.
    """
    lots = CreditLot.objects.filter(returns_to__isnull=False, remaining__gt=0)
    mine = lots.filter(wallet__account=account) | lots.filter(returns_to__account=account)
    sums = (
        mine.values("wallet__account", "returns_to__account", "returns_at")
        .annotate(units=Sum("remaining"))
        .order_by("returns_at", "wallet__account")
    )
    found = list(sums)
    wanted = {row[name] for row in found for name in ("wallet__account", "returns_to__account")}
    accounts = Account.objects.in_bulk(wanted)
    return [
        Loan(
            lender=accounts[row["returns_to__account"]],
            borrower=accounts[row["wallet__account"]],
            units=int(row["units"]),
            returns_at=cast("datetime", row["returns_at"]),
        )
        for row in found
    ]


def _units(values: QuerySet[LedgerAccount, Any]) -> Coalesce:
    return Coalesce(Subquery(values), 0, output_field=BigIntegerField())
