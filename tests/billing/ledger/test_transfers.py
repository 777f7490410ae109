"""Transfers, holds and their resolution: what moves, what is refused, and what the tables themselves enforce."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import TextChoices
from psycopg import errors

from billing.ledger import selectors, services
from billing.ledger.codes import AccountCode, Phase, TransferCode
from billing.ledger.models import Account, Transfer
from billing.ledger.services import Cause
from portal.accounts.models import Account as Customer

Pots = dict[AccountCode, Account]


@pytest.fixture
def pots(acme: Customer, now: datetime) -> Pots:
    """Acme's ledger accounts with 1,000 units in the wallet."""
    accounts = services.open_accounts(owner_id=acme.pk, customer_id=acme.pk)
    issue, wallet = accounts[AccountCode.ISSUE], accounts[AccountCode.WALLET]
    services.transfer(debit=issue, credit=wallet, amount=1000, cause=cause("grant", TransferCode.PURCHASE), now=now)
    return accounts


def cause(reference: str, code: TransferCode = TransferCode.CAMPAIGN) -> Cause:
    return Cause(code, reference, "test")


def hold(pots: Pots, amount: int, now: datetime, reference: str = "hold") -> Transfer:
    wallet, usage = pots[AccountCode.WALLET], pots[AccountCode.USAGE]
    return services.hold(debit=wallet, credit=usage, amount=amount, cause=cause(reference), now=now)


def counters(account: Account) -> tuple[int, int, int, int]:
    account = Account.objects.get(pk=account.pk)
    return account.debits_pending, account.debits_posted, account.credits_pending, account.credits_posted


def test_a_hold_is_pending_on_both_sides_and_posts_what_was_used(pots: Pots, now: datetime) -> None:
    held = hold(pots, 700, now)
    assert counters(pots[AccountCode.WALLET]) == (700, 0, 0, 1000)
    assert counters(pots[AccountCode.USAGE]) == (0, 0, 700, 0)
    services.post(hold=held, amount=490, cause=cause("post"), now=now)
    assert counters(pots[AccountCode.WALLET]) == (0, 490, 0, 1000)
    assert counters(pots[AccountCode.USAGE]) == (0, 0, 0, 490)
    assert selectors.differences() == []


def test_a_voided_hold_leaves_no_trace_in_the_balance(pots: Pots, now: datetime) -> None:
    services.void(hold=hold(pots, 700, now), cause=cause("void"), now=now)
    assert counters(pots[AccountCode.WALLET]) == (0, 0, 0, 1000)
    assert selectors.differences() == []


def test_a_hold_resolves_at_most_once(pots: Pots, now: datetime) -> None:
    held = hold(pots, 700, now)
    services.post(hold=held, amount=700, cause=cause("post"), now=now)
    with pytest.raises(services.HoldAlreadyResolved):
        services.void(hold=held, cause=cause("void"), now=now)
    with pytest.raises(services.HoldAlreadyResolved):
        services.post(hold=held, amount=1, cause=cause("another"), now=now)


def test_no_more_is_posted_than_is_held(pots: Pots, now: datetime) -> None:
    held = hold(pots, 700, now)
    with pytest.raises(services.ExceedsHold):
        services.post(hold=held, amount=701, cause=cause("post"), now=now)


def test_only_a_hold_can_be_resolved(pots: Pots, now: datetime) -> None:
    single = Transfer.objects.get(reference="grant")
    with pytest.raises(services.UnknownHold):
        services.void(hold=single, cause=cause("void"), now=now)


def test_the_same_reference_moves_once(pots: Pots, now: datetime) -> None:
    first = hold(pots, 300, now)
    assert {hold(pots, 300, now).pk for _ in range(100)} == {first.pk}
    assert counters(pots[AccountCode.WALLET]) == (300, 0, 0, 1000)


def test_a_reference_is_not_two_different_movements(pots: Pots, now: datetime) -> None:
    hold(pots, 300, now)
    with pytest.raises(services.ReferenceConflict):
        hold(pots, 301, now)


def test_more_than_is_available_is_refused(pots: Pots, now: datetime) -> None:
    hold(pots, 700, now)
    with pytest.raises(services.InsufficientCredits, match=r"^second$"):
        hold(pots, 301, now, "second")
    assert hold(pots, 300, now, "third").amount == 300


def test_a_reversal_is_a_transfer_of_its_own(pots: Pots, now: datetime) -> None:
    grant = Transfer.objects.get(reference="grant")
    services.reverse(transfer=grant, cause=cause("reversal", TransferCode.REVERSAL), now=now)
    assert counters(pots[AccountCode.WALLET]) == (0, 1000, 0, 1000)
    with pytest.raises(services.InsufficientCredits):
        services.reverse(transfer=grant, cause=cause("again", TransferCode.REVERSAL), now=now)


