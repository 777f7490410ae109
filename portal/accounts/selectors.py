"""Questions about accounts and the people in them."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from portal.accounts.capabilities import Role
from portal.accounts.models import Account, AccountQuerySet, BillingDetails, Invitation, Member, User


@dataclass(frozen=True, slots=True)
class Access:
    """An account, and the membership by which somebody acts in it (their own there, or in its parent)."""

    account: Account
    member: Member


def accounts_of(user: User) -> AccountQuerySet:
    """The accounts `user` may open, by name, each customer followed by its sub-accounts."""
    customer = Coalesce("parent__name", "name")
    return (
        Account.objects.of(user).select_related("parent").order_by(customer, F("parent").asc(nulls_first=True), "name")
    )


def access(user: User, account_id: UUID) -> Access | None:
    """As whom `user` acts in the account with this public id, or None for a stranger.

    A member of the parent acts in its sub-accounts with the same role (product 2.9); a membership of the
    sub-account itself comes first.
    """
    # The answer of `Account.objects.of` by two plain questions: every page asks them. Both are asked whether the account
    # is a stranger's or nobody's, so that not even the time tells which.
    members = {member.account_id: member for member in Member.objects.filter(user=user)}
    open_ones = Account.objects.filter(deactivated_at=None, parent__deactivated_at=None)
    own = open_ones.filter(Q(pk__in=members) | Q(parent__in=members))
    account = own.select_related("parent").filter(public_id=account_id).first()
    if account is None:
        return None
    member = members.get(account.pk) or members[account.customer_id]
    member.user = user
    return Access(account, member)


def operator_account() -> Account:
    """The operator's own account, on which free alert messages are booked."""
    return Account.objects.get(is_operator=True)


def language_of(email: str) -> str | None:
    """The language of the person with this e-mail address, or None for an address nobody has."""
    return User.objects.filter(email=email.lower()).values_list("language", flat=True).first()


def is_shut_out(user: User) -> bool:
    """Whether every account that `user` is in was deactivated; staff and people without an account are not shut out."""
    return not user.is_staff and user.memberships.exists() and not Account.objects.of(user).exists()


def billing_details(account: Account) -> BillingDetails:
    """The account's billing details; where there are none yet, unsaved ones that begin with what is known.

    A sub-account begins with those of its parent, which are also what its invoices carry until it has its own.
    """
    held = BillingDetails.objects.filter(account=account).first()
    if held is None and account.parent_id is not None:
        held = BillingDetails.objects.filter(account_id=account.parent_id).first()
        if held is not None:
            held.pk, held.account = None, account
    return held or BillingDetails(account=account, company=account.name)


def members(account: Account) -> QuerySet[Member]:
    """The people of the account itself, by name."""
    return (
        Member.objects.filter(account=account)
        .select_related("user")
        .order_by("user__first_name", "user__last_name", "user__email")
    )


def owners(account: Account) -> QuerySet[Member]:
    """Who can manage the account: its owners who can sign in, and those of its parent."""
    return Member.objects.filter(
        account_id__in=[account.pk, account.customer_id], role=Role.OWNER, user__is_active=True
    )


def holders_of(email: str) -> QuerySet[User]:
    """Who holds this address: as their login, or as another address that they have verified."""
    email = email.strip().lower()
    proven = Q(emailaddress__email__iexact=email, emailaddress__verified=True)
    return User.objects.filter(Q(email=email) | proven).distinct()


def is_closed(account: Account) -> bool:
    """Whether nobody may open the account: it was deactivated, or its parent was."""
    return bool(account.deactivated_at or (account.parent and account.parent.deactivated_at))


def invitations(account: Account) -> QuerySet[Invitation]:
    """The account's invitations that nobody has accepted or withdrawn, newest first."""
    return (
        Invitation.objects.unanswered()
        .filter(account=account)
        .select_related("invited_by")
        .order_by("-created_at", "-pk")
    )
