"""What happened to a company before its journey begins: told to the Saldo that runs, as its own services write it.

`begin` is for the journeys. `tell` runs in a process of its own, with the settings and the database of that Saldo.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from billing.auto_recharge import services as auto_recharge
from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from billing.payments import mandates
from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.payments.providers import sandbox
from messaging.alerts import services as alerts
from messaging.campaigns import keeping
from portal.accounts import services as accounts
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Member, User
from portal.demo.cast import PASSWORD, units
from portal.notices import addresses
from portal.notices.codes import Kind
from portal.notices.models import Notice
from tests.journeys.stack import ROOT, Saldo

DAYS_OLD = 94
COUNTRIES = {
    "it": ("Europe/Rome", {"country": "IT", "vat_number": "IT07643520567", "postal_code": "40122", "city": "Bologna"}),
    "fr": ("Europe/Paris", {"country": "FR", "vat_number": "FR14987654324", "postal_code": "69002", "city": "Lyon"}),
}


@dataclass(frozen=True)
class Company:
    """Where its pages are, what it is called, and who signs in for it: the owner, and one who may look.

    `link` is where the button of its last question by mail leads, if it was ever asked.
    """

    home: str
    name: str
    owner: str
    viewer: str
    link: str


def begin(saldo: Saldo, story: str, language: str) -> Company:
    """Let a company of that language begin as `story` (one of `STORIES`) says."""
    command = f"from tests.journeys.past import tell; tell({story!r}, {language!r})"
    done = subprocess.run(
        [sys.executable, "-m", "portal.launcher.manage", "shell", "--no-imports", "--command", command],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(saldo.folder), "SALDO_MODE": "demo"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return Company(**json.loads(done.stdout.splitlines()[-1]))


@dataclass(frozen=True)
class Past:
    """A company that was opened months ago, with billing details and nobody's money yet."""

    account: Account
    owner: User
    now: datetime

    def give(self, amount: int, at: datetime) -> None:
        """So many credits."""
        cause = credits.Cause(TransferCode.PROMOTION, f"welcome:{self.account.public_id}", "welcome")
        wallet = credits.open_wallet(account=self.account)
        credits.grant(wallet=wallet, amount=units(amount), terms=credits.Terms(), cause=cause, now=at)

    def add_card(self, label: str, token: str, *, days_left: int, at: datetime) -> PaymentMethod:
        """A card of the sandbox that expires in so many days from today."""
        return payments.add_method(
            account=self.account,
            provider="sandbox",
            token=token,
            label=label,
            expires_on=self.now.date() + timedelta(days=days_left),
            actor_id=self.owner.pk,
            now=at,
        )

    def switch_on(self, method: PaymentMethod, threshold: int, *, revision: int, at: datetime) -> int:
        """At or below so many credits a hundred are bought; return which automatic recharge that is."""
        terms = auto_recharge.Terms(units(threshold), units(100), method)
        actor_id = self.owner.pk
        auto = auto_recharge.switch_on(account=self.account, terms=terms, revision=revision, actor_id=actor_id, now=at)
        return auto.pk


def tell(story: str, language: str) -> None:
    """Open a company, let its story happen before any sweep sees a part of it, and say in JSON who it is."""
    now = timezone.now()
    with transaction.atomic():
        past, viewer = _open(language, now)
        STORIES[story](past)
    account = past.account
    asked = Notice.objects.filter(account=account, kind=Kind.RECHARGE_ASKS).last()
    link = addresses.path(asked) if asked else ""
    said = Company(f"/a/{account.public_id}/", account.name, past.owner.email, viewer.email, link)
    sys.stdout.write(json.dumps(asdict(said)))


def _open(language: str, now: datetime) -> tuple[Past, User]:
    begun, mark, password = now - timedelta(days=DAYS_OLD), uuid.uuid4().hex[:8], make_password(PASSWORD)
    zone, place = COUNTRIES[language]
    owner, viewer = (
        _person(first, last, f"{first.lower()}.{mark}@lanterna.example", language, zone, password, begun)
        for first, last in (("Nora", "Galli"), ("Ugo", "Serra"))
    )
    account = accounts.open_account(name=f"Lanterna {mark[:6]}", owner=owner, now=begun)
    Member.objects.create(account=account, user=viewer, role=Role.VIEWER, may_spend=False, created_at=begun)
    given = {"company": f"{account.name} S.r.l.", "first_name": "Nora", "last_name": "Galli", "address": "Molo 3"}
    details: dict[str, Any] = dict.fromkeys(accounts.BILLING_FIELDS, "") | given | place
    accounts.change_billing_details(account=account, details=details, actor_id=owner.pk, now=begun)
    keeping.set_rules(account=account, undo_seconds=0, closing="", actor_id=owner.pk, now=begun)
    return Past(account, owner, now), viewer


def _person(first: str, last: str, email: str, language: str, zone: str, password: str, at: datetime) -> User:
    user = User(email=email, first_name=first, last_name=last, language=language, time_zone=zone, date_joined=at)
    user.password = password
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _few_credits(past: Past) -> None:
    """Few credits, somebody who wants to be told, and no way to pay."""
    past.give(52, past.now - timedelta(days=30))
    mail = alerts.Terms(threshold_units=units(60), email_on=True, email=past.owner.email, sms_on=False, number="")
    alerts.create(account=past.account, terms=mail, actor_id=past.owner.pk, now=past.now)


def _old_card(past: Past) -> None:
    """Recharges itself with its only card, which the bank takes for expired a few days early."""
    past.give(20, past.now - timedelta(days=30))
    card = past.add_card("Visa 0027", sandbox.EXPIRED_CARD, days_left=6, at=past.now)
    past.switch_on(card, 10, revision=0, at=past.now)
    for due in mandates.cards_to_warn_of(past.now):
        if due[0] == card:
            mandates.warn(due=due, now=past.now)


def _asked_days_ago(past: Past) -> None:
    """Bought by itself, was about to again within hours, and has left the question unanswered for four days."""
    asked_at = past.now - timedelta(days=4)
    bought_at = asked_at - timedelta(hours=1)
    past.give(1, bought_at)
    card = past.add_card("Visa 4242", sandbox.SUCCEEDS, days_left=700, at=bought_at)
    auto_id = past.switch_on(card, 50, revision=0, at=bought_at)
    auto_recharge.evaluate(auto_id=auto_id, now=bought_at)
    past.switch_on(card, 101, revision=1, at=asked_at)
    auto_recharge.evaluate(auto_id=auto_id, now=asked_at)


STORIES: dict[str, Callable[[Past], None]] = {
    "few credits": _few_credits,
    "old card": _old_card,
    "asked days ago": _asked_days_ago,
    "nothing yet": lambda past: None,
}
