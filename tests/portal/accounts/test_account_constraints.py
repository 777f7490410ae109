"""The database itself refuses what must never be."""

import functools
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from portal.accounts.capabilities import Role
from portal.accounts.models import Account, BillingDetails, Member, User


def refuses(constraint: str, write: Callable[[], object]) -> bool:
    """Whether the database refuses `write` by the constraint of this name."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        write()
    return constraint in str(refusal.value)


def test_an_e_mail_is_in_lower_case(alice: User) -> None:
    assert refuses(
        "an_e_mail_is_in_lower_case", lambda: User.objects.filter(pk=alice.pk).update(email="Alice@acme.example")
    )


def test_an_account_is_not_its_own_parent(acme: Account) -> None:
    assert refuses(
        "an_account_is_not_its_own_parent", lambda: Account.objects.filter(pk=acme.pk).update(parent_id=F("pk"))
    )


def test_the_operators_account_has_no_parent(operator: Account, acme: Account) -> None:
    assert refuses(
        "the_operators_account_has_no_parent", lambda: Account.objects.filter(pk=operator.pk).update(parent=acme)
    )


def test_a_sub_account_has_none_below_it(acme_milano: Account) -> None:
    assert refuses(
        "a_sub_account_has_none_below_it", lambda: Account.objects.create(name="Acme Brera", parent=acme_milano)
    )


def test_an_account_keeps_its_parent(acme_milano: Account, globex: Account) -> None:
    for account, parent in ((acme_milano, globex), (acme_milano, None), (globex, acme_milano.parent)):
        found = Account.objects.filter(pk=account.pk)
        assert refuses("an_account_keeps_its_parent", functools.partial(found.update, parent=parent))
    Account.objects.filter(pk=acme_milano.pk).update(parent=acme_milano.parent, name="Acme Brera")


def test_there_is_one_operator(operator: Account) -> None:
    assert refuses("there_is_one_operator", lambda: Account.objects.create(name="Another", is_operator=True))


def test_billing_details_name_a_company_or_a_person(acme: Account) -> None:
    assert refuses(
        "billing_details_name_a_company_or_a_person",
        lambda: BillingDetails.objects.filter(account=acme).update(company="", last_name=""),
    )


def test_a_person_is_in_an_account_once(acme: Account, alice: User) -> None:
    assert refuses(
        "a_person_is_in_an_account_once", lambda: Member.objects.create(account=acme, user=alice, role=Role.VIEWER)
    )


def test_a_member_has_a_known_role(alice: User) -> None:
    assert refuses("a_member_has_a_known_role", lambda: Member.objects.filter(user=alice).update(role="emperor"))
