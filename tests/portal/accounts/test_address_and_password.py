"""Another e-mail address, another password: nobody changes them who does not have the old one."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from tests.conftest import PASSWORD

NEW = "alice.cast@acme.example"


def sign_in(client: Client, user: User, password: str = PASSWORD) -> bool:
    client.post("/login/", {"login": user.email, "password": password})
    return "_auth_user_id" in client.session


def code() -> str:
    found = re.search(r"^ {4}(\S+)$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.django_db(transaction=True)
def test_the_address_changes_by_a_code_and_the_old_one_is_told(alice: User, client: Client) -> None:
    old = alice.email
    sign_in(client, alice)
    client.post("/reauthenticate/", {"password": PASSWORD})
    asked = client.post("/email/", {"email": NEW, "action_add": ""})
    alice.refresh_from_db()
    assert (alice.email, mail.outbox[-1].to) == (old, [NEW])

    client.post(asked.headers["Location"], {"code": code()})

    alice.refresh_from_db()
    assert alice.email == NEW
    assert [(address.email, address.verified) for address in EmailAddress.objects.filter(user=alice)] == [(NEW, True)]
    assert any(letter.to == [old] and NEW in str(letter.body) for letter in mail.outbox)
    assert AuditEvent.objects.filter(action="email.changed", actor=alice).exists()
    assert sign_in(Client(), alice)


def test_an_old_session_is_asked_for_the_password_first(alice: User, client: Client) -> None:
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post("/email/", {"email": NEW, "action_add": ""})

    assert response.headers["Location"].startswith("/reauthenticate/")
    assert mail.outbox == []


def test_a_wrong_code_changes_nothing(alice: User, client: Client) -> None:
    sign_in(client, alice)
    client.post("/reauthenticate/", {"password": PASSWORD})
    asked = client.post("/email/", {"email": NEW, "action_add": ""})
    client.post(asked.headers["Location"], {"code": "AAAA-AAAA"})

    alice.refresh_from_db()
    assert alice.email == "alice@acme.example"


def test_an_address_of_somebody_else_is_not_taken(alice: User, bob: User, client: Client) -> None:
    sign_in(client, alice)
    client.post("/reauthenticate/", {"password": PASSWORD})
    client.post("/email/", {"email": bob.email.upper(), "action_add": ""}, follow=True)

    alice.refresh_from_db()
    assert alice.email == "alice@acme.example"
    assert not EmailAddress.objects.filter(user=alice, email=bob.email).exists()


@pytest.mark.parametrize("wrong", ["", "no address", "x" * 250 + "@acme.example"])
def test_what_is_no_address_is_refused(alice: User, client: Client, wrong: str) -> None:
    sign_in(client, alice)
    client.post("/reauthenticate/", {"password": PASSWORD})
    response = client.post("/email/", {"email": wrong, "action_add": ""})

    assert response.status_code == 200
    assert response.context["form"].errors
    assert mail.outbox == []


def test_the_password_changes_for_who_knows_the_old_one(alice: User, client: Client) -> None:
    sign_in(client, alice)
    new = {"password1": "another horse entirely", "password2": "another horse entirely"}
    client.post("/password/change/", {"oldpassword": "wrong", **new})
    assert not sign_in(Client(), alice, "another horse entirely")

    client.post("/password/change/", {"oldpassword": PASSWORD, **new})

    assert sign_in(Client(), alice, "another horse entirely")
    assert client.get("/me/").status_code == 200
    assert AuditEvent.objects.filter(action="password.changed", actor=alice).exists()
