"""Money that takes days, has to be confirmed, is told of by webhook, or goes back: the credits go with it, once."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.invoices.models import Invoice, PaidBy
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from billing.payments import mandates, postman
from billing.payments import selectors as payments_selectors
from billing.payments import services as payments
from billing.payments.models import (
    Attempt,
    Mandate,
    PaymentMethod,
    PaymentPolicy,
    ProviderEvent,
    Reversal,
    SandboxCharge,
)
from billing.payments.providers import sandbox
from billing.payments.providers.base import Answer, Outcome, ReversalKind, Reversed
from billing.pricing.models import CreditPack
from billing.recharge import events, provisional, refunds, reversals, selectors, services
from billing.recharge.models import Recharge, TakeBack
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.notices.models import Notice
from tests.billing.payments.test_methods import add_debit
from tests.billing.recharge.conftest import Card
from tests.billing.recharge.test_buying import buy
from tests.conftest import SignedIn

State = Recharge.State
BOUGHT = 1_000_000


@pytest.fixture(autouse=True)
def books_agree(db: None) -> Iterator[None]:
    yield
    assert ledger_selectors.differences() == []


def debit(acme: Account, alice: User, now: datetime, token: str) -> PaymentMethod:
    method = add_debit(acme, alice, now, token)
    mandates.check(mandate=method.mandate, now=now)
    return method


def buy_by_debit(acme: Account, alice: User, pack: CreditPack, now: datetime, token: str) -> Recharge:
    method = debit(acme, alice, now, token)
    return services.buy(account=acme, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now)


def days_pass(now: datetime, send: postman.Post | None = None) -> None:
    """Let the sandbox's banks do all they will do, and its webhooks come and be dealt with."""
    browser = Client()

    def post(path: str, body: bytes, headers: Mapping[str, str]) -> int:
        return browser.post(path, body, content_type="application/json", headers=dict(headers)).status_code

    for step in range(4):
        moment = now + step * postman.PACE
        postman.move(moment)
        # The webhook is signed with the far end's clock, which is that of the door it comes in by.
        postman.deliver(timezone.now(), send or post)
        for event in ProviderEvent.objects.due(timezone.now()):
            events.handle(event=event, now=timezone.now())


def available(account: Account) -> int:
    return credits_selectors.balance(account).available


def test_a_debit_credits_when_the_bank_has_paid_and_says_until_when_it_can_be_returned(
    acme: Account, alice: User, pack: CreditPack, now: datetime
) -> None:
    recharge = buy_by_debit(acme, alice, pack, now, sandbox.SEPA_GOOD)
    assert (recharge.state, selectors.progress(recharge).state) == (State.WAITING, Attempt.State.PENDING)
    assert (available(acme), selectors.on_their_way(acme)) == (0, BOUGHT)
    days_pass(now)
    recharge.refresh_from_db()
    assert recharge.state == State.PAID
    assert recharge.provisional_until is not None
    assert recharge.closed_at is not None
    assert recharge.provisional_until - recharge.closed_at == timedelta(weeks=8)
    assert available(acme) == BOUGHT
    assert Invoice.objects.get().paid_by == PaidBy.SEPA_DEBIT
    assert Mandate.objects.get().used_at is not None


def test_a_debit_whose_webhook_is_lost_is_found_by_the_sweep(
    acme: Account, alice: User, pack: CreditPack, now: datetime
) -> None:
    recharge = buy_by_debit(acme, alice, pack, now, sandbox.SEPA_GOOD)
    days_pass(now, lambda path, body, headers: 503)
    assert not ProviderEvent.objects.exists()
    later = now + timedelta(hours=7)
    assert list(selectors.to_pursue(later)) == [recharge]
    services.pursue(recharge=recharge, now=later)
    assert available(acme) == BOUGHT
    assert SandboxCharge.objects.filter(told=0).count() == 1


def test_a_debit_that_fails_brings_nothing(acme: Account, alice: User, pack: CreditPack, now: datetime) -> None:
    recharge = buy_by_debit(acme, alice, pack, now, sandbox.SEPA_FAILS)
    days_pass(now)
    recharge.refresh_from_db()
    assert (recharge.state, selectors.progress(recharge).reason) == (State.FAILED, "debit_failed")
    assert available(acme) == 0


