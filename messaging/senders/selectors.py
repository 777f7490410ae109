"""Questions about sender names; the account comes first."""

from django.conf import settings
from django.db.models import QuerySet

from messaging.senders.models import SenderName, State
from portal.accounts.models import Account


def portal_sender() -> str:
    """The portal's own number in E.164: what telephones show where no name is chosen, and what can be replied to."""
    return str(settings.PORTAL_SENDER)


def names(account: Account) -> QuerySet[SenderName]:
    """Every name the account has requested, newest first."""
    return SenderName.objects.filter(account=account).order_by("-requested_at", "-pk")


def usable(account: Account) -> QuerySet[SenderName]:
    """The names the account may send under today, the default first."""
    return SenderName.objects.filter(account=account, state=State.APPROVED).order_by("-is_default", "name")


def default_of(account: Account) -> SenderName | None:
    """The name the account sends under unless told otherwise; None means the portal's own number."""
    return SenderName.objects.filter(account=account, is_default=True).first()


def waiting() -> QuerySet[SenderName]:
    """For the operator: the requests of all customers that wait for a review, oldest first."""
    return (
        SenderName.objects.filter(state=State.REQUESTED)
        .select_related("account", "account__parent", "requested_by")
        .order_by("requested_at", "pk")
    )


def all_names() -> QuerySet[SenderName]:
    """For the operator: every name of every customer, newest first."""
    return SenderName.objects.select_related("account", "account__parent", "requested_by", "reviewed_by").order_by(
        "-requested_at", "-pk"
    )


def near_twins(sender: SenderName) -> QuerySet[SenderName]:
    """For the operator: names of other customers that look the same to a hurried reader (product 6.2)."""
    return (
        SenderName.objects.filter(folded_name=sender.folded_name)
        .exclude(account=sender.account_id)
        .exclude(state=State.REFUSED)
        .select_related("account")
        .order_by("requested_at", "pk")
    )
