"""Money that goes back takes its credits along, by a transfer of its own; what was spent already is owed.

A wallet never goes below zero. What is missing is taken from the next credits that are there, before anything else.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from billing.amounts import to_credits
from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.credits.models import CreditLot, Wallet
from billing.credits.reclaim import reclaim
from billing.ledger.codes import TransferCode
from billing.payments.models import Reversal
from billing.payments.providers.base import Reversed
from billing.recharge import corrections
from billing.recharge.models import Recharge, TakeBack
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

State = Reversal.State


@unit_of_work
def note(*, recharge: Recharge, reversals: Iterable[Reversed], now: datetime) -> None:
    """Note what went back of a paid recharge, each once, and take the credits along. Call it with the row locked."""
    for each in reversals:
        reversal = Reversal.objects.filter(reference=each.reference).first() or _begun(recharge, each, now)
        if reversal.state == State.ASKED:
            finish(reversal=reversal, done=True, now=now)
        if reversal.state == State.CONTESTED and each.is_final:
            Reversal.objects.filter(pk=reversal.pk).update(state=State.DONE, finished_at=now)
            corrections.correct(take_back=reversal.take_back, now=now)
        if each.is_undone:
            undo(reversal=reversal, state=State.UNDONE, now=now)


def _begun(recharge: Recharge, said: Reversed, now: datetime) -> Reversal:
    """Write down what we hear of for the first time."""
    reversal = Reversal.objects.create(
        payment_id=recharge.payment_id,
        kind=said.kind.value,
        state=State.DONE if said.is_final else State.CONTESTED,
        reference=said.reference,
        amount_cents=said.amount_cents,
        created_at=now,
        finished_at=now,
    )
    begin(recharge=recharge, reversal=reversal, now=now)
    announce(recharge, reversal, now)
    return reversal


@unit_of_work
def begin(*, recharge: Recharge, reversal: Reversal, now: datetime) -> TakeBack:
    """Say how many credits go back with the money, to the unit, and take what is there."""
    earlier = Reversal.objects.filter(payment=reversal.payment_id, take_back__undone_at=None).exclude(pk=reversal.pk)
    cents = min((earlier.aggregate(sum=Sum("amount_cents"))["sum"] or 0) + reversal.amount_cents, recharge.gross_cents)
    before = TakeBack.objects.filter(recharge=recharge, undone_at=None).aggregate(sum=Sum("units"))["sum"] or 0
    units = recharge.credits_units * cents // recharge.gross_cents - before
    take_back = TakeBack.objects.create(recharge=recharge, reversal=reversal, units=units, created_at=now)
    _audit("recharge.reversed", recharge, reversal, now)
    collect(take_back=take_back, now=now)
    corrections.note_returned(recharge=recharge)
    return take_back


def wallet_of(account: Account) -> Wallet:
    """The wallet that the account spends from, though it was its own when it bought: nobody spends from that one now."""
    return credits.open_wallet(account=credits_selectors.draws_on(account) or account)


@unit_of_work
def collect(*, take_back: TakeBack, now: datetime) -> int:
    """Take what is there of what is still owed; return the units taken."""
    take_back = (
        TakeBack.objects.select_for_update(of=("self",))
        .select_related("recharge__account", "recharge__transfer", "reversal")
        .get(pk=take_back.pk)
    )
    recharge, missing = take_back.recharge, take_back.missing_units
    if not missing or recharge.transfer is None:
        return 0
    is_refund = take_back.reversal.kind in (Reversal.Kind.REFUND, Reversal.Kind.BY_HAND)
    reference = f"reversal:{take_back.reversal.public_id}:{take_back.taken_units}"
    transfer = reclaim(
        wallet=wallet_of(recharge.account),
        most=missing,
        bought_by=recharge.transfer,
        cause=credits.Cause(
            TransferCode.REFUND if is_refund else TransferCode.REVERSAL, reference, f"recharge:{recharge.public_id}"
        ),
        now=now,
    )
    if transfer is None:
        return 0
    take_back.taken_units += transfer.amount
    take_back.save(update_fields=["taken_units"])
    corrections.correct(take_back=take_back, now=now)
    return transfer.amount


@unit_of_work
def collect_owed(*, account: Account, now: datetime) -> None:
    """Take what the account owes from the credits that have just come, the oldest debt first."""
    for take_back in TakeBack.objects.missing().filter(recharge__account=account).order_by("pk"):
        collect(take_back=take_back, now=now)


@unit_of_work
def finish(*, reversal: Reversal, done: bool, now: datetime) -> None:
    """Note how a refund ended that we asked for; one that was refused gives its credits back."""
    if not done:
        undo(reversal=reversal, state=Reversal.State.REFUSED, now=now)
        return
    asked = Reversal.objects.filter(pk=reversal.pk, state=Reversal.State.ASKED)
    if asked.update(state=Reversal.State.DONE, finished_at=now, ask_again_at=None):
        recharge = Recharge.objects.select_related("account").get(payment=reversal.payment_id)
        announce(recharge, reversal, now)
        corrections.note_returned(recharge=recharge)
        corrections.correct(take_back=reversal.take_back, now=now)


@unit_of_work
def undo(*, reversal: Reversal, state: str, now: datetime) -> None:
    """Give back the credits that were taken: the money stayed, or came again. Once.

    Not after a credit note: it stays as it was issued, and so do the credits. A person sees to the money.
    """
    take_back = (
        TakeBack.objects.select_for_update(of=("self",)).select_related("recharge__account").get(reversal=reversal)
    )
    if take_back.undone_at:
        return
    if take_back.noted_cents:
        done = Reversal.objects.filter(pk=reversal.pk, state=State.DONE)
        done.update(state=State.CAME_AGAIN, finished_at=now)
        corrections.note_returned(recharge=take_back.recharge)
        return
    TakeBack.objects.filter(pk=take_back.pk).update(undone_at=now)
    Reversal.objects.filter(pk=reversal.pk).update(state=state, finished_at=now, ask_again_at=None)
    recharge = take_back.recharge
    corrections.note_returned(recharge=recharge)
    if take_back.taken_units:
        lot = CreditLot.objects.filter(transfer=recharge.transfer).first()
        price = (Decimal(recharge.net_cents) / to_credits(recharge.credits_units)).quantize(Decimal("0.000001"))
        reference = f"reversal:{reversal.public_id}:undone"
        credits.grant(
            wallet=wallet_of(recharge.account),
            amount=take_back.taken_units,
            terms=credits.Terms(price, recharge.currency, lot.expires_at if lot else None),
            cause=credits.Cause(TransferCode.CORRECTION, reference, f"recharge:{recharge.public_id}"),
            now=now,
        )
    _audit("recharge.reversal_undone", recharge, reversal, now)


def announce(recharge: Recharge, reversal: Reversal, now: datetime) -> None:
    """Tell the people who pay what went back, and how many credits with it."""
    take_back = TakeBack.objects.get(reversal=reversal)
    subject = f"recharge:{recharge.public_id}"
    notices.announce(
        account=recharge.account,
        kind=Kind.PAYMENT_REVERSED,
        subject=subject,
        context={
            "kind": reversal.kind,
            "gross_cents": reversal.amount_cents,
            "currency": recharge.currency,
            "credits_units": take_back.units,
            "missing_units": take_back.missing_units,
        },
        reference=f"reversal:{reversal.public_id}",
        now=now,
    )


def refund_key(reversal: Reversal) -> UUID:
    """The key with which the provider is asked for a refund: asked twice, it is given once."""
    return UUID(reversal.reference)


def _audit(action: str, recharge: Recharge, reversal: Reversal, now: datetime) -> None:
    audit.record(
        action=action,
        actor_id=reversal.created_by_id,
        account_id=recharge.account_id,
        subject=f"recharge:{recharge.public_id}",
        after={"kind": reversal.kind, "amount_cents": reversal.amount_cents, "reason": reversal.reason},
        now=now,
    )
