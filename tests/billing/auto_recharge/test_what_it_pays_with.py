"""What an account pays with has changed: the automatic recharge notices at once, and what it needs is not taken away."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from billing.auto_recharge import policies, selectors, tasks
from billing.auto_recharge.models import AutoRecharge, Evaluation
from billing.credits.signals import wallet_changed
from billing.payments import services as payments
from billing.payments.models import MethodNeed, PaymentMethod
from billing.payments.providers import sandbox
from billing.pricing import selectors as pricing_selectors
from billing.recharge import bank_transfers
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.accounts import services as accounts
from portal.accounts.models import Account, BillingDetails, User
from portal.accounts.signals import account_changed
from tests.billing.auto_recharge.conftest import Card, SwitchedOn
from tests.billing.auto_recharge.test_recharging import look
from tests.conftest import SignedIn

Rung = Callable[[Callable[[], object]], list[tuple[str, int]]]


@pytest.fixture
def rung(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Iterator[Rung]:
    """Do something and return which bells rang, with the ids that they carried."""
    heard: list[tuple[str, int]] = []

    def hear_wallet(sender: object, id: int, **_: object) -> None:
        heard.append(("wallet", id))

    def hear_account(sender: object, id: int, **_: object) -> None:
        heard.append(("account", id))

    def listen(action: Callable[[], object]) -> list[tuple[str, int]]:
        heard.clear()
        with django_capture_on_commit_callbacks(execute=True):
            action()
        return list(heard)

    wallet_changed.connect(hear_wallet)
    account_changed.connect(hear_account)
    yield listen
    wallet_changed.disconnect(hear_wallet)
    account_changed.disconnect(hear_account)


def debit(account: Account, actor: User, now: datetime) -> PaymentMethod:
    consent = payments.Consent("Acme", "1234", "I agree.", "192.0.2.1")
    return payments.add_debit(
        account=account,
        provider="sandbox",
        token=sandbox.SEPA_GOOD,
        label="Bank",
        consent=consent,
        actor_id=actor.pk,
        now=now,
    )


def test_a_withdrawn_bank_transfer_rings_the_wallet_and_the_credits_that_will_not_come_are_bought(
    old_acme: Account, alice: User, switched_on: SwitchedOn, rung: Rung, now: datetime
) -> None:
    at = timezone.now()
    auto = switched_on()
    method = payments.bank_transfer(account=old_acme, label="Bank transfer", actor_id=alice.pk, now=at)
    pack = pricing_selectors.packs(old_acme, at)[0]
    waiting = recharges.buy(account=old_acme, pack=pack, method=method, reference=uuid4(), actor_id=alice.pk, now=at)
    assert look(auto, at) == "enough"
    withdrawn = rung(lambda: bank_transfers.withdraw(recharge=waiting, actor_id=alice.pk, now=at))
    assert withdrawn == [("wallet", old_acme.wallet.pk)]
    tasks.evaluate_wallet(old_acme.wallet.pk)
    assert Recharge.objects.get(origin="automatic").state == "paid"


def test_a_new_card_a_validated_mandate_and_new_billing_details_ring_and_the_next_look_buys(
    old_acme: Account, acme_milano: Account, alice: User, card: Card, switched_on: SwitchedOn, rung: Rung
) -> None:
    now, account = timezone.now(), ("account", old_acme.pk)
    first = card(sandbox.SUCCEEDS)
    auto = switched_on(first)
    PaymentMethod.objects.update(removed_at=now)
    BillingDetails.objects.all().delete()
    assert look(auto, now) == "no_method"
    assert rung(lambda: debit(old_acme, alice, now)) == [account]
    mandate = PaymentMethod.objects.latest("pk").mandate

    def note() -> object:
        return payments.note_mandate(mandate=mandate, state="valid", actor_id=None, now=now)

    assert [rung(note), rung(note)] == [[account], []]
    tasks.evaluate_account(old_acme.pk)
    assert Evaluation.objects.latest("pk").answer == "no_details"
    details = dict.fromkeys(accounts.BILLING_FIELDS, "") | {"company": "Acme", "city": "Milano", "country": "IT"}
    details |= {"address": "Via Roma 1", "postal_code": "20121", "vat_number": "IT07643520567"}

    def change() -> None:
        accounts.change_billing_details(account=old_acme, details=details, actor_id=alice.pk, now=now)

    assert [rung(change), rung(change)] == [[account], []]
    # A sub-account may be invoiced to its customer: the customer's bell is for it, too.
    AutoRecharge.objects.update(account=acme_milano)
    assert selectors.of_account(old_acme.pk) == [auto.pk]
    AutoRecharge.objects.update(account=old_acme)
    tasks.evaluate_account(old_acme.pk)
    assert Recharge.objects.get().state == "waiting"  # the bank takes days over a debit
    assert Evaluation.objects.latest("pk").answer == "buy"


def test_once_cards_are_forbidden_the_last_debit_is_not_removed_and_the_page_says_what_is_missing(
    old_acme: Account, alice: User, olga: User, card: Card, switched_on: SwitchedOn, signed_in: SignedIn
) -> None:
    now = timezone.now()
    bank = debit(old_acme, alice, now)
    payments.note_mandate(mandate=bank.mandate, state="valid", actor_id=None, now=now)
    auto = switched_on(card(sandbox.SUCCEEDS))
    terms = policies.terms_of(selectors.policy(now))
    without = policies.Terms(2, False, terms.day_cap_cents, terms.month_cap_cents, 3, 5, terms.quantities)
    begins = now + timedelta(days=1)
    policies.change(terms=without, valid_from=begins, actor_id=olga.pk, now=now)
    assert set(MethodNeed.objects.get(by=auto.needer).kinds) == {"card", "sepa"}
    # The sweep of the day on which it begins, and again; another policy of today counts at once.
    assert [policies.restate_needs(now=begins), policies.restate_needs(now=begins)] == [1, 0]
    tasks.restate_needs()
    assert set(MethodNeed.objects.get(by=auto.needer).kinds) == {"card", "sepa"}
    policies.change(terms=without, valid_from=now, actor_id=olga.pk, now=now)
    assert MethodNeed.objects.get(by=auto.needer).kinds == ["sepa"]
    with pytest.raises(payments.MethodNeeded):
        payments.remove_method(method=bank, actor_id=alice.pk, now=now)
    payments.remove_method(method=auto.method, actor_id=alice.pk, now=now)
    payments.note_mandate(mandate=bank.mandate, state="revoked", actor_id=None, now=now)
    browser: Client = signed_in(alice)
    page = browser.get(reverse("auto_recharge", args=[old_acme.public_id])).content.decode()
    assert "There is a SEPA mandate that the bank has validated, or a card where cards are allowed." in page
    assert "Add a payment method, or wait until the bank has validated the mandate." in page
