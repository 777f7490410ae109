"""Recharges against a Stripe-shaped far end that fails in every way, while our process dies at every line.

Twenty in every run of the tests; `RECHARGES=1000` for the figures of docs/reliability.md.
"""

import os
import random
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.models import Sum

from billing.credits import selectors as credits_selectors
from billing.credits.models import CreditLot, Origin
from billing.invoices.models import Invoice
from billing.ledger import selectors as ledger_selectors
from billing.payments import services as payments
from billing.payments.models import Attempt, Mandate, Payment, PaymentMethod, ProviderEvent
from billing.payments.providers import stripe as provider
from billing.pricing import selectors as pricing_selectors
from billing.pricing.models import CreditPack
from billing.recharge import events, selectors, services
from billing.recharge.models import Recharge, TakeBack
from portal.accounts.models import Account, User
from portal.bells import silence
from tests.billing.payments.test_methods import add_debit
from tests.faults.stripe_far_end import REPLIES, WEBHOOKS, FarEnd, Plan

COUNT = int(os.environ.get("RECHARGES", "20"))
BILLING = str(settings.BASE_DIR / "billing")
# When the sweeps come by again: the lease is over, the growing pauses are, the key has been forgotten over there.
LATER = [timedelta(minutes=minutes) for minutes in (0, 2, 5, 15, 60, 180, 21 * 60, 22 * 60, 30 * 60, 40 * 60)]


def killed_at(line: int, work: Callable[[], object]) -> tuple[bool, int]:
    """Do `work` in a process of its own that dies, without a word, at the given line of billing.

    Return whether it died, and else through how many lines it ran; 0 lets it live. Nothing is cleaned up: no rollback is sent, no connection closed, as with kill -9.
    """
    connections.close_all()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        seen = 0

        def trace(frame: FrameType, event: str, arg: Any) -> Any:
            nonlocal seen
            if not frame.f_code.co_filename.startswith(BILLING):
                return None
            if event == "line":
                seen += 1
                if seen == line:
                    os._exit(9)
            return trace

        try:
            provider.client.cache_clear()
            with silence():
                sys.settrace(trace)
                work()
                sys.settrace(None)
        finally:
            os.write(writer, str(seen).encode())
            os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader) as said:
        return os.waitstatus_to_exitcode(status) == 9, int(said.read() or 0)


@pytest.fixture
def methods(acme: Account, alice: User, now: datetime, prices: None) -> dict[str, PaymentMethod]:
    card = payments.add_method(
        account=acme,
        provider="stripe",
        token="cus_1/pm_1/card",
        label="Visa 4242",
        expires_on=None,
        actor_id=alice.pk,
        now=now,
    )
    debit = add_debit(acme, alice, now)
    PaymentMethod.objects.filter(pk=debit.pk).update(provider="stripe", token="cus_1/pm_2/sepa_debit")
    payments.note_mandate(mandate=debit.mandate, state=Mandate.State.VALID, actor_id=None, now=now)
    debit.refresh_from_db()
    return {"card": card, "sepa": debit}


def recover(far_end: FarEnd, chance: random.Random) -> None:
    """Sweep as the timetable does, while hours pass and webhooks come late, doubled and in any order."""
    for later in LATER:
        moment = datetime.now(UTC) + later
        if chance.random() < 0.7:
            far_end.deliver(chance)
        for event in ProviderEvent.objects.due(moment):
            events.handle(event=event, now=moment)
        for recharge in selectors.to_pursue(moment):
            services.pursue(recharge=recharge, now=moment)
        far_end.advance()
        if later > LATER[6] and not Recharge.objects.waiting().exists() and not far_end.waiting:
            break
    far_end.deliver(chance)
    for event in ProviderEvent.objects.due(datetime.now(UTC) + timedelta(days=3)):
        events.handle(event=event, now=datetime.now(UTC) + timedelta(days=3))


