"""Batches: many transfers in one call, each once, all or none."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.ledger import selectors, services
from billing.ledger.codes import AccountCode, TransferCode
from billing.ledger.models import Account, Transfer
from billing.ledger.services import Cause, Line
from portal.accounts.models import Account as Customer

Pots = dict[AccountCode, Account]
BATCH = Cause(TransferCode.CALL, "calls of November", "test")


def opened(customer: Customer, units: int, now: datetime) -> Pots:
    pots = services.open_accounts(owner_id=customer.pk, customer_id=customer.customer_id)
    cause = Cause(TransferCode.PURCHASE, f"grant of {customer.pk}")
    services.transfer(
        debit=pots[AccountCode.ISSUE], credit=pots[AccountCode.WALLET], amount=units, cause=cause, now=now
    )
    return pots


@pytest.fixture
def pots(acme: Customer, now: datetime) -> Pots:
    return opened(acme, 1000, now)


def used(pots: Pots, amount: int, reference: str | None = None) -> Line:
    return Line(pots[AccountCode.WALLET].pk, pots[AccountCode.USAGE].pk, amount, reference)


def available(pots: Pots) -> int:
    return int(Account.objects.get(pk=pots[AccountCode.WALLET].pk).available)


def test_a_batch_moves_every_line_and_each_entry_carries_its_balance(pots: Pots, now: datetime) -> None:
    assert services.post_batch(lines=[used(pots, 100), used(pots, 250), used(pots, 50)], cause=BATCH, now=now) == 3
    rows = Transfer.objects.filter(reference=BATCH.reference).order_by("pk")
    assert list(rows.values_list("sequence", "amount", "debit_balance", "credit_balance", "created_at", "subject")) == [
        (0, 100, 900, 100, now, "test"),
        (1, 250, 650, 350, now, "test"),
        (2, 50, 600, 400, now, "test"),
    ]
    assert available(pots) == 600
    assert selectors.differences() == []


def test_a_batch_with_one_key_moves_once(pots: Pots, now: datetime) -> None:
    lines = [used(pots, 300), used(pots, 300)]
    moved = [services.post_batch(lines=lines, cause=BATCH, now=now + timedelta(hours=hour)) for hour in range(5)]
    assert moved == [2, 0, 0, 0, 0]
    assert available(pots) == 400


def test_a_repetition_is_known_when_the_wallet_could_not_pay_it_again(pots: Pots, now: datetime) -> None:
    lines = [used(pots, 600), used(pots, 400)]
    assert services.post_batch(lines=lines, cause=BATCH, now=now) == 2
    assert services.post_batch(lines=lines, cause=BATCH, now=now) == 0
    keyed = [used(pots, 600, "a"), used(pots, 400, "b")]
    with pytest.raises(services.InsufficientCredits):
        services.post_batch(lines=keyed, cause=BATCH, now=now)


@pytest.mark.parametrize(
    "others",
    [[100, 200], [100, 201, 300], [100, 200, 300, 400]],
    ids=["fewer lines", "another amount", "more lines"],
)
def test_the_key_of_a_batch_is_not_two_different_batches(pots: Pots, now: datetime, others: list[int]) -> None:
    services.post_batch(lines=[used(pots, amount) for amount in (100, 200, 300)], cause=BATCH, now=now)
    with pytest.raises(services.ReferenceConflict):
        services.post_batch(lines=[used(pots, amount) for amount in others], cause=BATCH, now=now)
    assert available(pots) == 400


def test_lines_with_their_own_keys_move_once_each(pots: Pots, now: datetime) -> None:
    first = [used(pots, 10, "call 1"), used(pots, 20, "call 2")]
    assert services.post_batch(lines=first, cause=BATCH, now=now) == 2
    later = now + timedelta(hours=1)
    more = [used(pots, 5, "call 0"), *first, used(pots, 40, "call 3")]
    assert services.post_batch(lines=more, cause=BATCH, now=later) == 2
    assert Transfer.objects.get(reference="call 3").created_at == later
    assert services.post_batch(lines=first, cause=BATCH, now=now) == 0
    assert available(pots) == 1000 - 75
    assert selectors.differences() == []


def test_the_key_of_a_line_is_not_two_different_movements(pots: Pots, now: datetime) -> None:
    services.post_batch(lines=[used(pots, 10, "call 1")], cause=BATCH, now=now)
    for line in (used(pots, 11, "call 1"), used(pots, 10, "call 1")._replace(credit_id=pots[AccountCode.EXPIRY].pk)):
        with pytest.raises(services.ReferenceConflict):
            services.post_batch(lines=[used(pots, 1, "call 2"), line], cause=BATCH, now=now)
    cause = Cause(TransferCode.CORRECTION, "")
    with pytest.raises(services.ReferenceConflict):
        services.post_batch(lines=[used(pots, 10, "call 1")], cause=cause, now=now)
    assert available(pots) == 990


def test_a_single_transfer_and_a_line_share_the_references(pots: Pots, now: datetime) -> None:
    services.post_batch(lines=[used(pots, 10, "call 1"), used(pots, 10, "call 2")], cause=BATCH, now=now)
    wallet, usage = pots[AccountCode.WALLET], pots[AccountCode.USAGE]
    again = services.transfer(debit=wallet, credit=usage, amount=10, cause=Cause(TransferCode.CALL, "call 1"), now=now)
    assert again.debit_balance == 990
    with pytest.raises(services.ReferenceConflict):
        services.transfer(debit=wallet, credit=usage, amount=1, cause=Cause(TransferCode.CALL, "call 2"), now=now)


def test_a_batch_that_costs_more_than_is_available_moves_nothing(pots: Pots, now: datetime) -> None:
    with pytest.raises(services.InsufficientCredits, match=f"^{BATCH.reference}$"):
        services.post_batch(lines=[used(pots, 600), used(pots, 401)], cause=BATCH, now=now)
    assert available(pots) == 1000
    assert not Transfer.objects.filter(reference=BATCH.reference).exists()


def test_what_is_held_cannot_be_spent_by_a_batch(pots: Pots, now: datetime) -> None:
    wallet, usage = pots[AccountCode.WALLET], pots[AccountCode.USAGE]
    services.hold(debit=wallet, credit=usage, amount=500, cause=Cause(TransferCode.CAMPAIGN, "hold"), now=now)
    with pytest.raises(services.InsufficientCredits):
        services.post_batch(lines=[used(pots, 501)], cause=BATCH, now=now)
    assert services.post_batch(lines=[used(pots, 500)], cause=BATCH, now=now) == 1


def test_customers_share_a_batch_but_no_line(pots: Pots, globex: Customer, now: datetime) -> None:
    other = opened(globex, 50, now)
    across = Line(pots[AccountCode.WALLET].pk, other[AccountCode.USAGE].pk, 1)
    for lines in ([used(pots, 1), across], [across, used(other, 1)], [across]):
        with pytest.raises(services.ForeignAccounts):
            services.post_batch(lines=lines, cause=BATCH, now=now)
    assert not Transfer.objects.filter(reference=BATCH.reference).exists()
    assert services.post_batch(lines=[used(pots, 1), used(other, 50)], cause=BATCH, now=now) == 2
    with pytest.raises(services.InsufficientCredits):
        services.post_batch(lines=[used(pots, 1, "x"), used(other, 1, "y")], cause=BATCH, now=now)
    assert (available(pots), available(other)) == (999, 0)


def test_a_line_that_has_moved_does_not_take_another_across(pots: Pots, globex: Customer, now: datetime) -> None:
    services.post_batch(lines=[used(pots, 1, "moved")], cause=BATCH, now=now)
    across = Line(pots[AccountCode.WALLET].pk, opened(globex, 50, now)[AccountCode.USAGE].pk, 1, "across")
    with pytest.raises(services.ForeignAccounts):
        services.post_batch(lines=[used(pots, 1, "moved"), across, used(pots, 1, "new")], cause=BATCH, now=now)
    with pytest.raises(services.ReferenceConflict):
        services.post_batch(lines=[across._replace(reference="moved")], cause=BATCH, now=now)
    assert available(pots) == 999
    assert not Transfer.objects.filter(reference__in=["across", "new"]).exists()


def test_a_line_of_an_account_that_does_not_exist_stops_the_batch(pots: Pots, now: datetime) -> None:
    nowhere = used(pots, 1)._replace(credit_id=pots[AccountCode.WALLET].pk + 1_000_000)
    with pytest.raises(services.UnknownAccount):
        services.post_batch(lines=[used(pots, 1), nowhere], cause=BATCH, now=now)
    assert available(pots) == 1000


def test_a_batch_of_nothing_is_nothing() -> None:
    assert services.post_batch(lines=[], cause=BATCH, now=datetime(2026, 11, 20)) == 0  # noqa: DTZ001 - never used


def test_a_batch_that_makes_no_sense_is_refused_before_the_database(pots: Pots, now: datetime) -> None:
    back = Line(pots[AccountCode.ISSUE].pk, pots[AccountCode.WALLET].pk, 1)
    keys = "every line of a batch has its own reference, or none has"
    for lines, said in (
        ([used(pots, 0)], "a transfer moves something"),
        ([used(pots, 1), used(pots, -1)], "a transfer moves something"),
        ([used(pots, 1), back], "in a batch an account stands on one side"),
        ([used(pots, 1, "a"), used(pots, 1)], keys),
        ([used(pots, 1), used(pots, 1, "a")], keys),
        ([used(pots, 1, "a"), used(pots, 1, "a")], keys),
    ):
        with pytest.raises(ValueError, match=f"^{said}$"):
            services.post_batch(lines=lines, cause=BATCH, now=now)


def test_in_a_batch_time_never_runs_backwards(pots: Pots, now: datetime) -> None:
    services.post_batch(lines=[used(pots, 1)], cause=BATCH, now=now - timedelta(hours=1))
    assert Transfer.objects.get(reference=BATCH.reference).created_at == now


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 1), st.integers(1, 400), st.integers(0, 30)), min_size=1, max_size=12),
        max_size=6,
    )
)
@pytest.mark.django_db
def test_whatever_is_batched_the_books_agree(
    acme: Customer, globex: Customer, now: datetime, batches: list[list[tuple[int, int, int]]]
) -> None:
    both = [services.open_accounts(owner_id=customer.pk, customer_id=customer.pk) for customer in (acme, globex)]
    for number, batch in enumerate(batches):
        keyed = number % 2 == 0
        lines = {key: used(both[who], amount, f"line {key}" if keyed else None) for who, amount, key in batch}
        fill = [Line(pots[AccountCode.ISSUE].pk, pots[AccountCode.WALLET].pk, 500, None) for pots in both]
        services.post_batch(lines=fill, cause=Cause(TransferCode.PURCHASE, f"fill {number}"), now=now)
        with contextlib.suppress(services.LedgerError):
            services.post_batch(lines=list(lines.values()), cause=Cause(TransferCode.CALL, f"batch {number}"), now=now)
        assert selectors.differences() == []
        assert all(available(pots) >= 0 for pots in both)


@pytest.mark.django_db(transaction=True)
def test_batches_in_both_orders_and_the_same_ones_at_once_end_exact(acme: Customer, now: datetime) -> None:
    children = [Customer.objects.create(name=f"Branch {number}", parent=acme) for number in range(4)]
    pots = [opened(child, 10_000, now) for child in children]

    def work(worker: int) -> None:
        for number in range(10):
            order = pots if worker % 2 else pots[::-1]
            # Two workers each post the same batch: of every two calls one moves.
            cause = Cause(TransferCode.CALL, f"pair {worker // 2} batch {number}")
            services.post_batch(lines=sorted(used(each, 3) for each in order), cause=cause, now=now)
            keyed = [used(each, 2, f"{worker} {number} {each[AccountCode.WALLET].pk}") for each in order]
            services.post_batch(lines=keyed, cause=cause, now=now)
        connection.close()

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(8)))
    assert [available(each) for each in pots] == [10_000 - 4 * 10 * 3 - 8 * 10 * 2] * 4
    assert selectors.differences() == []
