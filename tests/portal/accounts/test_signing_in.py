"""Signing up, signing in, and being turned away."""

import re
from datetime import datetime

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Member, User
from portal.audit.models import AuditEvent
from tests.conftest import PASSWORD

SIGNUP = {
    "company": "Initech S.r.l.",
    "first_name": "Peter",
    "last_name": "Gibbons",
    "language": "it",
    "email": "Peter@Initech.example",
    "password1": "a stapler that is red",
}

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str = PASSWORD) -> str:
    """Send the login form; return where the answer leads, or nothing if it is the form again."""
    response = client.post("/login/", {"login": email, "password": password})
    return response.headers.get("Location", "")


def test_signing_up_opens_an_account_whose_owner_may_spend(client: Client) -> None:
    response = client.post("/signup/", SIGNUP)

    assert response.status_code == 302
    member = Member.objects.select_related("account", "user").get(user__email="peter@initech.example")
    assert (member.role, member.may_spend) == (Role.OWNER, True)
    assert (member.account.name, member.account.language) == ("Initech S.r.l.", "it")
    assert (member.user.get_full_name(), member.user.language) == ("Peter Gibbons", "it")
    assert AuditEvent.objects.filter(action="account.opened", account=member.account, actor=member.user).exists()


def test_nobody_is_signed_in_before_the_address_is_verified(client: Client) -> None:
    client.post("/signup/", SIGNUP)

    assert "_auth_user_id" not in client.session
    assert not EmailAddress.objects.get(email="peter@initech.example").verified


def test_the_code_from_the_mail_verifies_the_address_and_signs_in(client: Client) -> None:
    location = client.post("/signup/", SIGNUP).headers["Location"]
    found = re.search(r"^ {4}(\S+)$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None

    client.post(location, {"code": found[1]})

    assert EmailAddress.objects.get(email="peter@initech.example").verified
    assert "_auth_user_id" in client.session


def test_signing_up_without_a_company_opens_nothing(client: Client) -> None:
    response = client.post("/signup/", SIGNUP | {"company": ""})

    assert response.status_code == 200
    assert not User.objects.exists()
    assert not Account.objects.exists()


def test_signing_up_with_a_known_address_opens_nothing_and_tells_its_holder_alone(alice: User, client: Client) -> None:
    response = client.post("/signup/", SIGNUP | {"email": alice.email})

    assert response.status_code == 302
    assert not Account.objects.filter(name="Initech S.r.l.").exists()
    assert mail.outbox[-1].to == [alice.email]
    assert "already" in mail.outbox[-1].subject


def test_the_address_is_the_login_in_any_case(alice: User, client: Client) -> None:
    assert sign_in(client, "ALICE@acme.example") == "/"
    assert "_auth_user_id" in client.session


def test_a_wrong_password_signs_nobody_in_and_is_recorded(alice: User, client: Client) -> None:
    assert sign_in(client, alice.email, "wrong") == ""
    assert "_auth_user_id" not in client.session
    assert AuditEvent.objects.get(action="login.refused").after == {"email": alice.email}


def test_after_five_wrong_passwords_the_right_one_waits(alice: User, client: Client) -> None:
    for _ in range(5):
        sign_in(client, alice.email, "wrong")

    assert sign_in(client, alice.email) == ""
    assert "_auth_user_id" not in client.session


def test_a_member_of_deactivated_accounts_only_is_turned_away(
    acme: Account, alice: User, client: Client, now: datetime
) -> None:
    Account.objects.filter(pk=acme.pk).update(deactivated_at=now)

    assert sign_in(client, alice.email) == "/inactive/"
    assert "_auth_user_id" not in client.session


def test_a_member_of_one_account_that_is_left_still_signs_in(
    acme: Account, globex: Account, alice: User, client: Client, now: datetime
) -> None:
    Member.objects.create(account=globex, user=alice, role=Role.VIEWER)
    Account.objects.filter(pk=acme.pk).update(deactivated_at=now)

    assert sign_in(client, alice.email) == "/"


def test_a_deactivated_customer_closes_its_subaccounts_too(
    acme: Account, acme_milano: Account, alice: User, client: Client, now: datetime
) -> None:
    Account.objects.filter(pk=acme.pk).update(deactivated_at=now)

    assert sign_in(client, alice.email) == "/inactive/"
    client.force_login(alice)
    assert client.get(f"/a/{acme_milano.public_id}/account/").status_code == 404


def test_the_password_can_be_reset_by_a_link_that_works_once(alice: User, client: Client) -> None:
    client.post("/password/reset/", {"email": alice.email})
    found = re.search(r"http://testserver(/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert found is not None
    form = client.get(found[1]).headers["Location"]

    client.post(form, {"password1": "another horse entirely", "password2": "another horse entirely"})

    assert sign_in(Client(), alice.email) == ""
    assert sign_in(Client(), alice.email, "another horse entirely") == "/"
    assert Client().get(found[1]).status_code == 200  # the page that says the link was used
    assert AuditEvent.objects.filter(action="password.reset", actor=alice).exists()


def test_asking_for_a_reset_tells_a_stranger_nothing(client: Client, db: None) -> None:
    response = client.post("/password/reset/", {"email": "nobody@nowhere.example"})

    assert response.status_code == 302
    assert mail.outbox == []


def test_a_session_can_be_ended_from_another(alice: User, client: Client) -> None:
    lost = Client()
    sign_in(lost, alice.email)
    sign_in(client, alice.email)

    assert client.get("/sessions/").status_code == 200
    client.post("/sessions/")

    assert lost.get("/me/").status_code == 302
    assert client.get("/me/").status_code == 200


def test_signing_in_and_out_is_recorded(alice: User, client: Client) -> None:
    sign_in(client, alice.email)
    client.post("/logout/")

    events = AuditEvent.objects.filter(actor=alice).order_by("pk")
    assert [event.action for event in events] == ["login.opened", "login.closed"]
    assert events[0].after == {"methods": ["password"]}
    assert events[0].address == "127.0.0.1"
    assert events[0].request_id
