"""What was earned belongs to the period in which it happened: its first moment is in it, its end is not."""

from datetime import datetime, timedelta
from decimal import Decimal

from billing.credits import revenue, services
from billing.credits.models import Wallet
from billing.credits.revenue import Revenue
from billing.credits.services import Terms
from billing.ledger.codes import TransferCode
from billing.ledger.entries import Period
from billing.ledger.services import Cause
from portal.accounts.models import Account

HOUR = timedelta(hours=1)


def buy(account: Account, units: int, at: datetime, reference: str, expires_at: datetime | None = None) -> Wallet:
    wallet = services.open_wallet(account=account)
    terms = Terms(Decimal(4), expires_at=expires_at)
    cause = Cause(TransferCode.PURCHASE, f"buy:{reference}")
    services.grant(wallet=wallet, amount=units, terms=terms, cause=cause, now=at)
    return wallet


def happened(account: Account, at: datetime) -> None:
    """At one moment: two sales of 10 credits, two uses of 2, two expiries of 1, two takings back of 3."""
    for twice in "ab":
        buy(account, 10_000, at - HOUR, f"short:{twice}", expires_at=at)
    wallet = buy(account, 80_000, at - HOUR, "before")
    services.expire(wallet=wallet, now=at)
    for twice in "ab":
        buy(account, 100_000, at, f"at:{twice}")
        services.spend(wallet=wallet, amount=20_000, cause=Cause(TransferCode.CAMPAIGN, f"use:{twice}"), now=at)
        cause = Cause(TransferCode.REFUND, f"back:{twice}")
        services.take_back(wallet=wallet, amount=30_000, cause=cause, now=at)


def test_the_first_moment_is_in_the_period_and_its_end_is_not(acme: Account, now: datetime) -> None:
    happened(acme, now)
    [ever] = revenue.revenue(Period(now))
    assert ever == Revenue(
        "EUR", before=Decimal(40), sold=Decimal(80), earned=Decimal(16), expired=Decimal(8), taken_back=Decimal(24)
    )
    assert revenue.revenue(Period(now, now)) == [Revenue("EUR", Decimal(40), *[Decimal(0)] * 4)]
    [until] = revenue.revenue(Period(end=now))
    assert (until.sold, until.deferred) == (Decimal(40), Decimal(40))
    [after] = revenue.revenue(Period(now + HOUR / 60))
    assert after == Revenue("EUR", Decimal(72), *[Decimal(0)] * 4)
    assert revenue.deferred() == {"EUR": Decimal(72)}


def test_currencies_are_told_apart(acme: Account, now: datetime) -> None:
    wallet = buy(acme, 10_000, now, "euro")
    cause = Cause(TransferCode.PURCHASE, "pound")
    services.grant(wallet=wallet, amount=20_000, terms=Terms(Decimal(5), "GBP"), cause=cause, now=now)
    assert [(each.currency, each.sold) for each in revenue.revenue(Period())] == [
        ("EUR", Decimal(4)),
        ("GBP", Decimal(10)),
    ]
    assert revenue.deferred() == {"EUR": Decimal(4), "GBP": Decimal(10)}
