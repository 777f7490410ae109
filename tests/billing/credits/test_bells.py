"""Whatever changes what a wallet has rings its bell, once it is committed, and a repetition does not."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from billing.credits import services
from billing.credits.models import Wallet
from billing.credits.reclaim import reclaim
from billing.credits.services import Terms
from billing.credits.signals import wallet_changed
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant

DAY = timedelta(days=1)
Rung = Callable[[Callable[[], object]], list[int]]


def cause(reference: str, code: TransferCode = TransferCode.CAMPAIGN) -> Cause:
    return Cause(code, reference, "test")


@pytest.fixture
def rung(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Iterator[Rung]:
    """Do something and return the wallets whose bell rang, in the order of their keys."""
    heard: list[int] = []

    def hear(sender: object, id: int, **_: object) -> None:
        heard.append(id)

    def listen(action: Callable[[], object]) -> list[int]:
        heard.clear()
        with django_capture_on_commit_callbacks(execute=True):
            action()
        return sorted(heard)

    wallet_changed.connect(hear)
    yield listen
    wallet_changed.disconnect(hear)


@pytest.fixture
def wallet(acme: Account, grant: Grant) -> Wallet:
    return grant(acme, "10")


@pytest.fixture
def branch(acme_milano: Account) -> Wallet:
    return services.open_wallet(account=acme_milano)


def test_each_verb_rings_once_and_its_repetition_not_at_all(wallet: Wallet, rung: Rung, now: datetime) -> None:
    services.watch(wallet=wallet, watcher="test", level=100_000)
    holds = {}

    def reserve() -> None:
        holds["a"] = services.reserve(wallet=wallet, amount=20_000, cause=cause("hold"), now=now)

    verbs: list[Callable[[], object]] = [
        lambda: services.grant(
            wallet=wallet, amount=1, terms=Terms(), cause=cause("gift", TransferCode.PROMOTION), now=now
        ),
        reserve,
        lambda: services.settle(hold=holds["a"], used=5_000, cause=cause("settle"), now=now),
        lambda: services.spend(wallet=wallet, amount=5_000, cause=cause("spend"), now=now),
        lambda: services.take_back(wallet=wallet, amount=5_000, cause=cause("back", TransferCode.REFUND), now=now),
    ]
    assert [rung(verb) for verb in verbs] == [[wallet.pk]] * len(verbs)
    assert [rung(verb) for verb in verbs] == [[]] * len(verbs)


def test_what_is_spent_and_held_rings_where_somebody_wants_to_hear_of_what_is_left(
    wallet: Wallet, branch: Wallet, rung: Rung, now: datetime
) -> None:
    services.draw_on(wallet=branch, other=wallet)
    assert rung(lambda: services.spend(wallet=wallet, amount=10_000, cause=cause("nobody cares"), now=now)) == []
    services.watch(wallet=wallet, watcher="test", level=50_000)
    assert rung(lambda: services.spend(wallet=wallet, amount=10_000, cause=cause("80,000 left"), now=now)) == []
    assert rung(lambda: services.reserve(wallet=branch, amount=29_999, cause=cause("50,001"), now=now)) == []
    assert rung(lambda: services.spend(wallet=branch, amount=1, cause=cause("50,000"), now=now)) == [wallet.pk]
    assert rung(lambda: services.reserve(wallet=wallet, amount=1, cause=cause("49,999"), now=now)) == [wallet.pk]
    services.watch(wallet=wallet, watcher="test", level=None)
    assert rung(lambda: services.reserve(wallet=wallet, amount=1, cause=cause("again nobody"), now=now)) == []


def test_what_is_reclaimed_rings_once_too(wallet: Wallet, rung: Rung, now: datetime) -> None:
    purchase, back = Transfer.objects.latest("pk"), cause("reclaimed", TransferCode.REFUND)
    assert rung(lambda: reclaim(wallet=wallet, most=1, bought_by=purchase, cause=back, now=now)) == [wallet.pk]
    assert rung(lambda: reclaim(wallet=wallet, most=1, bought_by=purchase, cause=back, now=now)) == []


def test_who_gives_and_who_gets_are_both_rung(wallet: Wallet, branch: Wallet, rung: Rung, now: datetime) -> None:
    def move() -> None:
        services.move(source=wallet, target=branch, amount=30_000, cause=cause("move", TransferCode.MOVE), now=now)

    def lend() -> None:
        terms = {"amount": 30_000, "returns_at": now + DAY, "cause": cause("loan", TransferCode.LOAN), "now": now}
        services.lend(source=wallet, target=branch, **terms)  # type: ignore[arg-type]

    def empty() -> None:
        services.empty(source=wallet, target=branch, cause=cause("reset", TransferCode.RESET), now=now)

    both = sorted([wallet.pk, branch.pk])
    assert [rung(each) for each in (move, lend, empty)] == [both] * 3
    assert [rung(each) for each in (move, lend, empty)] == [[]] * 3


def test_what_ends_by_itself_rings_too(wallet: Wallet, branch: Wallet, rung: Rung, now: datetime) -> None:
    loan = cause("loan", TransferCode.LOAN)
    services.lend(source=wallet, target=branch, amount=30_000, returns_at=now + DAY, cause=loan, now=now)
    assert rung(lambda: services.expire(wallet=branch, now=now)) == []
    assert rung(lambda: services.expire(wallet=branch, now=now + DAY)) == sorted([wallet.pk, branch.pk])
    promotion = cause("gift", TransferCode.PROMOTION)
    services.grant(wallet=branch, amount=5, terms=Terms(expires_at=now + DAY), cause=promotion, now=now)
    assert rung(lambda: services.expire(wallet=branch, now=now + DAY)) == [branch.pk]
    assert rung(lambda: services.expire(wallet=branch, now=now + DAY)) == []


def test_the_payers_bell_rings_for_who_draws_on_it(wallet: Wallet, branch: Wallet, rung: Rung, now: datetime) -> None:
    services.watch(wallet=branch, watcher="test", level=100_000)
    assert rung(lambda: services.draw_on(wallet=branch, other=wallet)) == [branch.pk]
    assert rung(lambda: services.spend(wallet=branch, amount=1, cause=cause("spend"), now=now)) == [wallet.pk]
    assert rung(lambda: services.reserve(wallet=branch, amount=1, cause=cause("hold"), now=now)) == [wallet.pk]