def test_each_verb_writes_its_moment(pots: Pots, now: datetime) -> None:
    moments = [now + timedelta(minutes=minute) for minute in range(1, 6)]
    first = hold(pots, 100, moments[0])
    second = hold(pots, 100, moments[1], "second")
    posted = services.post(hold=first, amount=90, cause=cause("post"), now=moments[2])
    voided = services.void(hold=second, cause=cause("void"), now=moments[3])
    reversed = services.reverse(transfer=posted, cause=cause("reversal", TransferCode.REVERSAL), now=moments[4])
    assert [each.created_at for each in (first, second, posted, voided, reversed)] == moments


def test_each_entry_carries_the_balance_after_it(pots: Pots, now: datetime) -> None:
    services.post(hold=hold(pots, 700, now), amount=490, cause=cause("post"), now=now)
    balances = list(Transfer.objects.order_by("pk").values_list("phase", "credit_balance", "debit_balance"))
    assert balances == [(Phase.SINGLE, 1000, -1000), (Phase.HOLD, 0, 1000), (Phase.POST, 490, 510)]


@pytest.mark.parametrize("amount", [0, -1])
def test_a_transfer_moves_something(pots: Pots, now: datetime, amount: int) -> None:
    with pytest.raises(ValueError, match=r"^a transfer moves something$"):
        hold(pots, amount, now)


def test_the_table_refuses_an_overdraft_that_got_past_the_service(pots: Pots) -> None:
    with pytest.raises(IntegrityError, match="an_account_is_never_overdrawn"), transaction.atomic():
        Account.objects.filter(pk=pots[AccountCode.WALLET].pk).update(debits_posted=1001)


def test_the_table_refuses_a_negative_counter(pots: Pots) -> None:
    with pytest.raises(IntegrityError, match="a_counter_is_never_negative"), transaction.atomic():
        Account.objects.filter(pk=pots[AccountCode.USAGE].pk).update(credits_pending=-1)


def test_an_owner_has_one_account_of_a_kind(pots: Pots) -> None:
    wallet = pots[AccountCode.WALLET]
    with pytest.raises(IntegrityError, match="an_owner_has_one_account_of_a_kind"), transaction.atomic():
        Account.objects.create(code=wallet.code, owner=wallet.owner, customer=wallet.customer)


def test_an_account_has_a_known_kind(pots: Pots) -> None:
    with pytest.raises(IntegrityError, match="an_account_has_a_known_kind"), transaction.atomic():
        Account.objects.filter(pk=pots[AccountCode.USAGE].pk).update(code="cellar")


def _insert(pots: Pots, **fields: object) -> None:
    row = {
        "debit_account": pots[AccountCode.WALLET],
        "credit_account": pots[AccountCode.USAGE],
        "amount": 1,
        "code": TransferCode.CAMPAIGN,
        "phase": Phase.SINGLE,
        "reference": "by hand",
        "debit_balance": 0,
        "credit_balance": 0,
        "created_at": datetime.fromisoformat("2026-11-20T10:00:00+00:00"),
    }
    with transaction.atomic():
        Transfer.objects.create(**(row | fields))


def test_the_table_refuses_transfers_that_are_none(pots: Pots) -> None:
    wallet = pots[AccountCode.WALLET]
    with pytest.raises(IntegrityError, match="a_transfer_moves_something"):
        _insert(pots, amount=0)
    with pytest.raises(IntegrityError, match="a_transfer_is_between_two_accounts"):
        _insert(pots, debit_account=wallet, credit_account=wallet)
    with pytest.raises(IntegrityError, match="only_a_resolution_names_a_hold"):
        _insert(pots, phase=Phase.POST)
    with pytest.raises(IntegrityError, match="a_transfer_has_a_known_reason"):
        _insert(pots, code="whim")
    with pytest.raises(IntegrityError, match="a_transfer_has_a_known_phase"):
        _insert(pots, phase="dream")
    with pytest.raises(IntegrityError, match="a_reference_moves_once"):
        _insert(pots, reference="grant")


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ("an_account_has_a_known_kind", AccountCode),
        ("a_transfer_has_a_known_reason", TransferCode),
        ("a_transfer_has_a_known_phase", Phase),
    ],
)
@pytest.mark.django_db
def test_the_database_knows_the_same_codes(rule: str, codes: type[TextChoices]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [rule])
        [definition] = cursor.fetchone()
    assert sorted(re.findall(r"'(\w+)'", definition)) == sorted(codes.values)


def test_the_statement_that_moves_credits_is_planned_once_a_connection(pots: Pots, now: datetime) -> None:
    for number in range(3):
        hold(pots, 1, now, f"hold {number}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%FROM ledger_transfer(%%'")
        assert cursor.fetchone() == (1,)


