"""Django's admin: every table to look at, nothing to change, behind the same door as the desk."""

from datetime import datetime
from io import StringIO

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal.accounts.models import Account, User
from portal.read_only import ReadOnlyAdmin
from tests.conftest import SignedIn
from tests.house.test_tidy import OUR_LABELS
from tests.house.world import furnish

# The sandbox's memory stands for what lies far away, at a provider. The rows of an import are a file being read: the
# contacts they become are shown.
NOT_SHOWN = {"payments.SandboxCharge", "imports.ImportRow"}


def shown_models() -> list[type[Model]]:
    return sorted(admin.site._registry, key=lambda model: model._meta.label)


def url(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_table_of_ours_is_there_and_none_of_others() -> None:
    ours = {model._meta.label for model in apps.get_models() if model._meta.app_label in OUR_LABELS}
    assert {model._meta.label for model in shown_models()} == ours - NOT_SHOWN
    assert all(isinstance(each, ReadOnlyAdmin) for each in admin.site._registry.values())


@pytest.mark.django_db
def test_every_table_can_be_looked_at_and_searched_and_nothing_changed(
    acme: Account, alice: User, olga: User, signed_in: SignedIn, now: datetime
) -> None:
    call_command("load_prices", stdout=StringIO())
    furnish(acme, alice, now)
    olga.is_superuser = False
    olga.save()
    client = signed_in(olga)
    assert client.get(reverse("admin:index")).status_code == 200
    for model in shown_models():
        assert client.get(url(model, "changelist"), {"q": "1"}).status_code == 200, model
        assert client.get(url(model, "changelist")).status_code == 200, model
        assert client.get(url(model, "add")).status_code == 403, model
        first = model._default_manager.first()
        if first:
            assert client.get(url(model, "change", first.pk)).status_code == 200, model
            assert client.post(url(model, "change", first.pk), {}).status_code == 403, model
            assert client.post(url(model, "delete", first.pk), {"post": "yes"}).status_code == 403, model


def test_a_card_and_a_password_are_shown_to_nobody(
    acme: Account, alice: User, olga: User, signed_in: SignedIn, now: datetime
) -> None:
    call_command("load_prices", stdout=StringIO())
    furnish(acme, alice, now)
    client = signed_in(olga)
    page = client.get(url(User, "change", alice.pk)).content.decode()
    assert alice.password not in page
    method = acme.payment_methods.get()
    assert method.token not in client.get(url(type(method), "change", method.pk)).content.decode()


def test_for_customers_the_tables_are_not_there(alice: User, signed_in: SignedIn) -> None:
    assert signed_in(alice).get(reverse("admin:index")).status_code == 404


def test_a_visitor_signs_in_as_everywhere(client: Client, db: None) -> None:
    response = client.get(reverse("admin:index"), follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_the_tables_need_the_second_factor_too(olga: User, signed_in: SignedIn, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    response = signed_in(olga).get(reverse("admin:index"))
    assert response.headers["Location"] == reverse("mfa_index")
