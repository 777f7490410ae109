"""What the hostile tests share: a portal with prices, and the proof that not one row of its database has changed."""

import html
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.payments.providers import sandbox
from billing.pricing import selectors as pricing_selectors
from billing.pricing.models import CreditPack
from messaging.campaigns.models import CampaignDraft
from portal.accounts.models import Account, User

NUMBER = "+393471234567"
# Sessions and their last activity change whenever a page is opened.
RESTLESS = {"django_session", "usersessions_usersession"}


def everything() -> dict[str, tuple[int, str]]:
    """Every table with its number of rows and a digest of what they hold."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - RESTLESS
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
            found[table] = cursor.fetchone()
    return found


@contextmanager
def nothing_changes() -> Iterator[None]:
    """Fail if a row of any table is other after than before."""
    before = everything()
    yield
    after = everything()
    assert [table for table in before if before[table] != after[table]] == []


def add_card(account: Account, person: User) -> PaymentMethod:
    return payments.add_method(
        account=account,
        provider="sandbox",
        token=sandbox.SUCCEEDS,
        label="Visa 4242",
        expires_on=None,
        actor_id=person.pk,
        now=timezone.now(),
    )


def smallest_pack(account: Account) -> CreditPack:
    return pricing_selectors.packs(account, timezone.now())[0]


def said(answer: Any) -> str:
    """The text of the page, with the quotes and apostrophes a reader sees."""
    return html.unescape(answer.text)


def at(name: str, account: Account, *more: object) -> str:
    return reverse(name, args=[account.public_id, *more])


def purchase(pack: object, method: object, **typed: object) -> dict[str, object]:
    return {"reference": str(uuid.uuid4()), "pack": str(pack), "method": str(method), **typed}


def draft_of(browser: Client, account: Account, **typed: object) -> CampaignDraft:
    form = {"reference": str(uuid.uuid4()), "text": "ciao", "pasted": NUMBER, **typed}
    answer: Any = browser.post(at("campaign_new", account), form)
    assert answer.status_code == 302, answer.text
    return CampaignDraft.objects.get(public_id=answer.url.rstrip("/").rpartition("/")[2])