def test_a_returned_debit_takes_its_credits_back_by_a_transfer_of_its_own(
    acme: Account, alice: User, pack: CreditPack, now: datetime
) -> None:
    recharge = buy_by_debit(acme, alice, pack, now, sandbox.SEPA_RETURNED)
    days_pass(now)
    recharge.refresh_from_db()
    assert recharge.state == State.PAID
    assert available(acme) == 0
    take_back = TakeBack.objects.get()
    assert (take_back.units, take_back.taken_units, take_back.missing_units) == (BOUGHT, BOUGHT, 0)
    reversal = Reversal.objects.get()
    assert (reversal.kind, reversal.amount_cents) == (Reversal.Kind.RETURN, recharge.gross_cents)
    moved = ledger_selectors.find(f"reversal:{reversal.public_id}:0")
    assert moved is not None
    assert (moved.code, moved.amount) == (TransferCode.REVERSAL, BOUGHT)
    assert Notice.objects.filter(kind="payment_reversed", user=alice).count() == 1


def test_what_was_spent_before_the_money_went_back_is_taken_from_the_next_credits(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy_by_debit(acme, alice, pack, now, sandbox.SEPA_GOOD)
    days_pass(now)
    wallet = credits.open_wallet(account=acme)
    credits.spend(wallet=wallet, amount=900_000, cause=credits.Cause(TransferCode.CAMPAIGN, "spent", "test"), now=now)
    said = Reversed("return-1", ReversalKind.RETURN, recharge.gross_cents)
    attempt = Attempt.objects.get()
    for _ in range(3):
        answer = Answer(Outcome.SUCCEEDED, attempt.provider_reference, reversals=(said,))
        services.conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)
    take_back = TakeBack.objects.get()
    assert (take_back.taken_units, take_back.missing_units, available(acme)) == (100_000, 900_000, 0)
    buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    take_back.refresh_from_db()
    assert (take_back.missing_units, available(acme)) == (0, 100_000)
    assert reversals.collect(take_back=take_back, now=now) == 0


def test_a_dispute_that_is_won_brings_the_credits_back(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    attempt = Attempt.objects.get()
    for is_undone, left in ((False, 0), (True, BOUGHT), (True, BOUGHT), (False, BOUGHT)):
        said = Reversed("dispute-1", ReversalKind.DISPUTE, recharge.gross_cents, is_undone)
        answer = Answer(Outcome.SUCCEEDED, attempt.provider_reference, reversals=(said,))
        services.conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)
        assert available(acme) == left
    assert Reversal.objects.get().state == Reversal.State.UNDONE


