"""What is done to accounts and people: opened, renamed, given a role, told whom to invoice."""

from collections.abc import Mapping
from datetime import datetime

from portal.accounts.capabilities import Role
from portal.accounts.models import Account, BillingDetails, Member, User
from portal.audit import services as audit
from portal.transactions import unit_of_work

BILLING_FIELDS = (
    "company",
    "first_name",
    "last_name",
    "address",
    "address_complement",
    "postal_code",
    "city",
    "country",
    "vat_number",
    "codice_fiscale",
    "sdi_code",
    "pec",
    "siret",
    "purchase_order",
)
PERSON_FIELDS = ("first_name", "last_name", "phone", "language", "time_zone")


class LastOwner(Exception):
    """An account keeps at least one owner who can sign in."""


@unit_of_work
def open_account(*, name: str, owner: User, now: datetime) -> Account:
    """Open a customer's account in its owner's language and zone; the owner may spend its credits."""
    account = Account.objects.create(name=name, language=owner.language, time_zone=owner.time_zone, created_at=now)
    Member.objects.create(account=account, user=owner, role=Role.OWNER, may_spend=True, created_at=now)
    audit.record(
        action="account.opened",
        actor_id=owner.pk,
        account_id=account.pk,
        subject=f"account:{account.public_id}",
        after={"name": name},
        now=now,
    )
    return account


@unit_of_work
def change_person(*, user: User, details: Mapping[str, str], now: datetime) -> None:
    """Change the person's own names, telephone, language or time zone (`PERSON_FIELDS`; values are clean)."""
    person = User.objects.select_for_update().get(pk=user.pk)
    before = {field: getattr(person, field) for field in PERSON_FIELDS}
    after = {field: details[field] for field in PERSON_FIELDS}
    changed = [field for field in PERSON_FIELDS if before[field] != after[field]]
    if not changed:
        return
    User.objects.filter(pk=user.pk).update(**after)
    audit.record(
        action="person.changed",
        actor_id=user.pk,
        subject=f"user:{user.public_id}",
        before={field: before[field] for field in changed},
        after={field: after[field] for field in changed},
        now=now,
    )


@unit_of_work
def change_billing_details(*, account: Account, details: Mapping[str, str], actor_id: int, now: datetime) -> None:
    """Say whom invoices of `account` are made out to from now on (`BILLING_FIELDS`; values are clean).

    Invoices already issued carry their own copy and stay as they are.
    """
    Account.objects.select_for_update().get(pk=account.pk)
    held = BillingDetails.objects.filter(account=account).first()
    before = {field: getattr(held, field, "") for field in BILLING_FIELDS}
    after = {field: details[field] for field in BILLING_FIELDS}
    changed = [field for field in BILLING_FIELDS if before[field] != after[field]]
    if held and not changed:
        return
    BillingDetails.objects.update_or_create(account=account, defaults=after)
    audit.record(
        action="billing_details.changed",
        actor_id=actor_id,
        account_id=account.pk,
        subject=f"account:{account.public_id}",
        before={field: before[field] for field in changed},
        after={field: after[field] for field in changed},
        now=now,
    )


@unit_of_work
def change_member(*, member: Member, role: Role, may_spend: bool, actor_id: int, now: datetime) -> None:
    """Give a member another role, or allow or forbid them to spend; raises `LastOwner`."""
    # The account's row is locked first: two owners who demote each other at once leave one behind.
    Account.objects.select_for_update().get(pk=member.account_id)
    current = Member.objects.get(pk=member.pk)
    before = {"role": current.role, "may_spend": current.may_spend}
    after = {"role": role.value, "may_spend": may_spend}
    if before == after:
        return
    if current.role == Role.OWNER and role != Role.OWNER:
        others = Member.objects.filter(account_id=member.account_id, role=Role.OWNER, user__is_active=True)
        if not others.exclude(pk=member.pk).exists():
            raise LastOwner
    Member.objects.filter(pk=member.pk).update(**after)
    audit.record(
        action="member.changed",
        actor_id=actor_id,
        account_id=member.account_id,
        subject=f"user:{member.user.public_id}",
        before=before,
        after=after,
        now=now,
    )
