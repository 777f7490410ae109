"""Wallets and lots: what is granted, held, spent, moved, given back and expired."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from billing.amounts import to_units
from billing.credits import selectors, services
from billing.credits.models import CreditLot
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant

HUNDRED = to_units(Decimal(100))


def campaign(reference: str) -> Cause:
    return Cause(TransferCode.CAMPAIGN, reference, "campaign:test")


def books_agree() -> bool:
    return ledger_selectors.differences() == [] and selectors.lot_differences() == []


def test_a_grant_makes_a_lot_and_raises_the_balance(acme: Account, grant: Grant) -> None:
    grant(acme, "100")
    assert selectors.balance(acme) == selectors.Balance(HUNDRED, 0, HUNDRED)
    assert CreditLot.objects.get().unit_price_cents == Decimal("4.2")
    assert books_agree()


def test_a_send_that_costs_the_whole_balance_is_allowed(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "100")
    hold = services.reserve(wallet=wallet, amount=HUNDRED, cause=campaign("hold"), now=now)
    services.settle(hold=hold, used=HUNDRED, cause=campaign("settle"), now=now)
    assert selectors.balance(acme) == selectors.Balance(0, 0, 0)
    assert books_agree()


def test_a_send_that_costs_one_unit_more_is_refused(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "100")
    with pytest.raises(services.InsufficientCredits):
        services.reserve(wallet=wallet, amount=HUNDRED + 1, cause=campaign("hold"), now=now)
    assert selectors.balance(acme).available == HUNDRED
    assert books_agree()


def test_what_was_not_used_of_a_hold_comes_back(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "100")
    hold = services.reserve(wallet=wallet, amount=700_000, cause=campaign("hold"), now=now)
    assert selectors.balance(acme) == selectors.Balance(HUNDRED, 700_000, 300_000)
    services.settle(hold=hold, used=490_000, cause=campaign("settle"), now=now)
    assert selectors.balance(acme) == selectors.Balance(510_000, 0, 510_000)
    assert books_agree()


def test_a_hold_is_settled_once_and_its_repetition_changes_nothing(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "100")
    hold = services.reserve(wallet=wallet, amount=700_000, cause=campaign("hold"), now=now)
    first = services.settle(hold=hold, used=490_000, cause=campaign("settle"), now=now)
    assert services.settle(hold=hold, used=490_000, cause=campaign("settle"), now=now) == first
    with pytest.raises(services.ReferenceConflict):
        services.settle(hold=hold, used=1, cause=campaign("settle"), now=now)
    with pytest.raises(services.HoldAlreadyResolved):
        services.release(hold=hold, cause=campaign("another"), now=now)
    assert selectors.balance(acme).posted == 510_000
    assert books_agree()


def test_the_same_hold_asked_for_twice_holds_once(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "100")
    first = services.reserve(wallet=wallet, amount=700_000, cause=campaign("hold"), now=now)
    assert services.reserve(wallet=wallet, amount=700_000, cause=campaign("hold"), now=now) == first
    assert selectors.balance(acme).held == 700_000
    assert books_agree()


def test_the_lot_that_expires_first_pays_first(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "100")
    soon = Cause(TransferCode.PROMOTION, "gift", "test")
    services.grant(
        wallet=wallet, amount=50_000, terms=services.Terms(expires_at=now + timedelta(days=3)), cause=soon, now=now
    )
    services.spend(wallet=wallet, amount=60_000, cause=campaign("spend"), now=now)
    lots = {lot.origin: lot.remaining for lot in CreditLot.objects.all()}
    assert lots == {"promotion": 0, "purchase": HUNDRED - 10_000}
    assert books_agree()


def test_expired_credits_cannot_be_spent_even_one_second_late(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "1")
    gift = Cause(TransferCode.PROMOTION, "gift", "test")
    services.grant(wallet=wallet, amount=50_000, terms=services.Terms(expires_at=now), cause=gift, now=now)
    with pytest.raises(services.InsufficientCredits):
        services.reserve(wallet=wallet, amount=10_001, cause=campaign("hold"), now=now)
    services.reserve(wallet=wallet, amount=10_000, cause=campaign("hold"), now=now)
    assert selectors.balance(acme) == selectors.Balance(10_000, 10_000, 0)
    assert books_agree()


def test_what_a_hold_gives_back_after_its_lot_expired_expires(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "1")
    gift = Cause(TransferCode.PROMOTION, "gift", "test")
    later = now + timedelta(hours=1)
    services.grant(wallet=wallet, amount=50_000, terms=services.Terms(expires_at=later), cause=gift, now=now)
    hold = services.reserve(wallet=wallet, amount=40_000, cause=campaign("hold"), now=now)
    assert services.expire(wallet=wallet, now=later) == 10_000
    services.settle(hold=hold, used=15_000, cause=campaign("settle"), now=later)
    assert selectors.balance(acme) == selectors.Balance(10_000, 0, 10_000)
    assert books_agree()


def test_credits_move_to_a_subaccount_with_their_price_and_expiry(
    acme: Account, acme_milano: Account, grant: Grant, now: datetime
) -> None:
    source, target = grant(acme, "100"), services.open_wallet(account=acme_milano)
    cause = Cause(TransferCode.MOVE, "move", "test")
    services.move(source=source, target=target, amount=250_000, cause=cause, now=now)
    services.move(source=source, target=target, amount=250_000, cause=cause, now=now)
    assert selectors.balance(acme).available == 750_000
    assert selectors.balance(acme_milano).available == 250_000
    assert CreditLot.objects.get(wallet=target).unit_price_cents == Decimal("4.2")
    assert books_agree()


def test_credits_never_move_between_two_customers(acme: Account, globex: Account, grant: Grant, now: datetime) -> None:
    source, target = grant(acme, "100"), services.open_wallet(account=globex)
    cause = Cause(TransferCode.MOVE, "move", "test")
    with pytest.raises(services.ForeignAccounts):
        services.move(source=source, target=target, amount=250_000, cause=cause, now=now)
    assert selectors.balance(acme).available == HUNDRED


def test_the_operators_own_wallet_may_go_below_zero(operator: Account, now: datetime) -> None:
    wallet = services.open_wallet(account=operator)
    services.spend(wallet=wallet, amount=7_000, cause=Cause(TransferCode.ALERT, "alert", "test"), now=now)
    assert selectors.balance(operator).available == -7_000
    assert books_agree()


def test_what_a_lot_has_held_is_not_used_by_others(acme: Account, grant: Grant, now: datetime) -> None:
    grant(acme, "10")
    wallet = grant(acme, "10")
    for number in range(2):
        services.reserve(wallet=wallet, amount=20_000, cause=campaign(f"hold:{number}"), now=now)
    first, last = CreditLot.objects.order_by("pk")
    assert (first.held, last.held) == (40_000, 0)
    services.spend(wallet=wallet, amount=80_000, cause=campaign("spend"), now=now)
    first, last = CreditLot.objects.order_by("pk")
    assert [(lot.remaining, lot.held) for lot in (first, last)] == [(40_000, 40_000), (80_000, 0)]
    assert books_agree()


def test_of_lots_that_end_together_the_oldest_is_used_first(acme: Account, now: datetime) -> None:
    wallet = services.open_wallet(account=acme)
    for number in range(3):
        terms = services.Terms(expires_at=now + timedelta(days=1))
        bought = Cause(TransferCode.PURCHASE, f"bought:{number}")
        services.grant(wallet=wallet, amount=10_000, terms=terms, cause=bought, now=now)
    # PostgreSQL puts a row that is changed behind the others.
    CreditLot.objects.filter(pk=CreditLot.objects.earliest("pk").pk).update(currency="GBP")
    services.spend(wallet=wallet, amount=1, cause=campaign("spend"), now=now)
    assert CreditLot.objects.earliest("pk").remaining == 9_999


def test_books_that_are_broken_are_no_poor_customer(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "10")
    CreditLot.objects.update(remaining=99_999)
    with pytest.raises(AssertionError, match=f"the lots of wallet {wallet.pk} lack 1 units"):
        services.spend(wallet=wallet, amount=100_000, cause=campaign("spend"), now=now)
