"""What an account may pay with: the order, the mandates, and what cannot be taken away."""

import uuid
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from billing.payments import selectors
from billing.payments import services as payments
from billing.payments.models import Mandate, PaymentMethod
from billing.payments.providers import sandbox
from billing.payments.selectors import Obstacle
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent

Kind = PaymentMethod.Kind


def add_card(
    account: Account, person: User, label: str, now: datetime, expires_on: date | None = None
) -> PaymentMethod:
    return payments.add_method(
        account=account,
        provider="sandbox",
        token=sandbox.SUCCEEDS,
        label=label,
        expires_on=expires_on,
        actor_id=person.pk,
        now=now,
    )


def add_debit(account: Account, person: User, now: datetime, token: str = sandbox.SEPA_GOOD) -> PaymentMethod:
    consent = payments.Consent("Acme S.r.l.", "3456", "I authorise…", "192.0.2.7")
    return payments.add_debit(
        account=account,
        provider="sandbox",
        token=token,
        label="Conto 3456",
        consent=consent,
        actor_id=person.pk,
        now=now,
    )


def test_methods_are_kept_in_the_order_that_the_customer_gives_them(acme: Account, alice: User, now: datetime) -> None:
    first, second, third = (add_card(acme, alice, label, now) for label in ("a", "b", "c"))
    assert selectors.usable_methods(acme, now.date()) == [first, second, third]
    for _ in range(2):
        payments.put_first(method=third, actor_id=alice.pk, now=now)
    assert selectors.usable_methods(acme, now.date()) == [third, first, second]
    assert [each.place for each in selectors.standings(acme, now.date())] == [1, 2, 3]
    payments.remove_method(method=third, actor_id=alice.pk, now=now)
    assert add_card(acme, alice, "d", now).position == 4
    assert [each.label for each in selectors.usable_methods(acme, now.date())] == ["a", "b", "d"]


def test_a_bank_transfer_has_no_place_in_the_order(acme: Account, alice: User, now: datetime) -> None:
    payments.bank_transfer(account=acme, label="Bonifico", actor_id=alice.pk, now=now)
    card = add_card(acme, alice, "a", now)
    assert [(each.method, each.is_first) for each in selectors.standings(acme, now.date())] == [(card, True)]


def test_a_removed_method_cannot_be_put_first(acme: Account, alice: User, now: datetime) -> None:
    first, second = (add_card(acme, alice, label, now) for label in ("a", "b"))
    payments.remove_method(method=second, actor_id=alice.pk, now=now)
    payments.put_first(method=second, actor_id=alice.pk, now=now)
    assert selectors.usable_methods(acme, now.date()) == [first]


def test_a_mandate_keeps_what_was_agreed_to_and_counts_once_it_is_valid(
    acme: Account, alice: User, now: datetime
) -> None:
    method = add_debit(acme, alice, now)
    mandate = Mandate.objects.get()
    assert (mandate.text, mandate.accepted_at, mandate.accepted_from) == ("I authorise…", now, "192.0.2.7")
    [standing] = selectors.standings(acme, now.date())
    assert standing.obstacle == Obstacle.MANDATE_PENDING
    assert selectors.usable_methods(acme, now.date()) == []
    with pytest.raises(payments.MethodNotUsable):
        payments.request(account=acme, method=method, amount_cents=1, currency="EUR", reference="r", now=now)
    assert payments.note_mandate(mandate=mandate, state=Mandate.State.VALID, actor_id=None, now=now)
    assert selectors.usable_methods(acme, now.date()) == [method]
    attempt = payments.request(account=acme, method=method, amount_cents=1, currency="EUR", reference="r", now=now)
    assert attempt.token == sandbox.SEPA_GOOD


def test_a_mandate_that_has_ended_stays_ended(acme: Account, alice: User, now: datetime) -> None:
    method = add_debit(acme, alice, now)
    mandate = Mandate.objects.get()
    assert payments.note_mandate(mandate=mandate, state=Mandate.State.REVOKED, actor_id=None, now=now)
    for state in Mandate.State.values:
        assert not payments.note_mandate(mandate=mandate, state=state, actor_id=None, now=now)
    assert selectors.standings(acme, now.date())[0].obstacle == Obstacle.MANDATE_REVOKED
    assert not PaymentMethod.objects.usable(now.date()).filter(pk=method.pk).exists()


def test_the_table_refuses_a_mandate_without_its_moments(acme: Account, alice: User, now: datetime) -> None:
    add_debit(acme, alice, now)
    with pytest.raises(IntegrityError, match="a_mandate_says_since_when"), transaction.atomic():
        Mandate.objects.update(state=Mandate.State.VALID)


def test_removing_a_debit_revokes_its_mandate(acme: Account, alice: User, now: datetime) -> None:
    method = add_debit(acme, alice, now)
    for _ in range(2):
        payments.remove_method(method=method, actor_id=alice.pk, now=now)
    assert Mandate.objects.get().state == Mandate.State.REVOKED
    assert AuditEvent.objects.filter(action="payment_method.removed").count() == 1


def test_the_last_method_that_something_needs_stays(acme: Account, globex: Account, alice: User, now: datetime) -> None:
    card, debit = add_card(acme, alice, "a", now), add_debit(acme, alice, now)
    by = f"auto_recharge:{uuid.uuid4()}"
    for _ in range(2):
        payments.need(account=acme, by=by, kinds=[Kind.SEPA, Kind.CARD])
    with pytest.raises(payments.MethodNeeded, match=by), transaction.atomic():
        payments.remove_method(method=card, actor_id=alice.pk, now=now)
    payments.note_mandate(mandate=debit.mandate, state=Mandate.State.VALID, actor_id=None, now=now)
    # The debit can take over, until only debits will do.
    payments.need(account=acme, by=by, kinds=[Kind.SEPA])
    with pytest.raises(payments.MethodNeeded), transaction.atomic():
        payments.remove_method(method=debit, actor_id=alice.pk, now=now)
    payments.remove_method(method=card, actor_id=alice.pk, now=now)
    payments.need_no_more(by=by)
    payments.remove_method(method=debit, actor_id=alice.pk, now=now)
    assert selectors.usable_methods(acme, now.date()) == []


def test_a_card_is_good_to_the_end_of_its_last_day_and_warned_of_before(
    acme: Account, alice: User, now: datetime
) -> None:
    today = now.date()
    add_card(acme, alice, "a", now, expires_on=today)
    add_card(acme, alice, "b", now, expires_on=today + timedelta(days=31))
    add_card(acme, alice, "c", now, expires_on=today - timedelta(days=1))
    found = [(each.method.label, each.expires_soon, each.obstacle) for each in selectors.standings(acme, today)]
    assert found == [("a", True, None), ("b", False, None), ("c", False, Obstacle.EXPIRED)]
