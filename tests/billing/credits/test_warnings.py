"""People are warned 30, 7 and 1 days before credits expire: once for each wallet, day and distance."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.credits import services as credits
from billing.credits import tasks, warnings
from billing.credits.models import ExpiryWarning, Wallet
from billing.ledger.codes import TransferCode
from billing.ledger.services import Cause
from portal.accounts.models import Account, User
from portal.notices import wording
from portal.notices.codes import Kind
from portal.notices.models import Notice

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def lot(account: Account, units: int, expires_at: datetime | None, now: datetime) -> Wallet:
    wallet = credits.open_wallet(account=account)
    terms = credits.Terms(Decimal("4.2"), expires_at=expires_at)
    cause = Cause(TransferCode.PURCHASE, f"test:{uuid.uuid4()}")
    credits.grant(wallet=wallet, amount=units, terms=terms, cause=cause, now=now)
    return wallet


def sweep(now: datetime) -> list[tuple[int, int]]:
    """Give the warnings that are due: how many days before, and of how many units."""
    due = warnings.due(now)
    return [(each.days_before, each.units) for each in due if warnings.warn(due=each, now=now)]


def test_each_distance_is_told_of_once(acme: Account, alice: User, now: datetime) -> None:
    expires_at = now + 40 * DAY
    lot(acme, 70_000, expires_at, now)
    told = {
        (expires_at - now - at) // HOUR: sweep(now + at) for at in [hours * HOUR for hours in range(0, 40 * 24 + 48, 6)]
    }
    assert {hours: found for hours, found in told.items() if found} == {
        30 * 24: [(30, 70_000)],
        7 * 24: [(7, 70_000)],
        24: [(1, 70_000)],
    }
    assert ExpiryWarning.objects.count() == Notice.objects.count() == 3


def test_only_who_pays_is_told_in_their_words(acme: Account, alice: User, bob: User, now: datetime) -> None:
    lot(acme, 70_000, now + 20 * DAY, now)
    assert sweep(now) == [(30, 70_000)]
    notice = Notice.objects.get()
    assert (notice.user, notice.kind) == (alice, Kind.CREDITS_EXPIRING)
    assert "7 credits expire in 20 days" in wording.words(notice).subject


def test_lots_of_one_day_are_one_warning_and_the_day_is_the_accounts(acme: Account, now: datetime) -> None:
    # 23:30 in Rome is still the 30th; 00:30 is the 1st, though in UTC both are the 30th.
    late = datetime(2026, 11, 30, 22, 30, tzinfo=UTC)
    for expires_at, units in ((late - 9 * HOUR, 10_000), (late, 20_000), (late + HOUR, 40_000)):
        lot(acme, units, expires_at, now)
    found = {(each.expires_on, each.expires_at, each.units) for each in warnings.due(now)}
    assert found == {(date(2026, 11, 30), late - 9 * HOUR, 30_000), (date(2026, 12, 1), late + HOUR, 40_000)}


def test_credits_that_last_ten_days_are_told_of_at_the_nearest_distance(acme: Account, now: datetime) -> None:
    lot(acme, 10_000, now + 5 * DAY, now)
    assert sweep(now) == [(7, 10_000)]
    assert sweep(now) == []


def test_what_is_used_never_expires_or_goes_back_is_not_told_of(
    acme: Account, acme_milano: Account, now: datetime
) -> None:
    wallet = lot(acme, 10_000, now + 5 * DAY, now)
    cause = Cause(TransferCode.LOAN, "loan")
    there = credits.open_wallet(account=acme_milano)
    credits.lend(source=wallet, target=there, amount=4_000, returns_at=now + DAY, cause=cause, now=now)
    credits.spend(wallet=wallet, amount=6_000, cause=Cause(TransferCode.CAMPAIGN, "used"), now=now)
    lot(acme, 10_000, None, now)
    lot(acme, 10_000, now + 31 * DAY, now)
    assert sweep(now) == []
    # What came home unused is told of there.
    credits.expire(wallet=there, now=now + DAY)
    assert sweep(now + DAY) == [(7, 4_000), (30, 10_000)]


def test_what_has_expired_is_no_warning_any_more(acme: Account, now: datetime) -> None:
    lot(acme, 10_000, now + DAY, now)
    assert sweep(now + DAY) == []


def test_a_warning_says_how_much_expires_when_and_in_how_many_days(acme: Account, alice: User, now: datetime) -> None:
    expires_at = now + 6 * DAY + HOUR
    wallet = lot(acme, 70_000, expires_at, now)
    [due] = warnings.due(now)
    assert warnings.warn(due=due, now=now)
    notice, warning = Notice.objects.get(), ExpiryWarning.objects.get()
    assert notice.context == {"credits_units": 70_000, "expires_at": expires_at.isoformat(), "days": 7}
    assert (notice.account, notice.subject, notice.created_at) == (acme, f"wallet:{wallet.public_id}", now)
    assert notice.reference == f"expiry:{wallet.public_id}:2026-11-26:7"
    assert (warning.units, warning.expires_at, warning.created_at) == (70_000, expires_at, now)
    assert not warnings.warn(due=due, now=now + HOUR)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (30 * DAY + timedelta(seconds=1), []),
        (30 * DAY, [30]),
        (7 * DAY + timedelta(seconds=1), [30]),
        (7 * DAY, [7]),
        (DAY + timedelta(seconds=1), [7]),
        (DAY, [1]),
        (timedelta(seconds=1), [1]),
        (timedelta(0), []),
    ],
)
def test_a_distance_begins_at_its_moment(acme: Account, now: datetime, left: timedelta, expected: list[int]) -> None:
    lot(acme, 1, now + left, now - 40 * DAY)
    assert [each.days_before for each in warnings.due(now)] == expected


def test_the_soonest_is_told_first_and_what_was_told_is_not_due_any_more(
    acme: Account, globex: Account, now: datetime
) -> None:
    # In Los Angeles it is still the day before, by which the warning is known again.
    Account.objects.filter(pk=globex.pk).update(time_zone="America/Los_Angeles")
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    late = lot(acme, 10, midnight + 6 * DAY, now)
    soon = lot(globex, 20, midnight + 3 * HOUR, now)
    found = warnings.due(midnight + HOUR)
    assert [(each.wallet_id, each.expires_on.day, each.units) for each in found] == [
        (soon.pk, 20, 20),
        (late.pk, 27, 10),
    ]
    warnings.warn(due=found[0], now=midnight + HOUR)
    assert [each.wallet_id for each in warnings.due(midnight + HOUR)] == [late.pk]


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_warn_once(acme: Account, alice: User, now: datetime) -> None:
    lot(acme, 10_000, now + 5 * DAY, now)
    [due] = warnings.due(now)

    def warn(_: int) -> bool:
        try:
            return warnings.warn(due=due, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(warn, range(4))) == [False, False, False, True]
    assert Notice.objects.count() == 1


def test_the_sweep_on_the_timetable_warns(acme: Account, alice: User) -> None:
    moment = datetime.now(tz=UTC)
    lot(acme, 10_000, moment + 5 * DAY, moment)
    tasks.warn_of_expiry()
    assert ExpiryWarning.objects.get().days_before == 7


def test_the_table_refuses_a_second_warning_and_an_empty_one(acme: Account, now: datetime) -> None:
    wallet = credits.open_wallet(account=acme)
    same = {"wallet": wallet, "expires_on": now.date(), "days_before": 7, "expires_at": now, "created_at": now}
    ExpiryWarning.objects.create(units=1, **same)
    with pytest.raises(IntegrityError, match="a_wallet_is_warned_of_a_day_once"), transaction.atomic():
        ExpiryWarning.objects.create(units=2, **same)
    with pytest.raises(IntegrityError, match="a_warning_is_about_something"), transaction.atomic():
        ExpiryWarning.objects.create(units=0, **{**same, "days_before": 1})