def test_the_table_refuses_a_second_resolution_of_a_hold(pots: Pots, now: datetime) -> None:
    held = hold(pots, 1, now)
    services.void(hold=held, cause=cause("void"), now=now)
    with pytest.raises(IntegrityError, match="a_hold_is_resolved_once"):
        _insert(pots, phase=Phase.VOID, hold=held)


def test_an_account_of_the_ledger_is_never_deleted(pots: Pots) -> None:
    with (
        pytest.raises(IntegrityError, match="append only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM ledger_account WHERE id = %s", [pots[AccountCode.EXPIRY].pk])


def test_an_account_that_does_not_exist_moves_nothing(pots: Pots, now: datetime) -> None:
    nowhere = Account(pk=pots[AccountCode.EXPIRY].pk + 1_000_000)
    with pytest.raises(services.UnknownAccount):
        services.transfer(debit=pots[AccountCode.WALLET], credit=nowhere, amount=1, cause=cause("away"), now=now)


def test_the_transfer_that_is_returned_is_the_one_in_the_table(pots: Pots, now: datetime) -> None:
    held = hold(pots, 700, now)
    stored = Transfer.objects.get(reference="hold")
    columns = [field.attname for field in Transfer._meta.concrete_fields]
    assert sorted(columns) == sorted(services.COLUMNS)
    assert held._state.db == stored._state.db
    assert [getattr(held, column) for column in columns] == [getattr(stored, column) for column in columns]
    again = hold(pots, 700, now + timedelta(minutes=1))
    assert [getattr(again, column) for column in columns] == [getattr(stored, column) for column in columns]


def test_an_account_is_low_at_its_mark_and_below(pots: Pots, now: datetime) -> None:
    wallet = pots[AccountCode.WALLET]
    Account.objects.filter(pk=wallet.pk).update(low_mark=300)
    hold(pots, 699, now)
    assert not Account.objects.filter(is_low=True).exists()
    hold(pots, 1, now, "the last one")
    assert Account.objects.get(is_low=True) == wallet
    assert selectors.is_low(wallet.pk)
    assert not selectors.is_low(pots[AccountCode.USAGE].pk)


def test_an_account_is_high_above_its_mark_and_not_at_it(pots: Pots, now: datetime) -> None:
    wallet = pots[AccountCode.WALLET]
    Account.objects.filter(pk=wallet.pk).update(high_mark=300)
    hold(pots, 699, now)
    assert Account.objects.get(is_high=True) == wallet
    hold(pots, 1, now, "the last one")
    assert not Account.objects.filter(is_high=True).exists()


def test_marks_that_stand_so_already_leave_their_row_alone(pots: Pots) -> None:
    wallet, usage = pots[AccountCode.WALLET].pk, pots[AccountCode.USAGE].pk

    def places() -> dict[int, str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, ctid::text FROM ledger_account WHERE id = ANY(%s)", [[wallet, usage]])
            return dict(cursor.fetchall())

    services.mark(marks={wallet: services.Marks(300, None), usage: services.Marks()})
    before = places()
    services.mark(marks={wallet: services.Marks(300, None), usage: services.Marks()})
    assert places() == before
    services.mark(marks={wallet: services.Marks(300, 400), usage: services.Marks()})
    after = places()
    assert (after[wallet] != before[wallet], after[usage]) == (True, before[usage])
    assert Account.objects.filter(pk=wallet).values_list("low_mark", "high_mark").get() == (300, 400)


def test_a_transfer_is_never_changed_or_deleted(pots: Pots) -> None:
    for statement in ("UPDATE ledger_transfer SET amount = 1", "DELETE FROM ledger_transfer"):
        with (
            pytest.raises(IntegrityError, match="append only") as refused,
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
        assert isinstance(refused.value.__cause__, errors.RestrictViolation)


def test_the_audit_finds_a_balance_that_somebody_touched(pots: Pots) -> None:
    Account.objects.filter(pk=pots[AccountCode.WALLET].pk).update(credits_posted=1001)
    assert [(d.counter, d.stored, d.replayed) for d in selectors.differences()] == [("credits_posted", 1001, 1000)]


def test_the_audit_finds_a_transfer_that_nobody_moved(pots: Pots) -> None:
    _insert(pots, amount=5)
    assert {d.counter for d in selectors.differences()} >= {"debits_posted", "credits_posted"}


def test_the_audit_finds_a_transfer_of_an_account_that_is_none(pots: Pots) -> None:
    nowhere = pots[AccountCode.EXPIRY].pk + 1_000_000
    _insert(pots, credit_account=None, credit_account_id=nowhere, amount=5)
    assert (nowhere, "no such account") in {(d.account_id, d.counter) for d in selectors.differences()}


def test_on_an_account_time_never_runs_backwards(pots: Pots, now: datetime) -> None:
    later = hold(pots, 1, now + timedelta(minutes=5), "later")
    earlier = hold(pots, 1, now, "earlier")
    assert (later.created_at, earlier.created_at) == (now + timedelta(minutes=5),) * 2
