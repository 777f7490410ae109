"""Money handled by a process that dies at line 1 of ours, at line 2, and so on until it gets through.

A few lines of each in every run of the tests; `LINES=1` kills at every one, for the figures of docs/reliability.md.
"""

import os
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db.models import Sum

from billing.invoices.models import CreditNote, Invoice
from billing.ledger import selectors as ledger_selectors
from billing.payments.models import PaymentMethod, ProviderEvent, Reversal
from billing.pricing import selectors as pricing_selectors
from billing.pricing.models import CreditPack
from billing.recharge import corrections, events, refunds, reversals, selectors, services
from billing.recharge.models import Recharge, TakeBack
from portal.accounts.models import Account, User
from tests.faults.stripe_far_end import FarEnd, Plan
from tests.faults.test_recharges_killed import killed_at, methods, reckon, recover

__all__ = ["methods"]

STEP = int(os.environ.get("LINES", "230"))
Work = Callable[[], object]


@dataclass
class Stage:
    """A customer with a card and a bank account, and the far end that charges them."""

    far_end: FarEnd
    methods: dict[str, PaymentMethod]
    account: Account
    person: User
    pack: CreditPack

    def buy(self, kind: str, reference: uuid.UUID) -> Recharge:
        return services.buy(
            account=self.account,
            pack=self.pack,
            method=self.methods[kind],
            reference=reference,
            actor_id=self.person.pk,
            now=datetime.now(UTC),
        )

    def hear(self) -> None:
        for event in ProviderEvent.objects.due(datetime.now(UTC)):
            events.handle(event=event, now=datetime.now(UTC))

    def deliver(self) -> None:
        self.far_end.deliver(random.Random(1))


def buying(stage: Stage) -> tuple[Work, Work]:
    """A click on "Pay now"; whoever is left without an answer clicks again."""
    work = partial(stage.buy, "card", uuid.uuid4())
    return work, work


def asking_again(stage: Stage) -> tuple[Work, Work]:
    """The sweep asks for the third time what became of a charge whose reply was lost."""
    stage.far_end.plan = Plan("lost_after", "lost")
    recharge = stage.buy("card", uuid.uuid4())
    return partial(services.pursue, recharge=recharge, now=datetime.now(UTC) + timedelta(minutes=2)), lambda: None


def hearing_of_a_debit(stage: Stage) -> tuple[Work, Work]:
    """A webhook says that a debit was paid."""
    stage.buy("sepa", uuid.uuid4())
    stage.far_end.advance()
    stage.deliver()
    return stage.hear, lambda: None


def hearing_of_a_return(stage: Stage) -> tuple[Work, Work]:
    """A webhook says that the bank returned a debit: credits go, a credit note comes."""
    stage.far_end.plan = Plan(bank="returns")
    stage.buy("sepa", uuid.uuid4())
    for _ in range(2):
        stage.hear()
        stage.far_end.advance()
        stage.deliver()
    return stage.hear, lambda: None


def refunding(stage: Stage) -> tuple[Work, Work]:
    """Staff give a payment back: the whole, because each lot that stays in the wallet would be more lines."""
    recharge = stage.buy("card", uuid.uuid4())
    work = partial(
        refunds.refund,
        recharge=recharge,
        amount_cents=recharge.gross_cents,
        reason="asked",
        reference=uuid.uuid4(),
        actor_id=stage.person.pk,
        now=datetime.now(UTC),
    )
    return work, work


def sweep_refunds() -> None:
    """What the sweep of refunds does, hours later."""
    later = datetime.now(UTC) + timedelta(hours=3)
    for reversal in Reversal.objects.filter(state=Reversal.State.ASKED):
        refunds.pursue(reversal=reversal, now=later)
    for take_back in TakeBack.objects.missing():
        reversals.collect(take_back=take_back, now=later)
    for take_back in TakeBack.objects.to_correct():
        corrections.correct(take_back=take_back, now=later)


def all_agree(stage: Stage) -> None:
    """What went back at the far end went back here: as refunds and returns, as credits, and on credit notes."""
    found = reckon(stage.far_end, stage.account)
    back = stage.far_end.refunds + stage.far_end.disputes
    found["back"] = {len(back), TakeBack.objects.count(), Reversal.objects.filter(state="done").count()}
    found["notes"] = {len(back), CreditNote.objects.count()}
    taken = TakeBack.objects.aggregate(units=Sum("taken_units"), noted=Sum("noted_units"), cents=Sum("noted_cents"))
    noted = CreditNote.objects.aggregate(units=Sum("quantity_units"), cents=Sum("gross_cents"))
    found["corrected units"] = {taken["units"], taken["noted"], noted["units"]}
    found["corrected cents"] = {
        sum(each["amount"] for each in back) or None,
        taken["cents"],
        noted["cents"],
        Invoice.objects.aggregate(sum=Sum("credited_cents"))["sum"] or None,
        Invoice.objects.aggregate(sum=Sum("returned_cents"))["sum"] or None,
    }
    assert all(len(values) == 1 for values in found.values()), found  # type: ignore[arg-type]
    assert not selectors.to_pursue(datetime.now(UTC) + timedelta(days=3)).exists()
    assert not ProviderEvent.objects.due(datetime.now(UTC) + timedelta(days=3)).exists()
    assert ledger_selectors.differences() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", [buying, asking_again, hearing_of_a_debit, hearing_of_a_return, refunding])
def test_a_process_that_dies_at_each_line_in_turn_leaves_nothing_charged_credited_or_corrected_twice_or_not(
    part: Callable[[Stage], tuple[Work, Work]],
    far_end: FarEnd,
    methods: dict[str, PaymentMethod],
    acme: Account,
    alice: User,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("billing.recharge.provisional.DEFAULT_LIMIT_CENTS", 10**12)
    stage = Stage(far_end, methods, acme, alice, pricing_selectors.packs(acme, now)[0])
    line, died, ran = 0, True, 0
    while died:
        far_end.plan = Plan()
        work, again = part(stage)
        if line:
            died, ran = killed_at(line, work)
        else:
            work()  # here: what a process does only once, whatever it works at, is done before it is forked
        far_end.plan = Plan()
        again()
        recover(far_end, random.Random(line))
        sweep_refunds()
        all_agree(stage)
        line += STEP
    print(part.__name__, "died at", line // STEP - 2, "of", ran, "charged", len(far_end.charged()))  # noqa: T201
    assert ran < line - STEP <= ran + STEP
