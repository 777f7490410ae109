"""The pages of security keys speak the reader's language to the last word."""

from allauth.mfa.models import Authenticator
from django.test import Client

from portal.accounts.models import User
from tests.conftest import PASSWORD

KEYS = "/2fa/webauthn/"


def sign_in(client: Client, user: User, language: str) -> None:
    """With the password alone, so before there is a key."""
    user.language = language
    user.save()
    client.post("/login/", {"login": user.email, "password": PASSWORD})


def add_key(user: User, name: str, *, passwordless: bool) -> Authenticator:
    credential = {"clientExtensionResults": {"credProps": {"rk": passwordless}}}
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": credential}
    )


def test_a_key_that_was_never_used_says_so(alice: User, client: Client) -> None:
    sign_in(client, alice, "en-gb")
    key = add_key(alice, "Blue key", passwordless=True)

    page = client.get(KEYS).content.decode()

    assert "Blue key" in page
    assert "Never" in page
    assert "Signs in without a password" in page
    assert f"{KEYS}keys/{key.pk}/edit/" in page
    assert f"{KEYS}keys/{key.pk}/remove/" in page


def test_the_page_of_keys_is_whole_in_italian(alice: User, client: Client) -> None:
    sign_in(client, alice, "it")
    add_key(alice, "Chiave blu", passwordless=False)

    page = client.get(KEYS).content.decode()

    assert ">Mai<" in page
    assert "Not used" not in page
    assert "Accesso senza password" not in page


def test_the_page_of_keys_says_that_there_is_none(alice: User, client: Client) -> None:
    sign_in(client, alice, "it")

    assert "Nessuna chiave di sicurezza aggiunta." in client.get(KEYS).content.decode()


def test_the_name_of_a_key_is_asked_for_in_italian(alice: User, client: Client) -> None:
    sign_in(client, alice, "it")
    client.post("/reauthenticate/", {"password": PASSWORD})
    pages = [client.get(f"{KEYS}add/")]
    key = add_key(alice, "Chiave blu", passwordless=False)
    pages.append(client.get(f"{KEYS}keys/{key.pk}/edit/"))

    for page in pages:
        assert "Nome" in page.content.decode()
        assert "Name<" not in page.content.decode()


def test_a_key_gets_another_name(alice: User, client: Client) -> None:
    sign_in(client, alice, "it")
    key = add_key(alice, "Chiave blu", passwordless=False)
    client.post("/reauthenticate/", {"password": PASSWORD})

    client.post(f"{KEYS}keys/{key.pk}/edit/", {"name": "Chiave rossa"})

    assert "Chiave rossa" in client.get(KEYS).content.decode()
