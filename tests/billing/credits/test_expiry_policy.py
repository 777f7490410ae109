"""When bought credits expire: calendar months after they came, by the policy of the list they were bought from."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from billing.amounts import to_units
from billing.credits import revenue, selectors
from billing.credits import services as credits
from billing.credits.expiry import after_months
from billing.credits.models import CreditLot, Wallet
from billing.credits.revenue import Revenue
from billing.ledger.codes import TransferCode
from billing.ledger.entries import Period
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant

ROME = ZoneInfo("Europe/Rome")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("moment", "months", "expected"),
    [
        ("2026-11-20T10:14:00+01:00", 12, "2027-11-20T10:14:00+01:00"),
        ("2026-01-31T23:30:00+01:00", 1, "2026-02-28T23:30:00+01:00"),
        ("2028-01-31T00:00:00+01:00", 1, "2028-02-29T00:00:00+01:00"),
        ("2028-02-29T12:00:00+01:00", 12, "2029-02-28T12:00:00+01:00"),
        ("2026-12-31T12:00:00+01:00", 2, "2027-02-28T12:00:00+01:00"),
        # In summer the clock of Rome is an hour further from UTC: the time of day stays.
        ("2026-11-20T10:14:00+01:00", 8, "2027-07-20T10:14:00+02:00"),
        # 02:30 does not exist on 28 March 2027.
        ("2026-11-28T02:30:00+01:00", 4, "2027-03-28T03:30:00+02:00"),
        # Close to midnight the day is that of Rome, not that of UTC.
        ("2026-01-31T00:30:00+01:00", 1, "2026-02-28T00:30:00+01:00"),
    ],
)
def test_months_are_calendar_months_by_the_operators_clock(moment: str, months: int, expected: str) -> None:
    came = datetime.fromisoformat(moment).astimezone(UTC)
    expires = after_months(came, months, ROME)
    assert expires == datetime.fromisoformat(expected)
    assert expires.tzinfo == UTC


def give(account: Account, amount: str, now: datetime, *, price: str, expires_at: datetime | None = None) -> Wallet:
    wallet = credits.open_wallet(account=account)
    code = TransferCode.PURCHASE if Decimal(price) else TransferCode.PROMOTION
    cause = Cause(code, f"test:{account.pk}:{amount}:{price}:{now}")
    terms = credits.Terms(Decimal(price), expires_at=expires_at)
    credits.grant(wallet=wallet, amount=to_units(Decimal(amount)), terms=terms, cause=cause, now=now)
    return wallet


def spend(wallet: Wallet, amount: str, now: datetime) -> None:
    cause = Cause(TransferCode.CAMPAIGN, f"test:{wallet.pk}:{amount}:{now}")
    credits.spend(wallet=wallet, amount=to_units(Decimal(amount)), cause=cause, now=now)


def test_credits_are_spent_until_the_moment_they_expire_and_not_a_second_longer(acme: Account, now: datetime) -> None:
    wallet = give(acme, "10", now, price="4.2", expires_at=now + DAY)
    spend(wallet, "1", now + DAY - timedelta(seconds=1))
    with pytest.raises(credits.InsufficientCredits):
        spend(wallet, "2", now + DAY)
    credits.expire(wallet=wallet, now=now + DAY)
    assert selectors.balance(acme).available == 0


def test_what_expires_is_told_by_day_and_what_is_lent_is_left_out(
    acme: Account, acme_milano: Account, now: datetime
) -> None:
    early = now.replace(hour=8) + 3 * DAY
    give(acme, "10", now, price="4.2", expires_at=early)
    wallet = give(acme, "5", now, price="0", expires_at=early + timedelta(hours=2))
    give(acme, "7", now, price="3.9", expires_at=early + DAY)
    give(acme, "100", now, price="3.9")
    expiries = selectors.expiries(acme, now)
    assert [(each.at, each.units) for each in expiries] == [(early, 150_000), (early + DAY, 70_000)]
    assert selectors.next_expiry(acme, now) == expiries[0]
    cause = Cause(TransferCode.LOAN, "loan")
    there = credits.open_wallet(account=acme_milano)
    credits.lend(source=wallet, target=there, amount=150_000, returns_at=now + DAY, cause=cause, now=now)
    assert selectors.expiries(acme_milano, now) == []


def test_who_draws_on_another_wallet_sees_what_expires_there(
    acme: Account, acme_milano: Account, now: datetime
) -> None:
    wallet = give(acme, "10", now, price="4.2", expires_at=now + DAY)
    credits.draw_on(wallet=credits.open_wallet(account=acme_milano), other=wallet)
    assert selectors.expiries(acme_milano, now) == selectors.expiries(acme, now) != []


def test_what_was_sold_is_earned_expired_taken_back_or_deferred(
    acme: Account, acme_milano: Account, globex: Account, now: datetime
) -> None:
    wallet = give(acme, "100", now, price="4.2", expires_at=now + 10 * DAY)
    give(acme, "300", now, price="3.333333")
    give(acme, "50", now, price="0", expires_at=now + 2 * DAY)
    give(globex, "1000", now, price="3.9")
    below = credits.open_wallet(account=acme_milano)
    move = Cause(TransferCode.MOVE, "move")
    credits.move(source=wallet, target=below, amount=to_units(Decimal(120)), cause=move, now=now + DAY)
    spend(below, "60.7", now + DAY)
    hold = credits.reserve(
        wallet=wallet, amount=to_units(Decimal(40)), cause=Cause(TransferCode.CAMPAIGN, "hold"), now=now + 3 * DAY
    )
    credits.settle(
        hold=hold,
        used=to_units(Decimal("12.5")),
        cause=Cause(TransferCode.CAMPAIGN, "settled"),
        now=now + 4 * DAY,
    )
    credits.expire(wallet=wallet, now=now + 11 * DAY)
    credits.expire(wallet=below, now=now + 11 * DAY)
    refund = Cause(TransferCode.REFUND, "refund")
    credits.take_back(wallet=wallet, amount=to_units(Decimal(33)), cause=refund, now=now + 12 * DAY)
    [ever] = revenue.revenue(Period())
    assert ever.sold == Decimal(420) + Decimal("999.9999") + Decimal(3900)
    assert ever.earned > 0
    assert ever.expired > 0
    assert ever.taken_back == 33 * Decimal("3.333333")
    assert ever.earned + ever.expired + ever.taken_back + ever.deferred == ever.sold
    assert revenue.deferred() == {"EUR": ever.deferred}
    assert selectors.lot_differences() == []


def test_periods_that_meet_hand_on_what_is_deferred(acme: Account, now: datetime) -> None:
    wallet = give(acme, "100", now, price="4.2")
    spend(wallet, "25", now + DAY)
    spend(wallet, "10", now + 3 * DAY)
    [first] = revenue.revenue(Period(end=now + 2 * DAY))
    [second] = revenue.revenue(Period(now + 2 * DAY))
    assert first == Revenue("EUR", *map(Decimal, (0, 420, 105, 0, 0)))
    assert second == Revenue("EUR", *map(Decimal, (315, 0, 42, 0, 0)))
    assert [first.deferred, second.deferred] == [Decimal(315), Decimal(273)]


def test_nothing_sold_is_no_revenue(db: None) -> None:
    assert revenue.revenue(Period()) == []
    assert revenue.deferred() == {}


def test_the_price_of_the_lot_that_paid_is_what_was_earned(acme: Account, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    wallet = give(acme, "10", now, price="9", expires_at=now + DAY)
    spend(wallet, "15", now)
    [ever] = revenue.revenue(Period())
    assert ever.earned == 10 * 9 + 5 * Decimal("4.2")
    assert CreditLot.objects.count() == 2
