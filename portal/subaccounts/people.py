"""The person in charge of a sub-account: invited by e-mail, with or without a first password.

Who is in another customer's account may be asked into this one as well, and is asked as anybody is: nothing here is
different by whether an address has a login, so a customer learns of no address outside their own accounts.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import Q

from portal.accounts import invitations
from portal.accounts import selectors as accounts_selectors
from portal.accounts.capabilities import Role
from portal.accounts.invitations import Issued, TooManyInvitations
from portal.accounts.models import Account, Invitation, Member
from portal.subaccounts.models import PersonInCharge
from portal.subaccounts.movements import lock, record
from portal.transactions import unit_of_work

__all__ = ["EmailTaken", "Person", "SomebodyIsInCharge", "TooManyInvitations", "put_in_charge", "refuse_taken"]


class EmailTaken(Exception):
    """Whoever holds this address works in an account of this customer's, or is to manage one, already."""


class SomebodyIsInCharge(Exception):
    """Somebody has accepted to manage the sub-account; who else does is said in its team."""


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
    """Invite `person` to be in charge, with a validated first `password` or without; return what is to be sent, if any.

    Who is invited already is not invited again; another one takes the place of who has not accepted yet. Raises
    `SomebodyIsInCharge`, `EmailTaken`, `TooManyInvitations`.
    """
    lock(subaccount.parent or subaccount)
    person = Person(person.first_name, person.last_name, person.email.strip().lower())
    named = PersonInCharge.objects.filter(account=subaccount).first()
    if named is None or named.email != person.email:
        refuse_taken(subaccount.customer_id, person.email, besides=subaccount)
    PersonInCharge.objects.update_or_create(account=subaccount, defaults=asdict(person))
    offers = Invitation.objects.filter(account=subaccount, role=Role.OWNER)
    invitations.withdraw_all(found=offers.exclude(email=person.email), actor_id=actor_id, now=now)
    # Now that nobody can accept any more whose place is taken: whoever did is in charge.
    if Member.objects.filter(account=subaccount, role=Role.OWNER, user__is_active=True).exists():
        raise SomebodyIsInCharge(subaccount.name)
    if offers.unanswered().filter(email=person.email, expires_at__gt=now).exists():
        return None
    record("subaccount.entrusted", subaccount, {"email": person.email}, actor_id, now)
    return invitations.invite(
        account=subaccount,
        email=person.email,
        role=Role.OWNER,
        may_spend=True,
        actor_id=actor_id,
        now=now,
        password=password,
    )


def refuse_taken(customer_id: int, email: str, *, besides: Account | None = None) -> None:
    """Raise `EmailTaken` if whoever holds `email` works in an account of the customer's, or is to manage another one."""
    email = email.strip().lower()
    here = Q(account=customer_id) | Q(account__parent=customer_id)
    if Member.objects.filter(here, user__in=accounts_selectors.holders_of(email)).exists():
        raise EmailTaken(email)
    named = PersonInCharge.objects.filter(account__parent=customer_id, email=email)
    if (named.exclude(account=besides) if besides else named).exists():
        raise EmailTaken(email)
