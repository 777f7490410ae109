"""Loans go back by themselves; an unlimited wallet draws on another; a blocked one spends nothing; a reset empties."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from billing.amounts import to_units
from billing.credits import lapse, selectors, services
from billing.credits.models import CreditLot, Wallet
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant

HUNDRED = to_units(Decimal(100))
WEEK = timedelta(days=7)


def cause(reference: str, code: TransferCode = TransferCode.CAMPAIGN) -> Cause:
    return Cause(code, reference, "test")


def books_agree() -> bool:
    return ledger_selectors.differences() == [] and selectors.lot_differences() == []


@pytest.fixture
def parent(acme: Account, grant: Grant) -> Wallet:
    return grant(acme, "100")


@pytest.fixture
def branch(acme_milano: Account) -> Wallet:
    return services.open_wallet(account=acme_milano)


def lend(parent: Wallet, branch: Wallet, amount: int, now: datetime) -> Transfer:
    loan = cause("loan", TransferCode.LOAN)
    return services.lend(source=parent, target=branch, amount=amount, returns_at=now + WEEK, cause=loan, now=now)


def available(account: Account) -> int:
    return selectors.balance(account).available


def test_what_is_unused_of_a_loan_goes_back_by_itself(
    parent: Wallet, branch: Wallet, acme: Account, acme_milano: Account, now: datetime
) -> None:
    lend(parent, branch, 500_000, now)
    services.spend(wallet=branch, amount=200_000, cause=cause("spend"), now=now)
    assert not selectors.wallets_with_lots_due(now + WEEK - timedelta(seconds=1)).exists()
    assert list(selectors.wallets_with_lots_due(now + WEEK)) == [branch]
    assert services.expire(wallet=branch, now=now + WEEK) == 300_000
    assert (available(acme), available(acme_milano)) == (800_000, 0)
    back = CreditLot.objects.get(wallet=parent, granted=300_000)
    assert (back.unit_price_cents, back.returns_to, back.returns_at) == (Decimal("4.2"), None, None)
    assert back.transfer.created_at == back.created_at == now + WEEK
    assert books_agree()


def test_a_loan_cannot_be_spent_one_second_late(parent: Wallet, branch: Wallet, acme: Account, now: datetime) -> None:
    lend(parent, branch, 500_000, now)
    with pytest.raises(services.InsufficientCredits):
        services.spend(wallet=branch, amount=1, cause=cause("late"), now=now + WEEK)
    services.expire(wallet=branch, now=now + WEEK)
    assert available(acme) == HUNDRED
    assert books_agree()


def test_what_a_hold_gives_back_after_the_loan_ended_goes_home_too(
    parent: Wallet, branch: Wallet, acme: Account, acme_milano: Account, now: datetime
) -> None:
    lend(parent, branch, 500_000, now)
    hold = services.reserve(wallet=branch, amount=400_000, cause=cause("hold"), now=now)
    services.expire(wallet=branch, now=now + WEEK)
    assert selectors.balance(acme_milano) == selectors.Balance(400_000, 400_000, 0)
    services.settle(hold=hold, used=150_000, cause=cause("settle"), now=now + WEEK)
    assert (available(acme), available(acme_milano)) == (850_000, 0)
    assert books_agree()


def test_a_loan_is_used_before_credits_that_never_end(
    parent: Wallet, branch: Wallet, grant: Grant, acme_milano: Account, now: datetime
) -> None:
    grant(acme_milano, "10")
    lend(parent, branch, 50_000, now)
    services.spend(wallet=branch, amount=50_000, cause=cause("spend"), now=now)
    assert services.expire(wallet=branch, now=now + WEEK) == 0
    assert available(acme_milano) == 100_000


def test_a_loan_that_is_given_back_early_is_none_any_more(
    parent: Wallet, branch: Wallet, acme: Account, now: datetime
) -> None:
    lend(parent, branch, 500_000, now)
    services.move(source=branch, target=parent, amount=500_000, cause=cause("back", TransferCode.MOVE), now=now)
    assert not selectors.wallets_with_lots_due(now + WEEK).exists()
    assert not CreditLot.objects.filter(wallet=parent, returns_to__isnull=False).exists()
    assert available(acme) == HUNDRED


def test_a_loan_keeps_the_expiry_of_what_was_lent(parent: Wallet, branch: Wallet, acme: Account, now: datetime) -> None:
    terms = services.Terms(expires_at=now + timedelta(days=3))
    services.grant(wallet=parent, amount=50_000, terms=terms, cause=cause("gift", TransferCode.PROMOTION), now=now)
    lend(parent, branch, 50_000, now)
    assert services.expire(wallet=branch, now=now + timedelta(days=3)) == 50_000
    assert services.expire(wallet=branch, now=now + WEEK) == 0
    assert available(acme) == HUNDRED
    assert books_agree()


def test_a_loan_ends_after_it_begins(parent: Wallet, branch: Wallet, now: datetime) -> None:
    with pytest.raises(ValueError, match=r"^a loan ends after it begins$"):
        services.lend(
            source=parent, target=branch, amount=1, returns_at=now, cause=cause("x", TransferCode.LOAN), now=now
        )


def test_the_table_refuses_a_loan_without_a_lender(parent: Wallet, now: datetime) -> None:
    with pytest.raises(IntegrityError, match="a_loan_says_when_and_where_it_returns"), transaction.atomic():
        CreditLot.objects.update(returns_at=now)


def test_what_a_borrower_lends_to_its_lender_has_come_home(
    parent: Wallet, branch: Wallet, acme: Account, now: datetime
) -> None:
    lend(parent, branch, 500_000, now)
    back = cause("back", TransferCode.LOAN)
    services.lend(source=branch, target=parent, amount=500_000, returns_at=now + 2 * WEEK, cause=back, now=now)
    assert not selectors.wallets_with_lots_due(now + 3 * WEEK).exists()
    assert available(acme) == HUNDRED
    assert books_agree()


def test_the_table_refuses_a_loan_that_returns_to_its_own_wallet(parent: Wallet, now: datetime) -> None:
    with pytest.raises(IntegrityError, match="a_loan_returns_to_another_wallet"), transaction.atomic():
        CreditLot.objects.update(returns_at=now, returns_to=parent)


def test_an_unlimited_wallet_spends_from_its_parents_and_is_counted_on_its_own(
    parent: Wallet, branch: Wallet, acme: Account, acme_milano: Account, now: datetime
) -> None:
    services.draw_on(wallet=branch, other=parent)
    hold = services.reserve(wallet=branch, amount=300_000, cause=cause("hold"), now=now)
    assert selectors.balance(acme_milano) == selectors.balance(acme) == selectors.Balance(HUNDRED, 300_000, 700_000)
    services.settle(hold=hold, used=210_000, cause=cause("settle"), now=now)
    assert available(acme) == 790_000
    assert (selectors.used_units(acme_milano), selectors.used_units(acme)) == (210_000, 0)
    assert books_agree()


def test_an_unlimited_wallet_is_refused_what_its_parent_does_not_have(
    parent: Wallet, branch: Wallet, now: datetime
) -> None:
    services.draw_on(wallet=branch, other=parent)
    with pytest.raises(services.InsufficientCredits):
        services.spend(wallet=branch, amount=HUNDRED + 1, cause=cause("spend"), now=now)


def test_a_wallet_does_not_draw_on_itself(parent: Wallet) -> None:
    with pytest.raises(services.SameWallet):
        services.draw_on(wallet=parent, other=parent)
    with pytest.raises(IntegrityError, match="a_wallet_does_not_draw_on_itself"), transaction.atomic():
        Wallet.objects.filter(pk=parent.pk).update(draws_on=parent)


def test_a_wallet_draws_on_one_that_draws_on_nobody_and_is_the_same_customers(
    parent: Wallet, branch: Wallet, acme: Account, globex: Account, grant: Grant
) -> None:
    other = grant(Account.objects.create(name="Acme Roma", parent=acme), "5")
    services.draw_on(wallet=branch, other=parent)
    for wallet, payer in ((other, branch), (parent, other)):
        with pytest.raises(IntegrityError, match="who_is_drawn_on_draws_on_nobody"), transaction.atomic():
            services.draw_on(wallet=wallet, other=payer)
    with pytest.raises(IntegrityError, match="a_wallet_draws_on_none_of_another_customer"), transaction.atomic():
        services.draw_on(wallet=other, other=grant(globex, "5"))
    services.draw_on(wallet=other, other=parent)


def test_a_blocked_wallet_spends_nothing_and_its_holds_are_still_settled(
    parent: Wallet, acme: Account, now: datetime
) -> None:
    hold = services.reserve(wallet=parent, amount=300_000, cause=cause("hold"), now=now)
    services.block(wallet=parent, now=now)
    with pytest.raises(services.WalletBlocked):
        services.reserve(wallet=parent, amount=1, cause=cause("another"), now=now)
    services.release(hold=hold, cause=cause("release"), now=now)
    services.unblock(wallet=parent)
    services.spend(wallet=parent, amount=HUNDRED, cause=cause("spend"), now=now)
    assert available(acme) == 0


def test_a_reset_empties_a_wallet_but_for_what_is_held(
    parent: Wallet, branch: Wallet, acme: Account, acme_milano: Account, now: datetime
) -> None:
    services.move(source=parent, target=branch, amount=500_000, cause=cause("move", TransferCode.MOVE), now=now)
    services.reserve(wallet=branch, amount=120_000, cause=cause("hold"), now=now)
    reset = cause("reset", TransferCode.RESET)
    first = services.empty(source=branch, target=parent, cause=reset, now=now)
    assert first is not None
    assert first.amount == 380_000
    assert services.empty(source=branch, target=parent, cause=reset, now=now) == first
    assert services.empty(source=branch, target=parent, cause=cause("again", TransferCode.RESET), now=now) is None
    assert available(acme) == 880_000
    assert selectors.balance(acme_milano) == selectors.Balance(120_000, 120_000, 0)
    assert books_agree()


def test_credits_do_not_move_from_a_wallet_to_itself(parent: Wallet, now: datetime) -> None:
    with pytest.raises(services.SameWallet):
        services.move(source=parent, target=parent, amount=1, cause=cause("x", TransferCode.MOVE), now=now)


def test_a_loan_that_moves_on_keeps_its_terms(parent: Wallet, branch: Wallet, acme: Account, now: datetime) -> None:
    third = services.open_wallet(account=Account.objects.create(name="Acme Roma", parent=acme))
    terms = services.Terms(Decimal(3), "GBP", now + 2 * WEEK)
    services.grant(wallet=parent, amount=50_000, terms=terms, cause=cause("bought", TransferCode.PURCHASE), now=now)
    lend(parent, branch, 50_000, now)
    services.move(source=branch, target=third, amount=50_000, cause=cause("on", TransferCode.MOVE), now=now)
    lot = CreditLot.objects.get(wallet=third)
    assert (lot.unit_price_cents, lot.currency, lot.expires_at) == (Decimal(3), "GBP", now + 2 * WEEK)
    assert (lot.returns_at, lot.returns_to) == (now + WEEK, parent)
    services.expire(wallet=third, now=now + WEEK)
    home = CreditLot.objects.filter(wallet=parent).latest("pk")
    assert (home.unit_price_cents, home.currency, home.expires_at) == (Decimal(3), "GBP", now + 2 * WEEK)
    assert (home.returns_at, home.returns_to, home.remaining) == (None, None, 50_000)


def test_everything_that_is_due_goes_at_once_each_with_its_reason_and_moment(
    parent: Wallet, branch: Wallet, acme: Account, now: datetime
) -> None:
    for number, units in enumerate((1_000, 2_000)):
        services.lend(
            source=parent,
            target=branch,
            amount=units,
            returns_at=now + WEEK,
            cause=cause(f"loan:{number}", TransferCode.LOAN),
            now=now,
        )
        gift = cause(f"gift:{number}", TransferCode.PROMOTION)
        terms = services.Terms(expires_at=now + WEEK)
        services.grant(wallet=branch, amount=10 * units, terms=terms, cause=gift, now=now)
    assert services.expire(wallet=branch, now=now + WEEK) == 33_000
    left = Transfer.objects.filter(debit_account=branch.ledger_account_id).order_by("pk")
    assert [(each.code, each.amount) for each in left] == [
        (TransferCode.EXPIRY, 10_000),
        (TransferCode.EXPIRY, 20_000),
        (TransferCode.LOAN_RETURN, 1_000),
        (TransferCode.LOAN_RETURN, 2_000),
    ]
    for each in left:
        lot = each.draws.get().lot
        assert (each.subject, each.reference) == (f"lot:{lot.pk}", f"lot:{lot.pk}:{each.code}:0")
        assert each.created_at == now + WEEK
    assert CreditLot.objects.filter(wallet=parent).latest("pk").created_at == now + WEEK
    assert available(acme) == HUNDRED
    assert books_agree()


@pytest.mark.django_db(transaction=True)
def test_who_is_to_get_a_loan_back_is_locked_with_who_has_it(parent: Wallet, branch: Wallet, now: datetime) -> None:
    lend(parent, branch, 50_000, now)

    def is_free(wallet: Wallet) -> bool:
        try:
            with transaction.atomic():
                Wallet.objects.select_for_update(nowait=True).get(pk=wallet.pk)
        except OperationalError:
            return False
        finally:
            connection.close()
        return True

    def free(moment: datetime) -> list[bool]:
        with transaction.atomic(), ThreadPoolExecutor(1) as elsewhere:
            lapse.lock([branch], moment)
            return list(elsewhere.map(is_free, [branch, parent]))

    assert free(now) == [False, True]
    assert free(now + WEEK) == [False, False]
