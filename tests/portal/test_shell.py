"""The frame of every page, the error pages, and allauth's pages in the same clothes."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from portal.accounts.models import Account, User
from tests.conftest import SignedIn

pytestmark = pytest.mark.django_db


def _page(client: Client, url: str) -> str:
    response = client.get(url, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_a_page_has_its_landmarks_one_heading_and_a_way_to_skip_to_it(client: Client) -> None:
    page = _page(client, reverse("account_login"))
    assert '<html lang="en-gb">' in page
    assert 'href="#content"' in page
    assert '<main class="content" id="content"' in page
    assert page.count("<h1>") == 1
    for landmark in ("<header", "<main", "<footer"):
        assert page.count(landmark) == 1
    assert '<a href="mailto:help@saldo.example">' in page
    assert re.search(r"<title>\s*Sign in\s*· Saldo</title>", page)


def test_nothing_on_a_page_is_inline(client: Client) -> None:
    page = _page(client, reverse("account_login"))
    assert " style=" not in page
    assert "<style" not in page
    assert not re.search(r"\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*\b(src=|type=\"application/json\"))", page)


def test_ids_are_unique_and_every_input_has_a_label(client: Client) -> None:
    page = _page(client, reverse("account_signup"))
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    inputs = re.findall(r'<input type="(?!hidden)[^>]*\sid="([^"]+)"', page)
    assert inputs
    assert all(f'for="{each}"' in page for each in inputs)


def test_what_is_wrong_in_a_form_is_said_above_and_at_the_field(client: Client) -> None:
    page = client.post(reverse("account_login"), {"login": "", "password": ""}).content.decode()
    assert 'class="error-summary" role="alert"' in page
    assert 'href="#id_login"' in page
    assert 'id="id_login_error"' in page
    assert 'aria-invalid="true"' in page
    assert re.search(r'id="id_login"[^>]*', page)
    assert re.search(r'aria-describedby="[^"]*id_login_error"', page)


def test_a_placeholder_never_repeats_the_label(client: Client) -> None:
    assert "placeholder=" not in _page(client, reverse("account_login"))


def test_the_chosen_theme_is_remembered_on_the_device(client: Client) -> None:
    response = client.post(reverse("theme"), {"theme": "dark", "next": reverse("account_signup")})
    assert response.headers["Location"] == reverse("account_signup")
    assert '<html lang="en-gb" data-theme="dark">' in _page(client, reverse("account_login"))


def test_an_unknown_theme_changes_nothing(client: Client) -> None:
    response = client.post(reverse("theme"), {"theme": '"><script>'})
    assert "theme" not in response.cookies


def test_choosing_a_theme_never_leads_to_another_site(client: Client) -> None:
    response = client.post(reverse("theme"), {"theme": "dark", "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"


def test_a_visitor_can_choose_the_language(client: Client) -> None:
    client.post(reverse("language"), {"language": "it", "next": reverse("account_login")})
    assert '<html lang="it">' in _page(client, reverse("account_login"))


def test_a_person_keeps_the_chosen_language(signed_in: SignedIn, olga: User) -> None:
    client = signed_in(olga)
    client.post(reverse("language"), {"language": "fr", "next": "/"})
    olga.refresh_from_db()
    assert olga.language == "fr"


def test_a_language_we_do_not_speak_changes_nothing(signed_in: SignedIn, olga: User) -> None:
    before = olga.language
    signed_in(olga).post(reverse("language"), {"language": "tlh", "next": "/"})
    olga.refresh_from_db()
    assert olga.language == before


@pytest.mark.parametrize("name", ["language", "theme"])
def test_preferences_are_changed_by_post_alone(client: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 405


def test_an_unknown_address_answers_with_our_page(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "This page does not exist" in response.content.decode()


def test_an_address_that_takes_a_form_alone_says_so(client: Client) -> None:
    response = client.get(reverse("theme"))
    assert response.headers["Allow"] == "POST"
    assert "There is nothing to read at this address" in response.content.decode()


def test_who_signs_in_after_sending_a_form_comes_back_to_the_page_of_the_form(client: Client, acme: Account) -> None:
    page, form = reverse("subaccounts", args=[acme.public_id]), reverse("opt_out_new", args=[acme.public_id])
    sent = client.post(form, headers={"Referer": f"http://testserver{page}"})
    assert sent.headers["Location"] == f"/login/?next=http%3A//testserver{page}"
    elsewhere = client.post(form, headers={"Referer": "https://example.org/"})
    assert elsewhere.headers["Location"] == "/login/?next=/"
    part = client.get(page, headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (200, f"/login/?next=http%3A//testserver{page}")


@pytest.mark.parametrize("name", ["400.html", "500.html", "503.html"])
def test_the_page_of_a_broken_server_needs_nothing_of_the_server(name: str) -> None:
    page = render_to_string(name)
    assert name[:3] in page
    assert page.count("<h1>") == 1
    assert 'rel="stylesheet"' in page


@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_signup",
        "account_reset_password",
        "account_reset_password_done",
        "account_email_verification_sent",
        "account_inactive",
    ],
)
def test_the_doors_of_a_visitor_wear_our_clothes(client: Client, name: str) -> None:
    page = _page(client, reverse(name))
    assert 'class="brand"' in page
    assert page.count("<h1>") == 1


@pytest.mark.parametrize(
    "name",
    [
        "account_change_password",
        "account_email",
        "account_reauthenticate",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "usersessions_list",
    ],
)
def test_the_pages_about_security_wear_our_clothes(signed_in: SignedIn, olga: User, name: str) -> None:
    page = _page(signed_in(olga), reverse(name))
    assert 'class="brand"' in page
    assert page.count("<h1>") == 1
    assert " style=" not in page


def test_signing_out_is_one_click_in_the_menu(signed_in: SignedIn, olga: User) -> None:
    client = signed_in(olga)
    assert f'action="{reverse("account_logout")}"' in _page(client, reverse("account_change_password"))
    client.post(reverse("account_logout"))
    assert client.get(reverse("account_change_password")).status_code == 302
