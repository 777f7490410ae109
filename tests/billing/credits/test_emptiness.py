"""People are told when their credits are used up: once, until there are new ones."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from billing.amounts import to_units
from billing.credits import emptiness
from billing.credits import services as credits
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from billing.ledger.models import Account as LedgerAccount
from portal.accounts.models import Account, User
from portal.notices.codes import Kind
from portal.notices.models import Notice

Grant = Callable[[Account, str], Wallet]


def cause(reference: str) -> credits.Cause:
    return credits.Cause(TransferCode.CAMPAIGN, f"test:{reference}", "test")


def sweep(now: datetime) -> None:
    for wallet in emptiness.untold():
        emptiness.tell(wallet=wallet, now=now)


def told() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def emptied(acme: Account, alice: User, grant: Grant, now: datetime) -> Wallet:
    wallet = grant(acme, "10")
    credits.spend(wallet=wallet, amount=to_units(Decimal(10)), cause=cause("all"), now=now)
    return wallet


def test_a_wallet_at_zero_is_told_of_once(emptied: Wallet, now: datetime) -> None:
    sweep(now)
    sweep(now + timedelta(minutes=1))
    emptiness.tell(wallet=emptied, now=now)

    assert told() == [Kind.BALANCE_ZERO]
    assert not emptiness.untold().exists()


def test_it_is_told_of_again_after_new_credits(acme: Account, emptied: Wallet, grant: Grant, now: datetime) -> None:
    sweep(now)
    Notice.objects.update(created_at=now - timedelta(days=1))
    grant(acme, "5")
    sweep(now)
    assert told() == [Kind.BALANCE_ZERO]
    credits.spend(wallet=emptied, amount=50_000, cause=cause("more"), now=now)
    sweep(now)

    assert told() == [Kind.BALANCE_ZERO] * 2


def test_what_is_held_is_not_gone(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "10")
    credits.reserve(wallet=wallet, amount=100_000, cause=cause("hold"), now=now)
    assert not emptiness.untold().exists()
    sweep(now)

    assert told() == []


def test_who_never_had_credits_is_not_told(acme: Account, alice: User, now: datetime) -> None:
    assert not emptiness.untold().exists()
    emptiness.tell(wallet=credits.open_wallet(account=acme), now=now)

    assert told() == []


def test_a_closed_account_is_not_told(acme: Account, emptied: Wallet, now: datetime) -> None:
    Account.objects.filter(pk=acme.pk).update(deactivated_at=now)
    assert not emptiness.untold().exists()
    sweep(now)

    assert told() == []


def test_below_zero_is_another_notice(emptied: Wallet, now: datetime) -> None:
    sweep(now)
    # Calls may end below zero; no page spends so yet, so the books are set as they will stand then.
    LedgerAccount.objects.filter(pk=emptied.ledger_account_id).update(
        may_overdraw=True, debits_posted=F("debits_posted") + 7000
    )
    sweep(now)
    sweep(now)

    assert told() == [Kind.BALANCE_ZERO, Kind.BALANCE_BELOW_ZERO]
    assert not emptiness.untold().exists()
    assert Notice.objects.get(kind=Kind.BALANCE_BELOW_ZERO).context == {"balance_units": -7000}


def test_who_got_credits_again_meanwhile_is_not_told(
    acme: Account, emptied: Wallet, grant: Grant, now: datetime
) -> None:
    grant(acme, "0.0001")
    emptiness.tell(wallet=emptied, now=now)

    assert told() == []


def test_that_one_was_told_does_not_keep_it_from_another(
    emptied: Wallet, globex: Account, charlie: User, grant: Grant, now: datetime
) -> None:
    sweep(now)
    theirs = grant(globex, "1")
    credits.spend(wallet=theirs, amount=10_000, cause=cause("theirs"), now=now)

    assert list(emptiness.untold()) == [theirs]


def test_the_operators_own_wallet_is_below_zero_without_a_word(operator: Account, now: datetime) -> None:
    credits.spend(wallet=credits.open_wallet(account=operator), amount=7_000, cause=cause("alert"), now=now)

    assert not emptiness.untold().exists()


@pytest.mark.parametrize("how", ["blocked", "drawing", "parent closed"])
def test_a_wallet_that_is_not_in_use_is_not_told_of(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime, how: str
) -> None:
    wallet = grant(acme_milano, "1")
    credits.spend(wallet=wallet, amount=10_000, cause=cause("all"), now=now)
    assert list(emptiness.untold()) == [wallet]
    if how == "blocked":
        credits.block(wallet=wallet, now=now)
    elif how == "drawing":
        credits.draw_on(wallet=wallet, other=credits.open_wallet(account=acme))
    else:
        Account.objects.filter(pk=acme.pk).update(deactivated_at=now)

    assert not emptiness.untold().exists()