def reckon(far_end: FarEnd, account: Account) -> dict[str, object]:
    """Charges, purchases, credits and invoices, in numbers, cents and units: they must agree."""
    charged, paid = far_end.charged(), Recharge.objects.filter(state=Recharge.State.PAID)
    lots = CreditLot.objects.filter(origin=Origin.PURCHASE, wallet__account=account)
    counts = {
        len(charged),
        paid.count(),
        Payment.objects.filter(state=Payment.State.SUCCEEDED).count(),
        Attempt.objects.filter(state=Attempt.State.SUCCEEDED).count(),
        lots.count(),
        Invoice.objects.filter(paid_at__isnull=False).count(),
        Invoice.objects.count(),
    }
    cents = {
        sum(each["amount_received"] for each in charged),
        paid.aggregate(sum=Sum("gross_cents"))["sum"] or 0,
        Invoice.objects.aggregate(sum=Sum("gross_cents"))["sum"] or 0,
    }
    taken = TakeBack.objects.aggregate(sum=Sum("taken_units"))["sum"] or 0
    bought = paid.aggregate(sum=Sum("credits_units"))["sum"] or 0
    units = {bought, lots.aggregate(sum=Sum("granted"))["sum"] or 0}
    return {
        "counts": counts,
        "cents": cents,
        "units": units,
        "left": {credits_selectors.balance(account).available, bought - taken},
        "back": {len(far_end.disputes), TakeBack.objects.count()},
        "keys": {len({each["metadata"]["attempt"] for each in charged}), len(charged)},
    }


@pytest.mark.django_db(transaction=True)
def test_whatever_is_lost_repeated_or_killed_each_purchase_is_charged_credited_and_invoiced_once(
    far_end: FarEnd,
    methods: dict[str, PaymentMethod],
    acme: Account,
    alice: User,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(provider, "READ_SECONDS", 0.4)
    monkeypatch.setattr("billing.recharge.provisional.DEFAULT_LIMIT_CENTS", 10**12)
    packs: list[CreditPack] = pricing_selectors.packs(acme, now)[:4]
    chance, told = random.Random(20261120), Counter[str]()
    lines, tried, deaths = 0, Counter[str](), set[int]()
    for number in range(COUNT):
        plan = Plan(chance.choice(REPLIES), chance.choice(WEBHOOKS), chance.choice(("pays", "pays", "pays", "fails")))
        if number % 5 in (0, 1, 2):  # a purchase that goes through runs through the most lines
            plan = Plan(webhooks=plan.webhooks)
        method = methods["sepa" if number % 5 == 4 else "card"]
        if method.kind == "sepa" and chance.random() < 0.3:
            plan.bank = "returns"
        told.update([f"reply {plan.reply}", f"webhook {plan.webhooks}", f"bank {plan.bank}"])
        far_end.plan = plan
        order: dict[str, Any] = {
            "account": acme,
            "pack": packs[number % len(packs)],
            "method": method,
            "reference": uuid.uuid4(),
            "actor_id": alice.pk,
        }
        # Four of five are to die, each kind at the next line, until every line has had its turn.
        dies_at = 0 if number % 5 == 0 else 1 + (tried[plan.reply] * 37) % max(lines, 1)
        tried[plan.reply] += number % 5 != 0
        work = partial(services.buy, **order, now=datetime.now(UTC))
        died, ran = killed_at(dies_at, work)
        # What the first one runs through once (imports, caches) the later ones do not.
        lines = ran if number % 5 == 0 else lines
        told.update(["killed"] if died else [])
        deaths.update([dies_at] if died else [])
        if chance.random() < 0.5 or not Recharge.objects.filter(reference=order["reference"]).exists():
            services.buy(**order, now=datetime.now(UTC))  # the customer clicks again
        recover(far_end, chance)
        assert not Recharge.objects.waiting().exists(), (number, plan)
    found = reckon(far_end, acme)
    assert all(len(values) == 1 for values in found.values()), found  # type: ignore[arg-type]
    assert Recharge.objects.count() == COUNT
    assert ledger_selectors.differences() == []
    assert told["killed"] > COUNT // 3
    told.update(
        {
            "lines of ours": lines,
            "lines died at": len(deaths),
            "asked": far_end.charge_requests,
            "webhooks": far_end.webhooks_sent,
        }
    )
    print(found, dict(told), Counter(Recharge.objects.values_list("state", flat=True)))  # noqa: T201
