"""How an account of the demo begins: its people, whom to invoice, its card, its contacts, its sender names."""

import random
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from allauth.account.models import EmailAddress

from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.payments.providers import sandbox
from billing.pricing import services as pricing
from billing.pricing.models import PriceList
from messaging.contacts import services as contacts
from messaging.contacts.paste import Entry
from messaging.senders import services as senders
from portal.accounts import services as accounts
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Member, User
from portal.demo.cast import STAFF, Firm, Person, units
from portal.demo.contacts import invent
from portal.subaccounts import services as subaccounts

_PROVIDER = "sandbox"
_MAY_SPEND = frozenset({Role.OWNER, Role.SENDER})


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator's own account, and the two people who work there."""

    account: Account
    olga: User
    paolo: User


@dataclass(frozen=True, slots=True)
class Branch:
    """An account that lives: who owns it, buys and sends for it, its contacts; `parent` where it is a branch of one."""

    firm: Firm
    account: Account
    owner: User
    buyer: User
    sender: User
    contacts: tuple[Entry, ...]
    parent: "Branch | None" = None

    @property
    def numbers(self) -> list[str]:
        """The numbers of its contacts in E.164."""
        return [entry.number for entry in self.contacts]


def open_operator(*, now: datetime) -> Operator:
    """Make the operator's account, unless there is one, and its staff."""
    account = Account.objects.filter(is_operator=True).first()
    if account is None:
        account = Account.objects.create(name="Saldo", is_operator=True, language="it", created_at=now)
    credits.open_wallet(account=account)
    olga, paolo = (_sign_up(person, "it", "Europe/Rome", now) for person in STAFF)
    User.objects.filter(pk__in=[olga.pk, paolo.pk]).update(is_staff=True)
    User.objects.filter(pk=olga.pk).update(is_superuser=True)
    return Operator(account, olga, paolo)


def open_customer(*, firm: Firm, operator: Operator, chance: random.Random, now: datetime) -> Branch:
    """Let a customer sign up, with everybody who works there, and set up what it needs."""
    people = {person.role: _sign_up(person, firm.language, firm.time_zone, now) for person in firm.people}
    owner = people[Role.OWNER]
    account = accounts.open_account(name=firm.name, owner=owner, now=now)
    for role, user in people.items():
        if user != owner:
            Member.objects.create(account=account, user=user, role=role, may_spend=role in _MAY_SPEND, created_at=now)
    details = {name: firm.billing.get(name, "") for name in accounts.BILLING_FIELDS}
    accounts.change_billing_details(account=account, details=details, actor_id=owner.pk, now=now)
    credits.open_wallet(account=account)
    if firm.price_list:
        price_list = PriceList.objects.get(code=firm.price_list)
        pricing.agree(account=account, price_list=price_list, actor_id=operator.olga.pk, now=now)
    invented = tuple(invent(firm.country, firm.audience, chance))
    branch = Branch(firm, account, owner, people[Role.BILLING], people[Role.SENDER], invented)
    _settle_in(branch, now)
    return branch


def open_branch(*, firm: Firm, parent: Branch, chance: random.Random, now: datetime) -> Branch:
    """Let a customer open a sub-account, with the person in charge of it."""
    manager = _sign_up(firm.people[0], parent.firm.language, parent.firm.time_zone, now)
    account = subaccounts.open_subaccount(
        parent=parent.account,
        name=firm.name,
        credits_units=0,
        reference=key(chance),
        actor_id=parent.owner.pk,
        now=now,
    )
    Member.objects.create(account=account, user=manager, role=Role.OWNER, may_spend=True, created_at=now)
    invented = tuple(invent(parent.firm.country, firm.audience, chance))
    branch = Branch(firm, account, manager, manager, manager, invented, parent)
    _settle_in(branch, now)
    return branch


def key(chance: random.Random) -> uuid.UUID:
    """A reference as a form carries one, the same in every load."""
    return uuid.UUID(int=chance.getrandbits(128), version=4)


def welcome(branch: Branch, *, now: datetime) -> None:
    """Give an account a few credits to try Saldo with; they expire after 30 days."""
    _promote(branch, branch.firm.welcome, f"welcome:{branch.account.public_id}", now)


def thank(branch: Branch, *, now: datetime) -> None:
    """Give an account credits for its loyalty; they expire after 30 days."""
    _promote(branch, 40, f"loyalty:{branch.account.public_id}", now)


def add_card(branch: Branch, *, label: str, token: str = sandbox.SUCCEEDS, now: datetime) -> PaymentMethod:
    """Add a card of the sandbox, good for two more years."""
    return payments.add_method(
        account=branch.account,
        provider=_PROVIDER,
        token=token,
        label=label,
        expires_on=date(now.year + 2, now.month, 28),
        actor_id=branch.buyer.pk,
        now=now,
    )


def _promote(branch: Branch, amount: int, reference: str, now: datetime) -> None:
    credits.grant(
        wallet=credits.open_wallet(account=branch.account),
        amount=units(amount),
        terms=credits.Terms(expires_at=now + timedelta(days=30)),
        cause=credits.Cause(TransferCode.PROMOTION, reference, f"account:{branch.account.public_id}"),
        now=now,
    )


def _sign_up(person: Person, language: str, time_zone: str, now: datetime) -> User:
    user = User.objects.create_user(
        person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        phone=person.phone,
        language=language,
        time_zone=time_zone,
        date_joined=now,
    )
    EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
    return user


def _settle_in(branch: Branch, now: datetime) -> None:
    """Add the lists (each the first so many of the contacts), and ask for the sender names."""
    firm, account, actor_id = branch.firm, branch.account, branch.sender.pk
    for name, size in firm.lists:
        contacts.create_list(account=account, name=name, entries=branch.contacts[:size], actor_id=actor_id, now=now)
    if firm.names.used:
        senders.request(account=account, name=firm.names.used, purpose=firm.names.purpose, actor_id=actor_id, now=now)
    if firm.names.refused:
        name, purpose, _ = firm.names.refused
        senders.request(account=account, name=name, purpose=purpose, actor_id=actor_id, now=now)
