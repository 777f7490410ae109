"""What becomes of the invoice when its money goes back: a credit note for what was undone, to be paid what was not.

A sale is undone as far as both its money and its credits have gone back. So a credit note follows the credits that are
taken: what was spent, and only later taken from other credits, is corrected then. Until then the invoice is not paid.
"""

from datetime import datetime

from django.db.models import Sum
from django.utils import translation

from billing.invoices import credit_notes
from billing.invoices import services as invoices
from billing.invoices.models import CreditNote, Invoice
from billing.payments.models import Reversal
from billing.recharge.models import Recharge, TakeBack
from portal.transactions import unit_of_work

State = Reversal.State


@unit_of_work
def correct(*, take_back: TakeBack, now: datetime) -> CreditNote | None:
    """Issue a credit note for what has gone back, money and credits, and no note corrects yet; None when nothing has.

    Right whenever it is called: a dispute that is not decided, and a refund that is not carried out, wait. The last unit
    that is taken corrects the last cent, and never more than is left of the invoice.
    """
    take_back = (
        TakeBack.objects.select_for_update(of=("self",))
        .select_related("recharge__invoice", "reversal")
        .get(pk=take_back.pk)
    )
    invoice, reversal = take_back.recharge.invoice, take_back.reversal
    if invoice is None or take_back.undone_at or reversal.state != State.DONE:
        return None
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    cents = min(_gone_cents(take_back), take_back.noted_cents + invoice.left_cents)
    due_cents, due_units = cents - take_back.noted_cents, take_back.taken_units - take_back.noted_units
    reference = f"reversal:{reversal.public_id}:{take_back.noted_cents}"
    take_back.noted_cents, take_back.noted_units = cents, take_back.taken_units
    take_back.save(update_fields=["noted_cents", "noted_units"])
    if not due_cents:
        return None
    return credit_notes.issue(
        invoice=invoice,
        gross_cents=due_cents,
        quantity_units=due_units,
        reason=_reason(reversal, invoice.language),
        reference=reference,
        actor_id=reversal.created_by_id,
        now=now,
    )


@unit_of_work
def note_returned(*, recharge: Recharge) -> None:
    """Tell the invoice how much of its money is not with us any more."""
    if recharge.invoice is None:
        return
    gone = Reversal.objects.filter(payment=recharge.payment_id, state__in=(State.CONTESTED, State.DONE))
    cents = gone.aggregate(sum=Sum("amount_cents"))["sum"] or 0
    invoices.note_returned(invoice=recharge.invoice, cents=min(cents, recharge.gross_cents))


def _gone_cents(take_back: TakeBack) -> int:
    """As much of the money as its credits have been taken."""
    amount_cents = take_back.reversal.amount_cents
    if not take_back.missing_units:
        return amount_cents
    return amount_cents * take_back.taken_units // take_back.units


def _reason(reversal: Reversal, language: str) -> str:
    """Why the invoice is corrected, as it is printed: in the invoice's language, or in the words of who gave it back."""
    with translation.override(language):
        kind = str(Reversal.Kind(reversal.kind).label)
    return f"{kind} – {reversal.reason}" if reversal.reason else kind
