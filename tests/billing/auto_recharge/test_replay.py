"""The replay of an account's own 60 days, on the page and from the ledger."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.auto_recharge import past_brakes, replaying, selectors
from billing.auto_recharge.models import Evaluation
from billing.auto_recharge.simulate import Past, Terms
from billing.credits import services as credits
from billing.credits.services import Cause
from billing.ledger.codes import TransferCode
from billing.payments.models import PaymentPolicy
from billing.payments.providers import sandbox
from portal.accounts.models import Account, User
from tests.billing.auto_recharge.conftest import CREDIT, Card, SwitchedOn
from tests.conftest import SignedIn

DAY = timedelta(days=1)


@pytest.fixture
def used(old_acme: Account, acme_milano: Account) -> datetime:
    """Acme buys 1,000 credits 70 days ago, has 300 left 60 days ago, and uses 40 on each of the days 50 to 41; moves
    30 away, is given 20, buys 500 more."""
    now = timezone.now()
    wallet, milano = credits.open_wallet(account=old_acme), credits.open_wallet(account=acme_milano)
    terms = credits.Terms(Decimal("4.2"))

    def grant(amount: int, code: TransferCode, days: float) -> None:
        cause = Cause(code, f"test:{code}:{days}")
        credits.grant(wallet=wallet, amount=amount * CREDIT, terms=terms, cause=cause, now=now - days * DAY)

    def spend(amount: int, days: float) -> None:
        cause = Cause(TransferCode.CAMPAIGN, f"test:spend:{days}", "test")
        credits.spend(wallet=wallet, amount=amount * CREDIT, cause=cause, now=now - days * DAY)

    grant(1_000, TransferCode.PURCHASE, 70)
    spend(700, 61)
    for day in range(50, 44, -1):
        spend(40, day)
    grant(500, TransferCode.PURCHASE, 44.5)
    for day in range(44, 40, -1):
        spend(40, day)
    cause = Cause(TransferCode.MOVE, "test:move")
    credits.move(source=wallet, target=milano, amount=30 * CREDIT, cause=cause, now=now - 30 * DAY)
    grant(20, TransferCode.PROMOTION, 20)
    return now


def test_purchases_are_left_out_and_the_rest_is_as_it_was(old_acme: Account, used: datetime) -> None:
    past = replaying.past(old_acme, used)
    assert past.opening == 300 * CREDIT
    assert list(past.amounts) == [-40 * CREDIT] * 10 + [-30 * CREDIT, 20 * CREDIT]
    assert [round((past.until - at) / 86_400_000) for at in past.moments] == [*range(50, 40, -1), 30, 20]
    # 150 at most to begin with: at 110 nothing, at 70, at 130, ... each landing above 50.
    price = replaying.prices(old_acme, used)
    made = replaying.outcome(past, Terms(50 * CREDIT, 100 * CREDIT), price)
    assert [each.available // CREDIT for each in made.made.purchases] == [30, 50, 30, 50]
    assert (made.cents, made.hours_at_zero, made.made.refused_count) == (4 * 512, 0, 0)
    slow = replaying.outcome(past, Terms(20 * CREDIT, 100 * CREDIT, 3 * 86_400_000), price)
    assert slow.made.refused_units > 0
    assert slow.hours_at_zero > 24


def test_the_page_replays_recommends_and_can_be_shared(
    old_acme: Account, alice: User, used: datetime, switched_on: SwitchedOn, signed_in: SignedIn
) -> None:
    browser, url = signed_in(alice), reverse("auto_recharge_replay", args=[old_acme.public_id])
    switched_on()
    page = browser.get(url).content.decode()
    assert "At 50 credits or below, 100 credits are bought" in page
    assert "€20.48" in page
    assert "Lowest number of credits of each day" in page
    wish = {"threshold": "20", "quantity": str(100 * CREDIT), "days": "3", "most": "4"}
    assert "The credits would not have lasted" in browser.get(url, wish).content.decode()
    wish |= {"days": "0"}
    page = browser.get(url, wish).content.decode()
    assert "Threshold 20 credits, quantity 100 credits" in page
    pair = f"{reverse('auto_recharge', args=[old_acme.public_id])}?threshold=20&quantity={100 * CREDIT}"
    PaymentPolicy.objects.create(valid_from=timezone.now() - timedelta(days=1), provisional_limit_cents=0)
    for days, is_held in (("0", False), ("5", True)):
        page = browser.get(url, wish | {"days": days}).content.decode()
        assert ("<span>Our limit of direct debits that can still be returned" in page) == is_held
    assert 'value="20"' in browser.get(pair).content.decode()
    assert browser.get(pair.replace("20&", "x&")).status_code == 200
    for changed in ({"threshold": "0"}, {"quantity": "7"}, {"days": "-1"}, {"most": "0"}, {"most": "x"}):
        assert browser.get(url, wish | changed).status_code == 422


def test_without_use_there_is_nothing_to_replay(old_acme: Account, alice: User, signed_in: SignedIn) -> None:
    browser: Client = signed_in(alice)
    page = browser.get(reverse("auto_recharge_replay", args=[old_acme.public_id])).content.decode()
    assert "Nothing to replay yet" in page


def past_moment(past: Past, days: int) -> datetime:
    return replaying.moment(past.until - days * 86_400_000)


def test_the_replay_knows_the_limits_of_today_and_the_pauses_there_were(
    old_acme: Account, card: Card, switched_on: SwitchedOn, used: datetime
) -> None:
    auto = switched_on(card(sandbox.DECLINED), day_cap_cents=600)
    rules, past, price = selectors.policy(used), replaying.past(old_acme, used), replaying.prices(old_acme, used)
    figures = {"threshold_units": 1, "quantity_units": 1, "available_units": 1, "on_their_way_units": 0, "units": 1}
    looks = [("paused", 48.5, 46), ("paused", 30, 25), ("enough", 28, 0), ("paused", 70, 69)]
    for answer, begun, until in looks:
        at = used - begun * DAY
        moments = {"first_at": at, "last_at": at, "until": used - until * DAY if answer == "paused" else None}
        Evaluation.objects.create(auto_recharge=auto, answer=answer, conditions={}, **figures, **moments)
    brakes = past_brakes.brakes(old_acme, auto, rules, past, price)
    assert (brakes.day_cap, brakes.month_cap) == (600, rules.month_cap_cents)
    pauses = [((past.until - begun) / 86_400_000, (past.until - end) / 86_400_000) for begun, end in brakes.pauses]
    assert pauses == [(48.5, 46), (30, 28)]
    assert brakes.used.within(past.since, past.until) == 10 * 40 * CREDIT
    zone = ZoneInfo(old_acme.time_zone)
    begins = {replaying.moment(day).astimezone(zone).time() for day in (*brakes.days, *brakes.months)}
    assert begins == {time()}
    assert brakes.days[0] <= past.since
    assert brakes.months[-1] > past.until
    # What is needed on the third day of use waits for the end of the pause, and is bought for what is missing then.
    made = replaying.outcome(past, Terms(50 * CREDIT, 100 * CREDIT), price, brakes)
    ends = [each.until for each in replaying.held(made) if each.why == "A pause after a declined payment"]
    assert ends == [past_moment(past, 46), past_moment(past, 28)]
    assert set(ends) <= {each.at for each in replaying.bought(made, price)}
