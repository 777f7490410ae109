"""Acme, old enough, with a card of any behaviour, and what it has bought by itself."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from billing.auto_recharge import services
from billing.auto_recharge.models import AutoRecharge
from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.payments.providers import sandbox
from portal.accounts.models import Account, User

CREDIT = 10_000
Card = Callable[[str], PaymentMethod]
SwitchedOn = Callable[..., AutoRecharge]
Spend = Callable[[Account, int], None]


@pytest.fixture
def old_acme(acme: Account, prices: None) -> Account:
    """Acme, opened half a year ago."""
    acme.created_at = datetime(2026, 5, 20, 8, 0, tzinfo=UTC)
    acme.save(update_fields=["created_at"])
    return acme


@pytest.fixture
def card(old_acme: Account, alice: User, now: datetime) -> Card:
    """Add a sandbox card that behaves as its token says."""

    def add(token: str = sandbox.SUCCEEDS) -> PaymentMethod:
        return payments.add_method(
            account=old_acme, provider="sandbox", token=token, label=token, expires_on=None, actor_id=alice.pk, now=now
        )

    return add


@pytest.fixture
def switched_on(old_acme: Account, alice: User, card: Card, now: datetime) -> SwitchedOn:
    """Switch on: at or below 50 credits buy 100, with a card that pays unless another is named."""

    def switch(
        method: PaymentMethod | None = None, *, threshold: int = 50, quantity: int = 100, **caps: int
    ) -> AutoRecharge:
        terms = services.Terms(threshold * CREDIT, quantity * CREDIT, method or card(sandbox.SUCCEEDS), **caps)
        return services.switch_on(account=old_acme, terms=terms, revision=0, actor_id=alice.pk, now=now)

    return switch


@pytest.fixture
def spend(now: datetime) -> Spend:
    """Use so many whole credits of an account."""
    spent = iter(range(1_000_000))

    def use(account: Account, amount: int) -> None:
        wallet = credits.open_wallet(account=account)
        cause = credits.Cause(TransferCode.CAMPAIGN, f"test:spend:{account.pk}:{next(spent)}", "test")
        credits.spend(wallet=wallet, amount=amount * CREDIT, cause=cause, now=now)

    return use
