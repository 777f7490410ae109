"""The person in charge of a sub-account: invited by e-mail, or given a first password."""

from dataclasses import asdict, dataclass
from datetime import datetime

from allauth.account.models import EmailAddress

from portal.accounts import invitations
from portal.accounts import selectors as accounts_selectors
from portal.accounts.capabilities import Role
from portal.accounts.invitations import Issued, TooManyInvitations
from portal.accounts.models import Account, Invitation, Member, User
from portal.subaccounts.models import PersonInCharge
from portal.subaccounts.movements import lock, record
from portal.transactions import unit_of_work

__all__ = ["EmailTaken", "Person", "TooManyInvitations", "put_in_charge", "refuse_taken"]


class EmailTaken(Exception):
    """Whoever holds this address works in another account already."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to manage a sub-account; the e-mail is, or becomes, their login."""

    first_name: str
    last_name: str
    email: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


@unit_of_work
def put_in_charge(
    *, subaccount: Account, person: Person, password: str | None, actor_id: int, now: datetime
) -> Issued | None:
    """Put `person` in charge: with a validated first `password`, or invited; return the invitation to be sent, if any.

    The same person again changes nothing; another one takes the place of who has not accepted yet. Raises
    `EmailTaken`, `TooManyInvitations`.
    """
    lock(subaccount.parent or subaccount)
    person = Person(person.first_name, person.last_name, person.email.strip().lower())
    named = PersonInCharge.objects.filter(account=subaccount).first()
    if named is None or named.email != person.email:
        refuse_taken(subaccount.customer_id, person.email, besides=subaccount, with_password=password is not None)
    PersonInCharge.objects.update_or_create(account=subaccount, defaults=asdict(person))
    if named is not None and named.email == person.email:
        return None
    for open_invitation in Invitation.objects.unanswered().filter(account=subaccount, role=Role.OWNER):
        invitations.withdraw(invitation=open_invitation, actor_id=actor_id, now=now)
    record("subaccount.entrusted", subaccount, {"email": person.email}, actor_id, now)
    if password is None:
        return invitations.invite(
            account=subaccount, email=person.email, role=Role.OWNER, may_spend=True, actor_id=actor_id, now=now
        )
    _admit(subaccount, person, password, now)
    return None


def refuse_taken(customer_id: int, email: str, *, with_password: bool = False, besides: Account | None = None) -> None:
    """Raise `EmailTaken` if whoever holds `email` works in an account, or is to manage another one of the customer's.

    Somebody else's login is given no password (`with_password`) either, wherever they work.
    """
    email = email.strip().lower()
    holders = accounts_selectors.holders_of(email)
    if (with_password and holders.exists()) or Member.objects.filter(user__in=holders).exists():
        raise EmailTaken(email)
    named = PersonInCharge.objects.filter(account__parent=customer_id, email=email)
    if (named.exclude(account=besides) if besides else named).exists():
        raise EmailTaken(email)


def _admit(subaccount: Account, person: Person, password: str, now: datetime) -> None:
    """Give the person a login of their own. They prove that the address is theirs when they first sign in."""
    user = User.objects.create_user(
        person.email,
        password,
        first_name=person.first_name,
        last_name=person.last_name,
        language=subaccount.language,
        time_zone=subaccount.time_zone,
        date_joined=now,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    Member.objects.create(account=subaccount, user=user, role=Role.OWNER, may_spend=True, created_at=now)
