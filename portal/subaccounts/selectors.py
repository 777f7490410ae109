"""Questions about a customer's sub-accounts."""

from django.db.models import BigIntegerField, Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from billing.ledger.codes import AccountCode
from billing.ledger.models import Account as LedgerAccount
from messaging.delivery.codes import CHARGED
from messaging.delivery.models import Message
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Member


def subaccounts(account: Account) -> QuerySet[Account]:
    """The account's sub-accounts by name, each with `available_units`, `sent_count` and `owners` (its own people)."""
    available = LedgerAccount.objects.filter(owner=OuterRef("pk"), code=AccountCode.WALLET).values("available")
    sent = (
        Message.objects.filter(account=OuterRef("pk"), state__in=[state.value for state in CHARGED])
        .order_by()
        .values("account")
        .annotate(count=Count("pk"))
        .values("count")
    )
    owners = Member.objects.filter(role=Role.OWNER).select_related("user").order_by("pk")
    return (
        Account.objects.filter(parent=account)
        .annotate(
            available_units=Coalesce(Subquery(available), 0, output_field=BigIntegerField()),
            sent_count=Coalesce(Subquery(sent), 0),
        )
        .prefetch_related(Prefetch("members", queryset=owners, to_attr="owners"))
        .order_by("name", "pk")
    )
