"""Closing a purchase of which only a part has come: its money is open again on its lines, for a person to decide about."""

from datetime import datetime

from billing.bank import selectors
from billing.bank.bookings import write_undoing
from billing.bank.models import StatementLine
from billing.bank.services import MeanwhileReceived, PurchaseNotOpen
from billing.payments.providers.base import Answer, Outcome
from billing.payments.reasons import Reason
from billing.recharge import selectors as recharge_selectors
from billing.recharge import telling
from billing.recharge.models import Recharge
from billing.recharge.services import conclude
from portal.notices.codes import Stage
from portal.transactions import unit_of_work


@unit_of_work
def close_short(
    *, recharge: Recharge, received_cents: int, reason: str, actor_id: int, now: datetime
) -> list[StatementLine]:
    """Stop waiting for the rest of a bank transfer; return the lines on which what came of it is open again.

    `received_cents` is what the person saw to have come. The customer is told. Raises `PurchaseNotOpen` unless a part,
    and only a part, has come, and `MeanwhileReceived`.
    """
    attempt = recharge_selectors.progress(recharge)
    paid = selectors.active_bookings().filter(attempt=attempt)
    # The lines' rows first, then the recharge's: the order of whoever books.
    lines = {
        line.pk: line
        for line in StatementLine.objects.select_for_update().filter(pk__in=paid.values("line")).order_by("pk")
    }
    recharge = Recharge.objects.select_for_update(of=("self",)).select_related("account").get(pk=recharge.pk)
    attempt = recharge_selectors.progress(recharge)
    if attempt.provider != "bank" or recharge.state != Recharge.State.WAITING or not attempt.received_cents:
        raise PurchaseNotOpen
    bookings = list(paid.select_related("attempt__payment").order_by("pk"))
    if attempt.received_cents != received_cents or any(booking.line_id not in lines for booking in bookings):
        raise MeanwhileReceived
    for booking in bookings:
        write_undoing(lines[booking.line_id], booking, reason=reason, actor_id=actor_id, now=now)
    telling.of_transfer(recharge, attempt, Stage.CLOSED_SHORT, now)
    answer = Answer(Outcome.DECLINED, reason=Reason.CLOSED_SHORT)
    conclude(recharge=recharge, attempt=attempt, answer=answer, now=now, actor_id=actor_id)
    return list(lines.values())
