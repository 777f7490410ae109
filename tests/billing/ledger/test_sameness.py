"""A reference is one movement: the same in every respect, or a conflict. And what else one call decides by itself."""

from datetime import datetime, timedelta

import pytest

from billing.ledger import selectors, services
from billing.ledger.codes import AccountCode, Phase, TransferCode
from billing.ledger.models import Account, Transfer
from billing.ledger.services import Cause
from portal.accounts.models import Account as Customer

Pots = dict[AccountCode, Account]
WALLET, ISSUE, USAGE, EXPIRY = AccountCode.WALLET, AccountCode.ISSUE, AccountCode.USAGE, AccountCode.EXPIRY
MINUTE = timedelta(minutes=1)


def cause(reference: str, code: TransferCode = TransferCode.CAMPAIGN) -> Cause:
    return Cause(code, reference, "test")


@pytest.fixture
def pots(acme: Customer, now: datetime) -> Pots:
    """Acme's ledger accounts with 1,000 units in the wallet."""
    accounts = services.open_accounts(owner_id=acme.pk, customer_id=acme.pk)
    grant = cause("grant", TransferCode.PURCHASE)
    services.transfer(debit=accounts[ISSUE], credit=accounts[WALLET], amount=1000, cause=grant, now=now)
    return accounts


def test_a_movement_that_differs_in_anything_is_another_one(pots: Pots, now: datetime) -> None:
    wallet, usage, expiry, issue = (pots[code] for code in (WALLET, USAGE, EXPIRY, ISSUE))
    first = services.transfer(debit=wallet, credit=usage, amount=10, cause=cause("r"), now=now)
    for debit, credit, amount, why in (
        (issue, usage, 10, cause("r")),
        (wallet, expiry, 10, cause("r")),
        (wallet, usage, 11, cause("r")),
        (wallet, usage, 10, cause("r", TransferCode.CALL)),
    ):
        with pytest.raises(services.ReferenceConflict):
            services.transfer(debit=debit, credit=credit, amount=amount, cause=why, now=now)
    with pytest.raises(services.ReferenceConflict):
        services.hold(debit=wallet, credit=usage, amount=10, cause=cause("r"), now=now)
    assert services.transfer(debit=wallet, credit=usage, amount=10, cause=cause("r"), now=now) == first
    assert Account.objects.get(pk=wallet.pk).available == 990


def test_a_resolution_that_is_repeated_is_the_same_and_of_the_same_hold(pots: Pots, now: datetime) -> None:
    holds = [
        services.hold(debit=pots[WALLET], credit=pots[USAGE], amount=10, cause=cause(f"hold:{number}"), now=now)
        for number in range(3)
    ]
    posted = services.post(hold=holds[0], amount=4, cause=cause("post"), now=now)
    assert services.post(hold=holds[0], amount=4, cause=cause("post"), now=now) == posted
    voided = services.void(hold=holds[1], cause=cause("void"), now=now)
    assert services.void(hold=holds[1], cause=cause("void"), now=now) == voided
    assert (voided.phase, voided.amount, voided.hold_id) == (Phase.VOID, 10, holds[1].pk)
    for hold, reference in ((holds[2], "post"), (holds[0], "void"), (holds[2], "void")):
        with pytest.raises(services.ReferenceConflict):
            services.void(hold=hold, cause=cause(reference), now=now)
    with pytest.raises(services.ReferenceConflict):
        services.post(hold=holds[2], amount=4, cause=cause("post"), now=now)
    assert Account.objects.get(pk=pots[WALLET].pk).debits_pending == 10
    assert selectors.differences() == []


def test_all_of_a_hold_may_be_posted_and_what_is_left_is_available(pots: Pots, now: datetime) -> None:
    hold = services.hold(debit=pots[WALLET], credit=pots[USAGE], amount=1000, cause=cause("hold"), now=now)
    services.post(hold=hold, amount=1000, cause=cause("post"), now=now)
    assert Account.objects.get(pk=pots[WALLET].pk).available == 0
    with pytest.raises(services.InsufficientCredits):
        services.transfer(debit=pots[WALLET], credit=pots[USAGE], amount=1, cause=cause("more"), now=now)


def test_nothing_moves_between_two_customers(pots: Pots, globex: Customer, now: datetime) -> None:
    theirs = services.open_accounts(owner_id=globex.pk, customer_id=globex.pk)
    for move in (services.transfer, services.hold):
        with pytest.raises(services.ForeignAccounts):
            move(debit=pots[WALLET], credit=theirs[WALLET], amount=1, cause=cause("away"), now=now)
    assert not Transfer.objects.filter(reference="away").exists()


