"""Writing bookings: whoever calls has taken the line's row, and then the recharge's."""

from datetime import datetime

from billing.bank.codes import Finding, LineState
from billing.bank.matching import Left
from billing.bank.models import Booking, StatementLine
from billing.payments import services as payments
from portal.audit import services as audit


def write_undoing(line: StatementLine, booking: Booking, *, reason: str, actor_id: int, now: datetime) -> Booking:
    """Write the booking that undoes another one of the line; what a try had received with it, it has not."""
    if booking.attempt is not None:
        payments.receive(attempt=booking.attempt, cents=-booking.amount_cents, now=now)
    undoing = Booking(
        kind=booking.kind,
        amount_cents=booking.amount_cents,
        attempt=booking.attempt,
        confirms=booking.confirms,
        done_on=booking.done_on,
        undoes=booking,
        reason=reason,
    )
    account_id = booking.attempt.payment.account_id if booking.attempt else None
    return write(line, undoing, actor_id=actor_id, now=now, account_id=account_id)


def write(
    line: StatementLine, booking: Booking, *, actor_id: int | None, now: datetime, account_id: int | None = None
) -> Booking:
    """Write a booking and what it leaves open of its line, whose row is taken by the caller."""
    is_undoing = booking.undoes is not None
    left = line.open_cents + booking.amount_cents if is_undoing else line.open_cents - booking.amount_cents
    finding = Finding.NONE if left == 0 else Finding.REOPENED if is_undoing else Finding(Left.SURPLUS.value)
    booking.line, booking.created_by_id, booking.created_at = line, actor_id, now
    booking.save(force_insert=True)
    line.open_cents, line.finding = left, finding
    line.state = LineState.OPEN if left else LineState.BOOKED
    line.save(update_fields=["open_cents", "state", "finding"])
    audit.record(
        action="bank_line.undone" if is_undoing else f"bank_line.{booking.kind}",
        actor_id=actor_id,
        account_id=account_id,
        subject=f"statement_line:{line.public_id}",
        after={
            "amount_cents": booking.amount_cents,
            "open_cents": left,
            "attempt": str(booking.attempt.key) if booking.attempt else "",
            "reason": booking.reason,
            "reference": booking.reference,
        },
        now=now,
    )
    return booking
