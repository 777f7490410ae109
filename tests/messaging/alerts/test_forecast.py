"""Until when an account's credits last, from what it used and what it has scheduled."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.amounts import to_units
from billing.credits import services as credits
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from messaging.alerts.forecast import forecast
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn

Use = Callable[[Wallet, str, datetime], None]


@pytest.fixture
def use() -> Use:
    """Let a wallet use credits at a moment."""
    count = iter(range(1_000_000))

    def spend(wallet: Wallet, amount: str, at: datetime) -> None:
        cause = credits.Cause(TransferCode.CAMPAIGN, f"test:use:{next(count)}", "test")
        credits.spend(wallet=wallet, amount=to_units(Decimal(amount)), cause=cause, now=at)

    return spend


def test_ten_credits_a_day_at_the_same_hour_bring_the_day_and_the_hour(
    acme: Account, grant: Grant, use: Use, now: datetime
) -> None:
    wallet = grant(acme, "200")
    start = now.replace(minute=0, second=0, microsecond=0)
    for day in range(14):
        use(wallet, "10", start + timedelta(days=day))
    later = start + timedelta(days=14) - timedelta(hours=2)
    found = forecast(acme, later)
    assert found is not None
    assert found.ends_at == start + timedelta(days=14 + 5, hours=1)
    assert [units for _, units in found.days][-1] == 0


def test_until_a_week_has_passed_nothing_is_foretold(acme: Account, grant: Grant, use: Use, now: datetime) -> None:
    assert forecast(acme, now) is None
    wallet = grant(acme, "200")
    assert forecast(acme, now + timedelta(days=30)) is None
    use(wallet, "10", now)
    assert forecast(acme, now + timedelta(days=6, hours=23)) is None
    assert forecast(acme, now + timedelta(days=7)) is not None


def test_a_branch_that_draws_on_the_parent_shares_its_runway(
    acme: Account, acme_milano: Account, grant: Grant, use: Use, now: datetime
) -> None:
    parent, branch = grant(acme, "200"), credits.open_wallet(account=acme_milano)
    credits.draw_on(wallet=branch, other=parent)
    for day in range(14):
        use(branch if day % 2 else parent, "10", now + timedelta(days=day))
    then = now + timedelta(days=14)
    assert forecast(acme, then) == forecast(acme_milano, then)


def test_the_page_says_until_when_with_a_chart_and_its_numbers(
    acme: Account, alice: User, use: Use, signed_in: SignedIn
) -> None:
    start = timezone.now() - timedelta(days=14, hours=3)
    wallet = credits.open_wallet(account=acme)
    bought = credits.Cause(TransferCode.PURCHASE, "test:bought", "test")
    terms = credits.Terms(Decimal("4.2"))
    credits.grant(wallet=wallet, amount=to_units(Decimal(200)), terms=terms, cause=bought, now=start)
    for day in range(14):
        use(wallet, "10", start + timedelta(days=day))
    page = signed_in(alice).get(reverse("alerts", args=[acme.public_id])).content.decode()
    assert "At this pace your credits last until" in page
    assert "Credits left at the end of each day" in page
    assert "Show the numbers" in page
