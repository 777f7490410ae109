"""Credits between the wallets of one customer: any way round, lent or for good, taken back, and never a stranger's."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.credits.models import CreditLot
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.subaccounts import selectors, services, transfers
from tests.conftest import Grant
from tests.portal.subaccounts.conftest import available, books_agree

TEN = 100_000


@pytest.fixture
def acme_roma(acme: Account, alice: User, now: datetime) -> Account:
    return services.open_subaccount(
        parent=acme, name="Acme Roma", credits_units=0, reference=uuid.uuid4(), actor_id=alice.pk, now=now
    )


def move(customer: Account, source: Account, target: Account, now: datetime, **changes: object) -> None:
    given = {"credits_units": TEN, "reference": uuid.uuid4(), "actor_id": None, **changes}
    services.transfer(customer=customer, source=source, target=target, now=now, **given)  # type: ignore[arg-type]


def test_credits_move_between_any_two_wallets_of_a_customer(
    acme: Account, acme_milano: Account, acme_roma: Account, grant: Grant, now: datetime
) -> None:
    grant(acme, "10")
    wallets = (acme, acme_milano, acme_roma)
    for source, target in zip(wallets, (*wallets[1:], acme), strict=True):
        move(acme, source, target, now)
        assert [available(each) for each in wallets] == [TEN if each == target else 0 for each in wallets]
    assert books_agree()


def test_credits_never_move_between_two_customers(
    acme: Account, acme_milano: Account, globex: Account, grant: Grant, now: datetime
) -> None:
    for account in (acme, acme_milano, globex):
        grant(account, "10")
    below = Account.objects.create(name="Globex below", parent=globex)
    for source, target in ((acme, globex), (acme_milano, below), (globex, acme), (acme, below)):
        for customer in (acme, globex):
            with pytest.raises(services.ForeignAccounts), transaction.atomic():
                move(customer, source, target, now)
        cause = credits.Cause(TransferCode.MOVE, str(uuid.uuid4()))
        wallets = {"source": credits.open_wallet(account=source), "target": credits.open_wallet(account=target)}
        with pytest.raises(credits.ForeignAccounts), transaction.atomic():
            credits.move(**wallets, amount=1, cause=cause, now=now)
    assert available(acme) == TEN


def test_credits_do_not_move_from_a_wallet_into_itself(acme: Account, grant: Grant, now: datetime) -> None:
    grant(acme, "10")
    with pytest.raises(services.SameWallet):
        move(acme, acme, acme, now)


def test_an_unlimited_or_deactivated_subaccount_is_given_nothing(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "10")
    unlimited = services.open_subaccount(
        parent=acme,
        name="Everything",
        credits_units=0,
        reference=uuid.uuid4(),
        actor_id=alice.pk,
        now=now,
        is_unlimited=True,
    )
    with pytest.raises(services.DrawsOnParent):
        move(acme, acme, unlimited, now)
    services.deactivate(subaccount=acme_milano, actor_id=alice.pk, now=now)
    with pytest.raises(services.Deactivated):
        move(acme, acme, acme_milano, now)


def test_a_transfer_that_was_made_is_found_again_even_when_it_could_not_be_made_now(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "10")
    reference = uuid.uuid4()
    move(acme, acme, acme_milano, now, reference=reference)
    services.deactivate(subaccount=acme_milano, actor_id=alice.pk, now=now)
    move(acme, acme, acme_milano, now, reference=reference)
    with pytest.raises(services.ReferenceConflict):
        move(acme, acme_milano, acme, now, reference=reference)
    assert available(acme_milano) == TEN


def test_lent_credits_are_seen_by_both_sides_and_come_back_by_themselves(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "10")
    until = now + timedelta(days=3)
    services.credit(
        subaccount=acme_milano,
        credits_units=60_000,
        reference=uuid.uuid4(),
        actor_id=alice.pk,
        now=now,
        returns_at=until,
    )
    for account in (acme, acme_milano):
        [loan] = selectors.loans(account)
        assert (loan.lender, loan.borrower, loan.units, loan.returns_at) == (acme, acme_milano, 60_000, until)
        [movement] = transfers.page(account).movements
        assert (movement.transfer.code, movement.returns_at) == (TransferCode.LOAN, until)
    wallet = credits.open_wallet(account=acme_milano)
    cause = credits.Cause(TransferCode.CAMPAIGN, "test:spend")
    credits.spend(wallet=wallet, amount=10_000, cause=cause, now=now)
    credits.expire(wallet=wallet, now=until)
    assert (available(acme), available(acme_milano)) == (90_000, 0)
    assert [loan for account in (acme, acme_milano) for loan in selectors.loans(account)] == []
    for account in (acme, acme_milano):
        newest = transfers.page(account).movements[0]
        assert (newest.transfer.code, newest.source, newest.target) == (TransferCode.LOAN_RETURN, acme_milano, acme)
    assert books_agree()


def test_a_reset_takes_back_what_is_not_held_and_does_so_once(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "10")
    move(acme, acme, acme_milano, now)
    hold = credits.reserve(
        wallet=credits.open_wallet(account=acme_milano),
        amount=30_000,
        cause=credits.Cause(TransferCode.CAMPAIGN, "test:hold"),
        now=now,
    )
    reference = uuid.uuid4()
    reset = {"subaccount": acme_milano, "reference": reference, "actor_id": alice.pk, "now": now}
    assert [services.reset(**reset) for _ in range(3)] == [70_000] * 3  # type: ignore[arg-type]
    assert credits_selectors.balance(acme_milano) == credits_selectors.Balance(30_000, 30_000, 0)
    assert available(acme) == 70_000
    assert AuditEvent.objects.filter(action="subaccount.reset").count() == 1
    credits.release(hold=hold, cause=credits.Cause(TransferCode.CAMPAIGN, "test:release"), now=now)
    assert available(acme_milano) == 30_000
    assert services.reset(**{**reset, "reference": uuid.uuid4()}) == 30_000  # type: ignore[arg-type]
    assert services.reset(**{**reset, "reference": uuid.uuid4()}) == 0  # type: ignore[arg-type]
    assert books_agree()


def test_a_customer_is_not_reset(acme: Account, alice: User, now: datetime) -> None:
    with pytest.raises(services.NotACustomer):
        services.reset(subaccount=acme, reference=uuid.uuid4(), actor_id=alice.pk, now=now)


def test_an_unlimited_subaccount_spends_its_parents_credits_and_is_counted_apart(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "10")
    move(acme, acme, acme_milano, now, credits_units=20_000)
    change = {"subaccount": acme_milano, "name": acme_milano.name, "actor_id": alice.pk, "now": now}
    for _ in range(2):
        services.change(**change, is_unlimited=True)  # type: ignore[arg-type]
    assert available(acme) == TEN
    cause = credits.Cause(TransferCode.CAMPAIGN, "test:spend")
    credits.spend(wallet=credits.open_wallet(account=acme_milano), amount=70_000, cause=cause, now=now)
    listed: Any = selectors.subaccounts(acme).get()
    assert (listed.is_unlimited, listed.used_units, listed.available_units) == (True, 70_000, 0)
    assert (available(acme), available(acme_milano)) == (30_000, 30_000)
    services.change(**change, is_unlimited=False)  # type: ignore[arg-type]
    assert available(acme_milano) == 0
    # The same words again, when credits have come in between, mean the same.
    move(acme, acme, acme_milano, now, credits_units=5_000)
    services.change(**change, is_unlimited=True)  # type: ignore[arg-type]
    listed = selectors.subaccounts(acme).get()
    assert (listed.available_units, available(acme)) == (0, 30_000)
    assert books_agree()


def test_the_pages_of_transfers_show_each_once_to_either_side(
    acme: Account, acme_milano: Account, acme_roma: Account, globex: Account, grant: Grant, now: datetime
) -> None:
    grant(acme, "10")
    for _ in range(transfers.PAGE + 5):
        move(acme, acme, acme_milano, now, credits_units=1)
    move(acme, acme, acme_roma, now, credits_units=1)
    for account, count in ((acme, transfers.PAGE + 6), (acme_milano, transfers.PAGE + 5), (acme_roma, 1), (globex, 0)):
        first = transfers.page(account)
        second = transfers.page(account, position=first.older) if first.older else transfers.Page(())
        seen = [movement.transfer.pk for movement in (*first.movements, *second.movements)]
        assert len(set(seen)) == len(seen) == count
        assert seen == sorted(seen, reverse=True)
        assert second.older == first.newer == ""
        if second.newer:
            assert transfers.page(account, position=second.newer) == first
    assert transfers.page(acme, position="made up").movements == transfers.page(acme).movements


def test_a_loan_lasts_as_lots_split_and_move_on(
    acme: Account, acme_milano: Account, acme_roma: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "10")
    until = now + timedelta(days=3)
    move(acme, acme, acme_milano, now, returns_at=until)
    move(acme, acme_milano, acme_roma, now, credits_units=40_000)
    assert [(loan.borrower, loan.units) for loan in selectors.loans(acme)] == [
        (acme_milano, 60_000),
        (acme_roma, 40_000),
    ]
    assert [loan.lender for loan in selectors.loans(acme_roma)] == [acme]
    services.reset(subaccount=acme_roma, reference=uuid.uuid4(), actor_id=alice.pk, now=now)
    assert CreditLot.objects.filter(wallet__account=acme, returns_at__isnull=False).count() == 0
    assert Transfer.objects.filter(code=TransferCode.RESET).count() == 1
    assert books_agree()
