"""Sub-accounts: opened once, credited once, never with more than there is, by whoever may and by nobody else."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from billing.amounts import to_units
from billing.credits.models import CreditLot
from portal.accounts.models import Account, Member, User
from portal.audit.models import AuditEvent
from portal.subaccounts import selectors, services
from tests.conftest import Grant, SignedIn
from tests.portal.subaccounts.conftest import Form, available, books_agree

HUNDRED = to_units(Decimal(100))


def test_a_subaccount_opens_with_credits_of_its_parent(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    opened = services.open_subaccount(
        parent=acme, name="Acme Roma", credits_units=300_000, reference=uuid.uuid4(), actor_id=alice.pk, now=now
    )
    assert opened.parent == acme
    assert (available(acme), available(opened)) == (700_000, 300_000)
    assert CreditLot.objects.get(wallet__account=opened).unit_price_cents == Decimal("4.2")
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["subaccount.opened", "subaccount.credited"]
    assert books_agree()


def test_a_subaccount_may_open_with_nothing(acme: Account, alice: User, now: datetime) -> None:
    opened = services.open_subaccount(
        parent=acme, name="Acme Roma", credits_units=0, reference=uuid.uuid4(), actor_id=alice.pk, now=now
    )
    assert available(opened) == 0


def test_the_same_form_opens_and_moves_once(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    reference = uuid.uuid4()
    opened = {
        services.open_subaccount(
            parent=acme, name="Acme Roma", credits_units=300_000, reference=reference, actor_id=alice.pk, now=now
        ).pk
        for _ in range(3)
    }
    assert len(opened) == 1
    assert available(acme) == 700_000
    assert AuditEvent.objects.count() == 2


def test_without_enough_credits_no_subaccount_is_opened(
    acme: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "100")
    with pytest.raises(services.InsufficientCredits), transaction.atomic():
        services.open_subaccount(
            parent=acme, name="Acme Roma", credits_units=HUNDRED + 1, reference=uuid.uuid4(), actor_id=alice.pk, now=now
        )
    assert not Account.objects.filter(parent=acme).exists()


def test_a_name_is_given_once_whatever_its_case(
    acme: Account, acme_milano: Account, alice: User, now: datetime
) -> None:
    with pytest.raises(services.NameTaken):
        services.open_subaccount(
            parent=acme, name="ACME milano", credits_units=0, reference=uuid.uuid4(), actor_id=alice.pk, now=now
        )


def test_a_subaccount_has_none_below(acme_milano: Account, alice: User, now: datetime) -> None:
    with pytest.raises(services.NotACustomer):
        services.open_subaccount(
            parent=acme_milano, name="Deep", credits_units=0, reference=uuid.uuid4(), actor_id=alice.pk, now=now
        )


def test_everything_there_is_can_move_and_not_one_unit_more(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "100")
    with pytest.raises(services.InsufficientCredits):
        services.credit(
            subaccount=acme_milano, credits_units=HUNDRED + 1, reference=uuid.uuid4(), actor_id=alice.pk, now=now
        )
    services.credit(subaccount=acme_milano, credits_units=HUNDRED, reference=uuid.uuid4(), actor_id=alice.pk, now=now)
    assert (available(acme), available(acme_milano)) == (0, HUNDRED)
    assert books_agree()


def test_a_reference_moves_once_and_is_never_another_amounts(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "100")
    reference = uuid.uuid4()
    for _ in range(3):
        services.credit(subaccount=acme_milano, credits_units=100, reference=reference, actor_id=alice.pk, now=now)
    with pytest.raises(services.ReferenceConflict):
        services.credit(subaccount=acme_milano, credits_units=101, reference=reference, actor_id=alice.pk, now=now)
    assert available(acme_milano) == 100
    assert AuditEvent.objects.count() == 1


def test_nothing_moves_into_a_deactivated_subaccount(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "100")
    Account.objects.filter(pk=acme_milano.pk).update(deactivated_at=now)
    with pytest.raises(services.Deactivated):
        services.credit(subaccount=acme_milano, credits_units=1, reference=uuid.uuid4(), actor_id=alice.pk, now=now)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_move_more_than_there_is(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "10")

    def move(_: int) -> bool:
        try:
            services.credit(
                subaccount=acme_milano, credits_units=30_000, reference=uuid.uuid4(), actor_id=alice.pk, now=now
            )
        except services.InsufficientCredits:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        moved = sum(pool.map(move, range(8)))
    assert moved == 3
    assert (available(acme), available(acme_milano)) == (10_000, 90_000)
    assert books_agree()


def test_the_list_says_who_is_in_charge_and_what_is_left(
    acme: Account, acme_milano: Account, globex: Account, bob: User, grant: Grant
) -> None:
    grant(acme_milano, "12.5")
    Member.objects.create(account=acme_milano, user=bob, role="owner")
    listed: Any = selectors.listed(acme).get()
    assert (listed, listed.available_units, listed.sent_count) == (acme_milano, 125_000, 0)
    assert [member.user for member in listed.owners] == [bob]
    assert not selectors.subaccounts(globex).exists()


@pytest.fixture
def client_of_alice(alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


def test_the_empty_list_explains_what_subaccounts_are_for(acme: Account, client_of_alice: Client) -> None:
    page = client_of_alice.get(reverse("subaccounts", args=[acme.public_id])).content.decode()
    assert "No sub-accounts yet" in page
    assert reverse("subaccount_new", args=[acme.public_id]) in page


def test_a_subaccount_is_opened_in_the_browser(
    acme: Account, client_of_alice: Client, grant: Grant, new_form: Form
) -> None:
    grant(acme, "100")
    form = new_form(name=" Acme Roma ", credits_units="12,5")
    url = reverse("subaccount_new", args=[acme.public_id])
    for _ in range(2):
        response = client_of_alice.post(url, form, follow=True)
        assert response.redirect_chain == [(reverse("subaccounts", args=[acme.public_id]), 302)]
    opened = Account.objects.get(parent=acme)
    assert opened.name == "Acme Roma"
    assert available(opened) == 125_000
    assert "Acme Roma" in response.content.decode()


@pytest.mark.parametrize("amount", ["", "0", "0,00"])
def test_no_credits_need_to_move_now(acme: Account, client_of_alice: Client, new_form: Form, amount: str) -> None:
    form = new_form(credits_units=amount)
    assert client_of_alice.post(reverse("subaccount_new", args=[acme.public_id]), form).status_code == 302


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("100.0001", "100 credits are available. Move no more than that."),
        ("-5", "Enter more than zero credits."),
        ("0", "Enter more than zero credits."),
        ("", "This field is required."),
        ("1e9", "Enter a number of credits"),
        ("0.00001", "Enter no more than four decimals."),
        ("9" * 30, "Enter no more than"),
    ],
)
def test_an_amount_that_cannot_move_is_refused_with_a_sentence(
    acme: Account, acme_milano: Account, client_of_alice: Client, grant: Grant, amount: str, sentence: str
) -> None:
    grant(acme, "100")
    url = reverse("subaccount_credit", args=[acme.public_id, acme_milano.public_id])
    response = client_of_alice.post(url, {"reference": str(uuid.uuid4()), "credits_units": amount})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert (available(acme), available(acme_milano)) == (HUNDRED, 0)


def test_a_form_sent_again_with_another_amount_begins_anew(
    acme: Account, acme_milano: Account, client_of_alice: Client, grant: Grant
) -> None:
    grant(acme, "100")
    url, reference = reverse("subaccount_credit", args=[acme.public_id, acme_milano.public_id]), str(uuid.uuid4())
    client_of_alice.post(url, {"reference": reference, "credits_units": "5"})
    response = client_of_alice.post(url, {"reference": reference, "credits_units": "7"}, follow=True)
    assert "has already moved something else" in response.content.decode()
    assert available(acme_milano) == 50_000


def test_credits_never_move_to_another_customers_account(
    acme: Account, globex: Account, client_of_alice: Client, grant: Grant
) -> None:
    grant(acme, "100")
    below = Account.objects.create(name="Globex below", parent=globex)
    for target in (globex, below, acme):
        url = reverse("subaccount_credit", args=[acme.public_id, target.public_id])
        form = {"reference": str(uuid.uuid4()), "credits_units": "5"}
        assert client_of_alice.post(url, form).status_code == 404
    assert available(acme) == HUNDRED


def test_a_subaccount_has_no_page_of_subaccounts(acme_milano: Account, client_of_alice: Client) -> None:
    for name in ("subaccounts", "subaccount_new"):
        assert client_of_alice.get(reverse(name, args=[acme_milano.public_id])).status_code == 404
    page = client_of_alice.get(reverse("dashboard", args=[acme_milano.public_id])).content.decode()
    assert reverse("subaccounts", args=[acme_milano.public_id]) not in page


def test_a_viewer_moves_nothing(acme: Account, acme_milano: Account, bob: User, signed_in: SignedIn) -> None:
    url = reverse("subaccount_credit", args=[acme.public_id, acme_milano.public_id])
    assert signed_in(bob).post(url, {"reference": str(uuid.uuid4()), "credits_units": "5"}).status_code == 403


def test_my_account_offers_no_subaccounts_below_a_subaccount(
    acme: Account, acme_milano: Account, client_of_alice: Client
) -> None:
    for account, is_offered in ((acme, True), (acme_milano, False)):
        page = client_of_alice.get(reverse("my_account", args=[account.public_id])).content.decode()
        assert (reverse("subaccounts", args=[account.public_id]) in page) == is_offered