def test_a_refund_in_parts_takes_back_every_unit_in_the_end_and_no_more(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    for cents in (100, 111, 301):
        reference = uuid.uuid4()
        for _ in range(2):
            reversal = refunds.refund(
                recharge=recharge, amount_cents=cents, reason="asked", reference=reference, actor_id=olga.pk, now=now
            )
        assert reversal.state == Reversal.State.DONE
    assert [each.units for each in TakeBack.objects.order_by("pk")] == [195_312, 216_797, 587_891]
    assert available(acme) == 0
    assert sum(each["amount_cents"] for each in SandboxCharge.objects.get().reversals) == 512
    # The webhooks that tell of our own refunds take nothing a second time.
    services.conclude(
        recharge=recharge,
        attempt=Attempt.objects.get(),
        answer=payments.look_up(attempt=Attempt.objects.get(), now=now),
        now=now,
    )
    assert Reversal.objects.count() == 3
    with pytest.raises(refunds.NotRefundable):
        refunds.refund(recharge=recharge, amount_cents=1, reason="", reference=uuid.uuid4(), actor_id=olga.pk, now=now)


def test_money_whose_credits_are_spent_is_not_given_back(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    wallet = credits.open_wallet(account=acme)
    credits.spend(wallet=wallet, amount=1, cause=credits.Cause(TransferCode.CAMPAIGN, "spent", "test"), now=now)
    with pytest.raises(refunds.CreditsSpent), transaction.atomic():
        refunds.refund(
            recharge=recharge, amount_cents=512, reason="", reference=uuid.uuid4(), actor_id=olga.pk, now=now
        )
    assert refunds.refundable_cents(recharge) == 511
    assert (Reversal.objects.count(), available(acme)) == (0, BOUGHT - 1)


def test_the_tables_refuse_what_cannot_be(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    refunds.refund(recharge=recharge, amount_cents=512, reason="", reference=uuid.uuid4(), actor_id=olga.pk, now=now)
    event = ProviderEvent(provider="sandbox", event_id="e", kind="k", body="", received_at=now, handle_at=now)
    event.save()
    policy = PaymentPolicy.objects.create(valid_from=now, provisional_limit_cents=5)
    later = now + timedelta(days=1)
    broken: dict[str, Callable[[], object]] = {
        "no_more_is_taken_back_than_was_bought": lambda: TakeBack.objects.update(taken_units=BOUGHT + 1),
        "a_reversal_moves_money": lambda: Reversal.objects.update(amount_cents=0),
        "a_reversal_is_asked_for_or_finished": lambda: Reversal.objects.update(finished_at=None),
        "an_event_is_kept_once": lambda: ProviderEvent.objects.create(
            provider="sandbox", event_id="e", kind="k", body="", received_at=now, handle_at=now
        ),
        "one_payment_policy_at_a_time": lambda: PaymentPolicy.objects.create(
            valid_from=later, provisional_limit_cents=5
        ),
        "a_payment_policy_ends_after_it_begins": lambda: PaymentPolicy.objects.filter(pk=policy.pk).update(
            valid_until=now
        ),
        "a_limit_is_not_negative": lambda: PaymentPolicy.objects.update(provisional_limit_cents=-1),
    }
    for name, act in broken.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            act()


def test_direct_debits_that_could_be_returned_have_a_limit(
    acme: Account, acme_milano: Account, alice: User, pack: CreditPack, now: datetime
) -> None:
    PaymentPolicy.objects.create(valid_from=now - timedelta(days=1), provisional_limit_cents=1000)
    buy_by_debit(acme, alice, pack, now, sandbox.SEPA_GOOD)
    days_pass(now)
    assert provisional.open_cents(acme_milano, now) == 512
    with pytest.raises(services.ProvisionalLimitReached) as reached, transaction.atomic():
        buy_by_debit(acme, alice, pack, now, sandbox.SEPA_GOOD)
    assert (reached.value.limit_cents, reached.value.open_cents) == (1000, 512)
    # A policy ends, and the debit becomes final: nothing is counted any more.
    PaymentPolicy.objects.update(valid_until=now)
    assert provisional.limit_cents(now) == provisional.DEFAULT_LIMIT_CENTS
    assert provisional.open_cents(acme, now + timedelta(weeks=10)) == 0


def test_a_debit_of_which_a_part_went_back_counts_with_the_rest(
    acme: Account, alice: User, pack: CreditPack, now: datetime
) -> None:
    recharge = buy_by_debit(acme, alice, pack, now, sandbox.SEPA_GOOD)
    days_pass(now)
    for is_undone, left in ((False, 412), (True, 512)):
        said = (Reversed("dp_1", ReversalKind.DISPUTE, 100, is_undone=is_undone),)
        answer = Answer(Outcome.SUCCEEDED, "ch_1", reversals=said)
        services.conclude(recharge=recharge, attempt=Attempt.objects.get(), answer=answer, now=now)
        assert provisional.open_cents(acme, now) == left
    refunds.refund(
        recharge=recharge, amount_cents=12, reason="asked", reference=uuid.uuid4(), actor_id=alice.pk, now=now
    )
    assert provisional.open_cents(acme, now) == 500


@pytest.mark.parametrize("decision", ["agreed", "refused"])
def test_a_card_that_has_to_be_confirmed_is_charged_once_it_is(
    acme: Account, alice: User, pack: CreditPack, card: Card, signed_in: SignedIn, now: datetime, decision: str
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.NEEDS_CONFIRMATION, now)
    assert selectors.progress(recharge).state == Attempt.State.CONFIRMING
    browser = signed_in(alice)
    page = reverse("recharge", args=[acme.public_id, recharge.public_id])
    assert "Confirm the payment with your bank" in browser.get(page).content.decode()
    url = reverse("recharge_confirmation", args=[acme.public_id, recharge.public_id])
    for _ in range(2):
        assert browser.post(url, {"decision": decision}).status_code == 302
    recharge.refresh_from_db()
    agreed = decision == "agreed"
    assert recharge.state == (State.PAID if agreed else State.FAILED)
    assert available(acme) == (BOUGHT if agreed else 0)
    assert browser.get(page).status_code == 200


def test_nobody_is_there_to_confirm_an_automatic_payment(
    acme: Account, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = services.buy(
        account=acme,
        pack=pack,
        method=card(sandbox.NEEDS_CONFIRMATION),
        reference=uuid.uuid4(),
        actor_id=None,
        now=now,
        origin=services.Origin.AUTOMATIC,
    )
    assert (recharge.state, recharge.origin) == (State.FAILED, "automatic")
    assert selectors.progress(recharge).reason == "confirm_needed"


def test_a_success_that_is_heard_of_after_a_refusal_still_counts_and_a_refusal_after_success_does_not(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.DECLINED, now)
    attempt = Attempt.objects.get()
    paid, declined = Answer(Outcome.SUCCEEDED, "ch_1"), Answer(Outcome.DECLINED, "ch_1", "declined")
    for answer in (declined, paid, declined, paid):
        recharge = services.conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)
    assert recharge.state == State.PAID
    assert (available(acme), Invoice.objects.count()) == (BOUGHT, 1)


def test_an_answer_about_another_amount_credits_nothing_and_is_kept_for_a_person(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SILENT, now)
    attempt = Attempt.objects.get()
    for cents, currency in ((1, "EUR"), (512, "USD")):
        answer = Answer(Outcome.SUCCEEDED, "ch_1", amount_cents=cents, currency=currency)
        recharge = services.conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)
        assert recharge.state == State.WAITING
    attempt.refresh_from_db()
    assert attempt.contradiction == "ch_1: succeeded 5.12 USD"
    assert available(acme) == 0
    # Nothing else ends it: a person gives back what was charged and says so, and the customer can buy again.
    for _again in range(2):
        recharge = services.settle_contradiction(recharge=recharge, actor_id=olga.pk, now=now)
        assert (recharge.state, selectors.progress(recharge).reason) == (State.FAILED, "contradicted")
        assert not payments_selectors.unknown_payments().exists()
    assert AuditEvent.objects.filter(action="recharge.contradiction_settled", actor=olga).count() == 1
    recharge = services.conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)
    assert (recharge.state, payments_selectors.unknown_payments().count()) == (State.FAILED, 1)
    assert buy(acme, alice, pack, card, sandbox.SUCCEEDS, now).state == State.PAID


def signed(said: dict[str, object]) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(said).encode()
    return body, signature_of(body)


def signature_of(body: bytes) -> dict[str, str]:
    stamp = str(int(timezone.now().timestamp()))
    return {"X-Timestamp": stamp, "X-Signature": sandbox.sign(body, stamp)}


def test_webhooks_that_say_something_strange_are_answered_kept_and_change_nothing(
    acme: Account, alice: User, pack: CreditPack, card: Card, client: Client, now: datetime
) -> None:
    buy(acme, alice, pack, card, sandbox.TIMEOUT_AFTER, now)
    attempt, url = Attempt.objects.get(), reverse("provider_events", args=["sandbox"])
    good = {"kind": "charge", "key": str(attempt.key), "reference": "", "amount_cents": 512, "is_live": False}
    cases = {
        "unknown_payment": good | {"id": "1", "key": str(uuid.uuid4())},
        "other_environment": good | {"id": "2", "is_live": True},
        "changed_amount": good | {"id": "3", "amount_cents": 1},
    }
    for said in [*cases.values(), *cases.values()]:
        body, headers = signed(said)
        assert client.post(url, body, content_type="application/json", headers=headers).status_code == 204
        for event in ProviderEvent.objects.due(timezone.now()):
            events.handle(event=event, now=timezone.now())
    found = ProviderEvent.objects.order_by("event_id").values_list("verdict", "state")
    assert list(found) == [(verdict, "set_aside") for verdict in cases]
    assert available(acme) == 0
    body, headers = signed(good | {"id": "4"})
    refused = [
        (url, body + b" ", headers, 403),
        (url, body, headers | {"X-Timestamp": "1"}, 403),
        (reverse("provider_events", args=["nobody"]), body, headers, 404),
        (url, *signed({"id": "5"}), 400),
    ]
    for address, content, given, status in refused:
        answer = client.post(address, content, content_type="application/json", headers=given)
        assert answer.status_code == status
    assert ProviderEvent.objects.count() == 3


def test_a_webhook_that_no_table_can_hold_is_refused_however_well_it_is_signed(client: Client, db: None) -> None:
    good: dict[str, object] = {"kind": "c", "id": "1", "key": "k", "reference": "", "amount_cents": 1, "is_live": False}
    strange: list[dict[str, object]] = [
        {"id": "x" * 121},
        {"id": "a\x00b"},
        {"key": "\ud800"},
        {"reference": "x" * 121},
        {"amount_cents": 10**30},
        {"amount_cents": float("inf")},
    ]
    url = reverse("provider_events", args=["sandbox"])
    for body in [b"[" * 100_000, b"null", b"\xff", *(json.dumps(good | each).encode() for each in strange)]:
        headers = signature_of(body)
        assert client.post(url, body, content_type="application/json", headers=headers).status_code == 400
    lengths = {"abc": 400, "-1": 400, "9" * 5000: 413, "1000001": 413}
    for length, status in lengths.items():
        headers = {"Content-Length": length}
        assert client.post(url, b"{}", content_type="application/json", headers=headers).status_code == status
    assert not ProviderEvent.objects.exists()


def test_what_the_far_end_never_heard_of_waits_for_a_person(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.TIMEOUT_BEFORE, now)
    late = now + payments.KEY_LIFE
    services.pursue(recharge=recharge, now=late)
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.looked_up_at) == (Attempt.State.UNKNOWN, late)
    assert not SandboxCharge.objects.exclude(outcome="").exists()