def test_an_account_that_does_not_exist_gives_nothing(pots: Pots, now: datetime) -> None:
    nowhere = Account(pk=pots[EXPIRY].pk + 1_000_000)
    with pytest.raises(services.UnknownAccount):
        services.transfer(debit=nowhere, credit=pots[WALLET], amount=1, cause=cause("from nowhere"), now=now)
    with pytest.raises(services.UnknownAccount):
        services.transfer(debit=nowhere, credit=pots[WALLET], amount=1000, cause=cause("grant"), now=now)
    with pytest.raises(services.UnknownHold):
        services.void(hold=Transfer(pk=1_000_000_000), cause=cause("no hold"), now=now)


@pytest.mark.parametrize("side", ["debit", "credit"])
def test_time_runs_forward_on_either_side(pots: Pots, now: datetime, side: str) -> None:
    wallet, usage, expiry, issue = (pots[code] for code in (WALLET, USAGE, EXPIRY, ISSUE))
    late = now + 5 * MINUTE
    services.transfer(debit=wallet, credit=usage, amount=1, cause=cause("late"), now=late)
    # One account has seen the later moment, the other has not.
    debit, credit = (wallet, expiry) if side == "debit" else (issue, usage)
    early = services.transfer(debit=debit, credit=credit, amount=1, cause=cause("early"), now=now)
    assert early.created_at == late
    assert {Account.objects.get(pk=each.pk).last_entry_at for each in (debit, credit)} == {late}
    after = services.transfer(debit=debit, credit=credit, amount=1, cause=cause("after"), now=late + MINUTE)
    assert after.created_at == late + MINUTE


def test_what_comes_after_a_batch_is_not_before_it(pots: Pots, now: datetime) -> None:
    late = now + 5 * MINUTE
    line = services.Line(pots[WALLET].pk, pots[USAGE].pk, 1)
    assert services.post_batch(lines=[line], cause=cause("batch"), now=late) == 1
    for number, (debit, credit) in enumerate(((ISSUE, USAGE), (WALLET, EXPIRY))):
        after = services.transfer(debit=pots[debit], credit=pots[credit], amount=1, cause=cause(f"{number}"), now=now)
        assert after.created_at == late


def test_what_comes_back_carries_the_balance_after_it(pots: Pots, now: datetime) -> None:
    services.transfer(debit=pots[WALLET], credit=pots[USAGE], amount=400, cause=cause("out"), now=now)
    back = services.transfer(debit=pots[USAGE], credit=pots[WALLET], amount=100, cause=cause("back"), now=now)
    assert (back.debit_balance, back.credit_balance) == (300, 700)
    assert selectors.differences() == []


def test_only_the_wallet_is_guarded_and_opening_twice_opens_once(acme: Customer, operator: Customer) -> None:
    first = services.open_accounts(owner_id=acme.pk, customer_id=acme.pk)
    assert {code: account.may_overdraw for code, account in first.items()} == {
        WALLET: False,
        ISSUE: True,
        USAGE: True,
        EXPIRY: True,
    }
    assert services.open_accounts(owner_id=acme.pk, customer_id=acme.pk, may_overdraw=True) == first
    assert not Account.objects.get(pk=first[WALLET].pk).may_overdraw
    own = services.open_accounts(owner_id=operator.pk, customer_id=operator.pk, may_overdraw=True)
    assert own[WALLET].may_overdraw
    assert {account.customer_id for account in own.values()} == {operator.pk}


def test_the_audit_compares_every_counter(pots: Pots, now: datetime) -> None:
    held = services.hold(debit=pots[WALLET], credit=pots[USAGE], amount=70, cause=cause("hold"), now=now)
    services.hold(debit=pots[WALLET], credit=pots[USAGE], amount=70, cause=cause("another"), now=now)
    services.post(hold=held, amount=40, cause=cause("post"), now=now)
    services.transfer(debit=pots[WALLET], credit=pots[USAGE], amount=40, cause=cause("single"), now=now)
    assert selectors.differences() == []
    right = {"debits_posted": 80, "debits_pending": 70, "credits_posted": 1000, "credits_pending": 0}
    for counter, value in right.items():
        Account.objects.filter(pk=pots[WALLET].pk).update(**{counter: value + 1})
        assert selectors.differences() == [selectors.Difference(pots[WALLET].pk, counter, value + 1, value)]
        Account.objects.filter(pk=pots[WALLET].pk).update(**{counter: value})
    Account.objects.filter(pk=pots[USAGE].pk).update(credits_pending=71)
    assert selectors.differences() == [selectors.Difference(pots[USAGE].pk, "credits_pending", 71, 70)]


def test_the_audit_finds_a_counter_on_an_account_without_transfers(pots: Pots) -> None:
    for counter in ("debits_posted", "debits_pending", "credits_posted", "credits_pending"):
        Account.objects.filter(pk=pots[EXPIRY].pk).update(**{counter: 3})
        assert selectors.differences() == [selectors.Difference(pots[EXPIRY].pk, counter, 3, 0)]
        Account.objects.filter(pk=pots[EXPIRY].pk).update(**{counter: 0})
