"""Who is in charge of a sub-account: invited or given a first password, and nobody who manages another account."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from portal.accounts.models import Account, Invitation, Member, User
from portal.subaccounts import services
from portal.subaccounts.models import PersonInCharge
from portal.subaccounts.services import Person, Plan
from tests.conftest import Grant, SignedIn
from tests.portal.subaccounts.conftest import Form, available

RITA = Person("Rita", "Romano", "rita@acme.example")


def open_for(parent: Account, actor: User, now: datetime, **changes: Any) -> Account:
    plan = Plan(**{"name": "Acme Roma", "person": RITA, **changes})
    opened, _ = services.entrust(parent=parent, plan=plan, reference=uuid.uuid4(), actor_id=actor.pk, now=now)
    return opened


def test_an_invited_person_manages_the_subaccount_once_they_accept(
    acme: Account, browser: Client, client: Client, new_form: Form
) -> None:
    page = browser.post(reverse("subaccount_new", args=[acme.public_id]), new_form(), follow=True).content.decode()
    assert "An invitation is on its way to rita@acme.example." in page
    assert "Rita Romano" in page
    assert "Invited" in page
    opened = Account.objects.get(parent=acme)
    invitation = Invitation.objects.get(account=opened)
    assert (invitation.email, invitation.role, invitation.may_spend) == ("rita@acme.example", "owner", True)
    [letter] = mail.outbox
    assert letter.to == ["rita@acme.example"]
    link = re.search(r"https?://[^/\s]+(/\S*)", str(letter.body))
    assert link
    form = {"first_name": "Rita", "last_name": "Romano", "language": "it", "password": "pane burro e alici"}
    client.post(link[1], form)
    assert Member.objects.get(account=opened).user.email == "rita@acme.example"
    listed = browser.get(reverse("subaccounts", args=[acme.public_id])).content.decode()
    assert "Rita Romano" in listed
    assert "Invited" not in listed


def test_a_form_sent_twice_invites_once(acme: Account, browser: Client, new_form: Form) -> None:
    form = new_form()
    for _ in range(2):
        assert browser.post(reverse("subaccount_new", args=[acme.public_id]), form).status_code == 302
    assert (Account.objects.filter(parent=acme).count(), Invitation.objects.count(), len(mail.outbox)) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_open_one_subaccount_with_one_invitation(acme: Account, alice: User, now: datetime) -> None:
    reference = uuid.uuid4()

    def click(_: int) -> bool:
        try:
            plan = Plan("Acme Roma", RITA)
            _account, issued = services.entrust(parent=acme, plan=plan, reference=reference, actor_id=alice.pk, now=now)
        finally:
            connection.close()
        return issued is not None

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(click, range(10))) == 1
    assert (Account.objects.filter(parent=acme).count(), Invitation.objects.count()) == (1, 1)


def test_a_first_password_makes_a_login_whose_address_is_still_to_be_proven(
    acme: Account, browser: Client, new_form: Form, grant: Grant
) -> None:
    grant(acme, "10")
    form = new_form(login="password", password="pane burro e alici", credits_units="4")
    assert browser.post(reverse("subaccount_new", args=[acme.public_id]), form).status_code == 302
    rita = User.objects.get(email="rita@acme.example")
    assert rita.check_password("pane burro e alici")
    assert not EmailAddress.objects.get(user=rita).verified
    member = rita.memberships.get()
    assert (member.account.parent, member.role, member.may_spend) == (acme, "owner", True)
    assert available(member.account) == 40_000
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("password", ["", "short", "1234567890123", "rita@acme.example"])
def test_a_first_password_is_as_good_as_one_they_choose_themselves(
    acme: Account, browser: Client, new_form: Form, password: str
) -> None:
    form = new_form(login="password", password=password)
    response = browser.post(reverse("subaccount_new", args=[acme.public_id]), form)
    assert response.status_code == 422
    assert 'id="id_password_error"' in response.content.decode()
    assert not Account.objects.filter(parent=acme).exists()


@pytest.mark.parametrize("login", ["invitation", "password"])
@pytest.mark.parametrize("email", ["alice@acme.example", "CHARLIE@globex.example", "bob@acme.example"])
def test_who_manages_another_account_is_not_put_in_charge(
    acme: Account, bob: User, charlie: User, browser: Client, new_form: Form, login: str, email: str
) -> None:
    form = new_form(email=email, login=login, password="pane burro e alici")
    response = browser.post(reverse("subaccount_new", args=[acme.public_id]), form)
    assert response.status_code == 422
    assert "manages another account already" in response.content.decode()
    assert not Account.objects.filter(parent=acme).exists()
    assert mail.outbox == []


def test_two_subaccounts_do_not_wait_for_the_same_person(acme: Account, alice: User, now: datetime) -> None:
    open_for(acme, alice, now)
    with pytest.raises(services.EmailTaken), transaction.atomic():
        open_for(acme, alice, now, name="Acme Napoli")
    assert Account.objects.filter(parent=acme).count() == 1


def test_a_login_without_an_account_may_be_invited_but_is_never_given_a_password(
    acme: Account, alice: User, now: datetime
) -> None:
    User.objects.create_user("rita@acme.example", "her own password")
    with pytest.raises(services.EmailTaken), transaction.atomic():
        open_for(acme, alice, now, password="pane burro e alici")
    assert open_for(acme, alice, now).person_in_charge.email == "rita@acme.example"
    assert User.objects.get(email="rita@acme.example").check_password("her own password")


def test_another_person_takes_the_place_of_who_has_not_accepted(
    acme: Account, alice: User, browser: Client, now: datetime
) -> None:
    opened = open_for(acme, alice, now)
    url = reverse("subaccount_person", args=[acme.public_id, opened.public_id])
    assert "rita@acme.example" in browser.get(url).content.decode()
    form = {"first_name": "Nino", "last_name": "Neri", "email": "Nino@acme.example"}
    for _ in range(2):
        assert browser.post(url, form).status_code == 302
    states = dict(Invitation.objects.values_list("email", "withdrawn_at"))
    assert states["nino@acme.example"] is None
    assert states["rita@acme.example"] is not None
    assert [letter.to for letter in mail.outbox] == [["nino@acme.example"]]
    assert PersonInCharge.objects.get().email == "nino@acme.example"


def test_where_somebody_is_in_charge_the_team_page_is_the_place(
    acme: Account, alice: User, browser: Client, now: datetime
) -> None:
    opened = open_for(acme, alice, now, password="pane burro e alici")
    url = reverse("subaccount_person", args=[acme.public_id, opened.public_id])
    assert browser.post(url, {}).url == reverse("team", args=[opened.public_id])  # type: ignore[attr-defined]
    page = browser.get(reverse("subaccount", args=[acme.public_id, opened.public_id])).content.decode()
    assert "rita@acme.example" in page


def test_the_person_in_charge_sees_the_branch_and_never_its_parent(
    acme: Account, alice: User, signed_in: SignedIn, now: datetime
) -> None:
    opened = open_for(acme, alice, now, password="pane burro e alici")
    rita = signed_in(User.objects.get(email="rita@acme.example"))
    assert rita.get(reverse("transfers", args=[opened.public_id])).status_code == 200
    for name in ("subaccounts", "transfers", "transfer_new", "dashboard"):
        assert rita.get(reverse(name, args=[acme.public_id])).status_code == 404
    for name in ("subaccounts", "transfer_new"):
        assert rita.get(reverse(name, args=[opened.public_id])).status_code == 404
    url = reverse("subaccount_credit", args=[acme.public_id, opened.public_id])
    assert rita.post(url, {"reference": str(uuid.uuid4()), "credits_units": "5"}).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "constraint"),
    [
        ("email", "Rita@acme.example", "a_person_in_charge_is_in_lower_case"),
        ("email", "", "a_person_in_charge_has_a_name_and_an_address"),
        ("last_name", "", "a_person_in_charge_has_a_name_and_an_address"),
    ],
)
def test_a_person_in_charge_has_a_name_and_an_address(
    acme_milano: Account, field: str, value: str, constraint: str
) -> None:
    named = {"first_name": "Rita", "last_name": "Romano", "email": "rita@acme.example", field: value}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        PersonInCharge.objects.create(account=acme_milano, **named)
