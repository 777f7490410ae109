"""What becomes of an invoice when its money goes back: corrected as far as money and credits did, owed for the rest."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from billing.credits import services as credits
from billing.invoices.models import CreditNote, Invoice
from billing.invoices.models import State as Standing
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from billing.payments.models import Attempt, PaymentMethod, Reversal, SandboxCharge
from billing.payments.providers import sandbox
from billing.payments.providers.base import Answer, Outcome, ReversalKind, Reversed
from billing.pricing.models import CreditPack
from billing.recharge import corrections, refunds, services, tasks
from billing.recharge.models import Recharge, TakeBack
from portal.accounts.models import Account, User
from portal.notices.models import Notice
from tests.billing.recharge.conftest import Card
from tests.billing.recharge.test_buying import buy
from tests.billing.recharge.test_slow_money import BOUGHT, available, buy_by_debit, days_pass
from tests.conftest import SignedIn

LATER = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def books_agree(db: None) -> Iterator[None]:
    yield
    assert ledger_selectors.differences() == []
    for invoice in Invoice.objects.all():
        notes = list(invoice.credit_notes.all())
        assert sum(note.gross_cents for note in notes) == invoice.credited_cents
        if not invoice.left_cents:
            sums = sum(note.net_cents for note in notes), sum(note.vat_cents for note in notes)
            assert sums == (invoice.net_cents, invoice.vat_cents)
            assert sum(note.quantity_units for note in notes) == BOUGHT


def notes() -> list[tuple[int, int]]:
    return list(CreditNote.objects.order_by("pk").values_list("gross_cents", "quantity_units"))


def standing() -> Standing:
    return Invoice.objects.earliest("pk").state(LATER)


def hear(recharge: Recharge, now: datetime, *said: Reversed) -> None:
    """The provider tells what went back, twice."""
    attempt = Attempt.objects.get(payment=recharge.payment_id)
    for _ in range(2):
        answer = Answer(Outcome.SUCCEEDED, attempt.provider_reference, reversals=said)
        services.conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)


def spend(account: Account, units: int, now: datetime) -> None:
    cause = credits.Cause(TransferCode.CAMPAIGN, str(uuid.uuid4()), "test")
    credits.spend(wallet=credits.open_wallet(account=account), amount=units, cause=cause, now=now)


def by_hand(recharge: Recharge, cents: int, olga: User, now: datetime, reference: uuid.UUID | None = None) -> Reversal:
    return refunds.give_back_by_hand(
        recharge=recharge,
        amount_cents=cents,
        reason="paid twice",
        reference=reference or uuid.uuid4(),
        actor_id=olga.pk,
        now=now,
    )


def test_refunds_in_parts_correct_the_invoice_to_the_last_cent_and_unit(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    for cents, state in ((100, Standing.PARTLY_CREDITED), (111, Standing.PARTLY_CREDITED), (301, Standing.CREDITED)):
        refunds.refund(
            recharge=recharge, amount_cents=cents, reason="", reference=uuid.uuid4(), actor_id=olga.pk, now=now
        )
        assert standing() == state
    assert notes() == [(100, 195_312), (111, 216_797), (301, 587_891)]
    assert Notice.objects.filter(kind="credit_note_issued", user=alice).count() == 3
    hear(recharge, now)
    assert len(notes()) == 3


def test_a_refund_that_the_provider_refuses_corrects_nothing(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    # The far end has given part of it back by itself, and refuses to give more than it got.
    charge = SandboxCharge.objects.get()
    charge.reversals = [{"reference": "theirs", "kind": "refund", "amount_cents": 100}]
    charge.save()
    reversal = refunds.refund(
        recharge=recharge, amount_cents=512, reason="", reference=uuid.uuid4(), actor_id=olga.pk, now=now
    )
    assert reversal.state == Reversal.State.REFUSED
    assert (notes(), standing(), available(acme)) == ([], Standing.PAID, BOUGHT)


def test_a_returned_debit_is_corrected_by_a_credit_note(
    acme: Account, alice: User, pack: CreditPack, now: datetime
) -> None:
    buy_by_debit(acme, alice, pack, now, sandbox.SEPA_RETURNED)
    days_pass(now)
    assert (notes(), standing()) == ([(512, BOUGHT)], Standing.CREDITED)
    assert CreditNote.objects.get().reason == "Debit returned"


def test_what_was_spent_of_a_returned_debit_is_owed_until_other_credits_pay_for_it(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy_by_debit(acme, alice, pack, now, sandbox.SEPA_GOOD)
    days_pass(now)
    spend(acme, 900_001, now)
    hear(recharge, now, Reversed("return-1", ReversalKind.RETURN, 512))
    assert (notes(), standing()) == ([(51, 99_999)], Standing.OVERDUE)
    assert Invoice.objects.get().owed_cents == 461
    buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    assert (notes(), standing()) == ([(51, 99_999), (461, 900_001)], Standing.CREDITED)
    assert Invoice.objects.latest("pk").state(LATER) == Standing.PAID


def test_a_dispute_is_corrected_when_it_is_lost_and_not_before(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    hear(recharge, now, Reversed("d-1", ReversalKind.DISPUTE, 512))
    assert (notes(), standing(), available(acme)) == ([], Standing.OVERDUE, 0)
    assert Reversal.objects.get().state == Reversal.State.CONTESTED
    hear(recharge, now, Reversed("d-1", ReversalKind.DISPUTE, 512, is_lost=True))
    assert (notes(), standing(), available(acme)) == ([(512, BOUGHT)], Standing.CREDITED, 0)


def test_a_dispute_that_is_won_leaves_the_invoice_paid(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    hear(recharge, now, Reversed("d-1", ReversalKind.DISPUTE, 512))
    hear(recharge, now, Reversed("d-1", ReversalKind.DISPUTE, 512, is_undone=True))
    assert (notes(), standing(), available(acme)) == ([], Standing.PAID, BOUGHT)


def test_money_that_comes_again_after_its_credit_note_waits_for_a_person(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime, signed_in: SignedIn
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    hear(recharge, now, Reversed("d-1", ReversalKind.DISPUTE, 512, is_lost=True))
    hear(recharge, now, Reversed("d-1", ReversalKind.DISPUTE, 512, is_undone=True))
    assert Reversal.objects.get().state == Reversal.State.CAME_AGAIN
    assert (notes(), standing(), available(acme)) == ([(512, BOUGHT)], Standing.CREDITED, 0)
    page = signed_in(olga).get(reverse("desk_payment", args=[recharge.payment.public_id])).content.decode()
    assert "came to us again" in page


def test_money_that_goes_back_twice_corrects_no_more_than_the_invoice(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    by_hand(recharge, 100, olga, now)
    hear(recharge, now, Reversed("d-1", ReversalKind.DISPUTE, 512, is_lost=True))
    assert (notes(), standing()) == ([(100, 195_312), (412, 804_688)], Standing.CREDITED)
    assert not TakeBack.objects.to_correct().exists()


def test_the_sweep_corrects_what_nobody_has(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    hear(recharge, now, Reversed("d-1", ReversalKind.DISPUTE, 512))
    Reversal.objects.update(state=Reversal.State.DONE)
    tasks.take_back_owed()
    assert notes() == [(512, BOUGHT)]
    assert corrections.correct(take_back=TakeBack.objects.get(), now=now) is None


@pytest.mark.django_db(transaction=True)
def test_staff_correct_an_invoice_by_hand_once_and_never_by_more_than_its_credits(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime, signed_in: SignedIn
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    invoice = Invoice.objects.get()
    browser, page = signed_in(olga), reverse("desk_invoice", args=[invoice.public_id])
    url, reference = reverse("desk_credit_notes", args=[invoice.public_id]), str(uuid.uuid4())
    given = {"reference": reference, "amount_cents": "2.56", "reason": "paid twice"}
    for _ in range(2):
        answer = browser.post(url, given, follow=True)
        assert "The credit note is issued" in answer.content.decode()
    note = CreditNote.objects.get()
    assert (note.gross_cents, note.quantity_units, available(acme)) == (256, 500_000, 500_000)
    assert note.reason == "Given back by bank transfer – paid twice"
    assert Reversal.objects.get().kind == Reversal.Kind.BY_HAND
    spend(acme, 1, now)
    refused = {
        "at most": ("2.56", "Its credits have been spent. At most €2.55 can be given back."),
        "too much": ("2.57", "That much was not invoiced"),
        "nothing": ("0", "Enter an amount above zero"),
    }
    for amount, sentence in refused.values():
        sent = given | {"reference": str(uuid.uuid4()), "amount_cents": amount}
        assert sentence in browser.post(url, sent, follow=True).content.decode()
    shown = browser.get(page).content.decode()
    for part in (note.full_number, "Partly credited", 'value="2.55"', "paid twice"):
        assert part in shown
    assert (notes(), recharge.pk) == ([(256, 500_000)], Recharge.objects.get().pk)


@pytest.mark.parametrize(("case", "said"), [("refused", "The provider refused"), ("transfer", "by bank transfer.")])
def test_staff_are_told_what_became_of_a_refund(
    case: str,
    said: str,
    acme: Account,
    alice: User,
    olga: User,
    pack: CreditPack,
    card: Card,
    now: datetime,
    signed_in: SignedIn,
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    if case == "transfer":
        PaymentMethod.objects.update(kind=PaymentMethod.Kind.BANK_TRANSFER, provider="bank")
    else:
        given = {"reference": "theirs", "kind": "refund", "amount_cents": 512}
        SandboxCharge.objects.update(reversals=[given])
    url = reverse("desk_payment_refund", args=[recharge.payment.public_id])
    sent = {"reference": str(uuid.uuid4()), "amount_cents": "5.12", "reason": "asked"}
    assert said in signed_in(olga).post(url, sent, follow=True).content.decode()
    assert available(acme) == (0 if case == "transfer" else BOUGHT)
    assert len(notes()) == (case == "transfer")


def test_the_table_refuses_a_credit_note_ahead_of_its_credits(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    by_hand(buy(acme, alice, pack, card, sandbox.SUCCEEDS, now), 100, olga, now)
    with pytest.raises(IntegrityError, match="a_credit_note_follows_the_credits"), transaction.atomic():
        TakeBack.objects.update(noted_units=BOUGHT)


@pytest.mark.django_db(transaction=True)
def test_corrected_eight_times_at_once_and_swept_meanwhile_the_invoice_is_corrected_once(
    acme: Account, alice: User, olga: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    same = uuid.uuid4()

    def act(turn: int) -> None:
        try:
            if turn % 4 == 3:
                tasks.take_back_owed()
            else:
                by_hand(recharge, 200, olga, now, same if turn % 2 else None)
        except (refunds.NotRefundable, refunds.CreditsSpent):
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(16)))
    # Twice EUR 2.00 fit into EUR 5.12; the last may have been the one that was repeated.
    assert [cents for cents, _ in notes()] == [200, 200]
    assert available(acme) == BOUGHT - sum(units for _, units in notes())
    assert Invoice.objects.get().credited_cents == 400
