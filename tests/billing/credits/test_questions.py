"""What credits are asked for: balances, what expires next, what the operator owes and sold."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.credits import selectors, services
from billing.credits.models import Wallet
from billing.credits.services import Terms
from billing.ledger.codes import TransferCode
from billing.ledger.entries import Period
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def lot(
    account: Account, units: int, now: datetime, code: TransferCode = TransferCode.PURCHASE, days: int = 0
) -> Wallet:
    wallet = services.open_wallet(account=account)
    terms = Terms(Decimal("4.2"), expires_at=now + days * DAY if days else None)
    cause = Cause(code, f"test:{account.pk}:{units}:{code}:{days}")
    services.grant(wallet=wallet, amount=units, terms=terms, cause=cause, now=now)
    return wallet


def use(wallet: Wallet, units: int, now: datetime, code: TransferCode = TransferCode.CAMPAIGN) -> None:
    services.spend(wallet=wallet, amount=units, cause=Cause(code, f"use:{wallet.pk}:{code}:{units}"), now=now)


def test_an_account_without_a_wallet_has_nothing(db: None, now: datetime) -> None:
    account = Account.objects.create(name="New")
    assert selectors.balance(account) == selectors.Balance(0, 0, 0)
    assert selectors.expiries(account, now) == []
    assert selectors.next_expiry(account, now) is None
    assert selectors.draws_on(account) is None


def test_who_draws_on_another_has_its_balance_and_not_its_own(
    acme: Account, acme_milano: Account, globex: Account, now: datetime
) -> None:
    # Acme's wallet was opened first, so that no order of the rows gives the right answer by chance.
    own, other = lot(acme, 10_000, now, days=3), lot(acme_milano, 70_000, now, days=5)
    lot(globex, 1_000, now, days=1)
    services.draw_on(wallet=own, other=other)
    assert selectors.balance(acme) == selectors.balance(acme_milano) == selectors.Balance(70_000, 0, 70_000)
    assert selectors.expiries(acme, now) == [selectors.Expiry(now + 5 * DAY, 70_000)]
    assert selectors.next_expiry(acme, now) == selectors.Expiry(now + 5 * DAY, 70_000)
    assert selectors.draws_on(acme) == acme_milano
    assert selectors.draws_on(acme_milano) is None


def test_what_is_used_up_does_not_expire_and_the_last_unit_does(acme: Account, now: datetime) -> None:
    wallet = lot(acme, 10_000, now, days=3)
    lot(acme, 20_000, now, days=5)
    use(wallet, 10_000, now)
    use(wallet, 19_999, now)
    assert selectors.expiries(acme, now) == [selectors.Expiry(now + 5 * DAY, 1)]
    assert selectors.expiries(acme, now + 5 * DAY) == []


def test_what_an_account_used_is_listed_newest_first_and_nobody_elses(
    acme: Account, globex: Account, now: datetime
) -> None:
    wallet, theirs = lot(acme, 50_000, now), lot(globex, 50_000, now)
    use(theirs, 5_000, now)
    use(wallet, 7_000, now)
    hold = services.reserve(wallet=wallet, amount=9_000, cause=Cause(TransferCode.CAMPAIGN, "hold"), now=now)
    services.settle(hold=hold, used=4_000, cause=Cause(TransferCode.CAMPAIGN, "settle"), now=now)
    assert [use.amount for use in selectors.uses(acme)] == [4_000, 7_000]
    assert selectors.used_units(acme) == 11_000


def test_the_operator_sees_what_is_owed_and_what_was_sold_given_used_and_lost(
    operator: Account, acme: Account, globex: Account, now: datetime
) -> None:
    wallet = lot(acme, 100_000, now)
    lot(globex, 50_000, now)
    lot(globex, 20_000, now, TransferCode.PROMOTION, days=1)
    use(wallet, 7_000, now)
    use(wallet, 2_000, now, TransferCode.CALL)
    services.reserve(wallet=wallet, amount=11_000, cause=Cause(TransferCode.CAMPAIGN, "hold"), now=now)
    # The operator's own alert messages are no business of the customers.
    use(services.open_wallet(account=operator), 3_000, now)
    services.expire(wallet=services.open_wallet(account=globex), now=now + DAY)
    assert selectors.totals() == selectors.Totals(
        owed=91_000 + 50_000, held=11_000, sold=150_000, given=20_000, used=9_000, expired=20_000
    )


def test_without_customers_nothing_is_owed(db: None) -> None:
    assert selectors.totals() == selectors.Totals(0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("units", [0, 1])
def test_who_has_credits_opens_no_second_wallet(acme: Account, grant: Grant, units: int) -> None:
    if units:
        grant(acme, "1")
    assert services.open_wallet(account=acme) == services.open_wallet(account=acme)
    assert Wallet.objects.filter(account=acme).count() == 1


def test_the_operators_own_wallet_alone_may_go_below_zero(db: None) -> None:
    opened = [Account.objects.create(name=name, is_operator=name == "Saldo") for name in ("Saldo", "Acme")]
    assert [services.open_wallet(account=each).ledger_account.may_overdraw for each in opened] == [True, False]


def test_what_a_pot_was_used_for_is_asked_since_when_by_hour_and_by_period(
    acme: Account, globex: Account, now: datetime
) -> None:
    wallet, stranger = lot(acme, 1000, now), lot(globex, 1000, now)
    pot, first, second, third = wallet.ledger_account, now + HOUR, now + HOUR * 1.2, now + HOUR * 2
    assert (selectors.first_use(pot), selectors.used_in(pot, Period())) == (None, 0)
    hold = services.reserve(wallet=wallet, amount=9, cause=Cause(TransferCode.CAMPAIGN, "hold"), now=now)
    services.take_back(wallet=wallet, amount=7, cause=Cause(TransferCode.REFUND, "refund"), now=now)
    use(stranger, 40, now)
    use(wallet, 10, first)
    use(wallet, 20, second)
    services.settle(hold=hold, used=5, cause=Cause(TransferCode.CAMPAIGN, "settled"), now=third)
    assert selectors.first_use(pot) == first
    ten = now.replace(hour=10, minute=0)
    with timezone.override("Asia/Kolkata"):  # where the hours begin at half past
        assert selectors.used_by_hour(pot, first) == {ten: 30, ten + HOUR: 5}
        assert selectors.used_by_hour(pot, second) == {ten: 20, ten + HOUR: 5}
    periods = [Period(), Period(second), Period(end=third), Period(second, third), Period(end=first)]
    assert [selectors.used_in(pot, period) for period in periods] == [35, 25, 30, 20, 0]
