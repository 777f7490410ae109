"""What is done to accounts and people: opened, renamed, given a role, told whom to invoice."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from portal.accounts import invitations, selectors
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, BillingDetails, Invitation, Member, User
from portal.accounts.registers import VatRegister, Verdict
from portal.accounts.signals import account_changed
from portal.audit import services as audit
from portal.bells import ring
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


class OwnRightToSpend(Exception):
    """Nobody takes their own right to spend away; another owner may."""


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
    person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
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
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    held = BillingDetails.objects.filter(account=account).first()
    before = {field: getattr(held, field, "") for field in BILLING_FIELDS}
    after = {field: details[field] for field in BILLING_FIELDS}
    changed = [field for field in BILLING_FIELDS if before[field] != after[field]]
    if held and not changed:
        return
    answer = {"vat_verdict": Verdict.NOT_ASKED, "vat_asked_at": None} if "vat_number" in changed else {}
    BillingDetails.objects.update_or_create(account=account, defaults={**after, **answer})
    audit.record(
        action="billing_details.changed",
        actor_id=actor_id,
        account_id=account.pk,
        subject=f"account:{account.public_id}",
        before={field: before[field] for field in changed},
        after={field: after[field] for field in changed},
        now=now,
    )
    ring(account_changed, account.pk)


@unit_of_work
def change_member(*, member: Member, role: Role, may_spend: bool, actor_id: int, now: datetime) -> None:
    """Give a member another role, or allow or forbid them to spend; raises `LastOwner`, `OwnRightToSpend`."""
    current = _locked(member)
    before = {"role": current.role, "may_spend": current.may_spend}
    after = {"role": role.value, "may_spend": may_spend}
    if before == after:
        return
    if role != Role.OWNER:
        _check_owner_remains(current)
    if current.user_id == actor_id and current.may_spend and not may_spend:
        raise OwnRightToSpend
    Member.objects.filter(pk=current.pk).update(**after)
    if role != Role.OWNER:
        _withdraw_invitations_of(current, actor_id, now)
    _record_member("member.changed", current, actor_id, now, before=before, after=after)


@unit_of_work
def remove_member(*, member: Member, actor_id: int, now: datetime) -> None:
    """Let somebody go: from now on the account is not there for them, in any of their sessions.

    What they did stays, and so does their login. The invitations they sent are void. Raises `LastOwner`.
    """
    current = _locked(member)
    _check_owner_remains(current)
    _withdraw_invitations_of(current, actor_id, now)
    _record_member(
        "member.removed", current, actor_id, now, before={"role": current.role, "may_spend": current.may_spend}
    )
    current.delete()


def ask_vat_register(*, account: Account, register: VatRegister, now: datetime) -> Verdict:
    """Ask `register` about the account's VAT number and keep the answer with its date. Outside of any transaction.

    An answer about a number that was changed meanwhile is forgotten; without a number nobody is asked.
    """
    details = BillingDetails.objects.filter(account=account).exclude(vat_number="").first()
    verdict = register.ask(details.vat_number) if details else Verdict.NOT_ASKED
    if details is None or verdict == Verdict.NOT_ASKED:
        return Verdict.NOT_ASKED
    same = BillingDetails.objects.filter(pk=details.pk, vat_number=details.vat_number)
    same.update(vat_verdict=verdict, vat_asked_at=now)
    return verdict


def _locked(member: Member) -> Member:
    """Lock the account first, then look: two owners who demote or remove each other at once leave one behind.

    The customer's row comes before its sub-account's, the order in which everybody takes them.
    """
    family = sorted({member.account.customer_id, member.account_id}, key=lambda pk: pk != member.account.customer_id)
    for pk in family:
        Account.objects.select_for_update(no_key=True).get(pk=pk)
    return Member.objects.select_related("account", "user").get(pk=member.pk)


def _check_owner_remains(member: Member) -> None:
    """An owner may go while another can sign in; a sub-account is also managed by the owners of its parent."""
    if member.role != Role.OWNER:
        return
    if not selectors.owners(member.account).exclude(pk=member.pk).exists():
        raise LastOwner


def _withdraw_invitations_of(member: Member, actor_id: int, now: datetime) -> None:
    """Who may not invite any more leaves no open door behind, here or in the sub-accounts."""
    here = Q(account=member.account) | Q(account__parent=member.account)
    theirs = Invitation.objects.filter(here, invited_by=member.user)
    invitations.withdraw_all(found=theirs, actor_id=actor_id, now=now)


def _record_member(
    action: str,
    member: Member,
    actor_id: int,
    now: datetime,
    *,
    before: Mapping[str, object],
    after: Mapping[str, object] | None = None,
) -> None:
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=member.account_id,
        subject=f"user:{member.user.public_id}",
        before=before,
        after=after,
        now=now,
    )
