"""Deciding what money that came was for: by itself where a line says so beyond doubt, else by a person.

Whoever books takes the line's row first and then the recharge's, so that of two at once one waits and finds it done.
"""

from datetime import date, datetime
from uuid import UUID

from billing.bank import matching, reading, selectors
from billing.bank.bookings import write, write_undoing
from billing.bank.codes import BookingKind, LineState
from billing.bank.entries import CURRENCY
from billing.bank.matching import Left
from billing.bank.models import BankStatement, Booking, StatementLine
from billing.bank.prices import PriceHasRisen, check_price
from billing.payments import services as payments
from billing.payments.models import Attempt
from billing.payments.providers.base import Answer, Outcome
from billing.recharge import selectors as recharge_selectors
from billing.recharge import telling
from billing.recharge.models import Recharge
from billing.recharge.services import conclude
from portal.notices.codes import Stage
from portal.transactions import unit_of_work

__all__ = [
    "AlreadyUndone",
    "LineTaken",
    "MeanwhileReceived",
    "NotEnough",
    "OtherCustomer",
    "PriceHasRisen",
    "PurchaseNotOpen",
    "assign",
    "book_new",
    "confirm_by_hand",
    "give_back",
    "set_aside",
    "undo",
]


class LineTaken(Exception):
    """Somebody has decided about this line, or a part of it, in the meantime."""


class MeanwhileReceived(Exception):
    """More has come for this purchase than the person saw."""


class PurchaseNotOpen(Exception):
    """The purchase is paid already, or is not paid by bank transfer."""


class NotEnough(Exception):
    """A purchase that was closed is credited only whole."""


class OtherCustomer(Exception):
    """A part of the line has paid for another customer's purchase; the rest is that customer's."""


class AlreadyUndone(Exception):
    """The booking has been undone, or is one that undoes another."""


@unit_of_work
def book_new(*, line: StatementLine, now: datetime) -> None:
    """Look at a new line, once: book what it says beyond doubt, and leave the rest to a person."""
    line = StatementLine.objects.select_for_update().get(pk=line.pk)
    if line.state != LineState.NEW:
        return
    quoted = selectors.references(line)
    ours = Attempt.objects.filter(provider="bank", provider_reference__in=quoted).order_by().values("payment_id")
    list(Recharge.objects.select_for_update(of=("self",)).filter(payment_id__in=ours).order_by("pk"))
    expected = selectors.expected(quoted)
    seen_before = bool(expected) and selectors.is_seen_before(line, _file_of(line))
    verdict = matching.decide(line.open_cents, quoted, expected, seen_before=seen_before, is_return=line.is_return)
    if verdict.attempt_id is None:
        StatementLine.objects.filter(pk=line.pk).update(state=LineState.OPEN, finding=verdict.left.value)
        if verdict.left == Left.ALREADY_PAID:
            [paid] = expected.values()
            _tell_of_surplus(line, Attempt.objects.get(pk=paid.attempt_id), now)
        return
    attempt = Attempt.objects.get(pk=verdict.attempt_id)
    if verdict.confirms:
        confirmed = selectors.unconfirmed(attempt, line.amount_cents)
        booking = Booking(kind=BookingKind.CONFIRMED, amount_cents=line.open_cents, confirms=confirmed)
        write(line, booking, actor_id=None, now=now)
    else:
        _pay(line, attempt, verdict.cents, actor_id=None, now=now)
        if line.open_cents:
            _tell_of_surplus(line, attempt, now)


@unit_of_work
def assign(*, line: StatementLine, recharge: Recharge, open_cents: int, actor_id: int, now: datetime) -> Recharge:
    """Use what is open of a line for a purchase: as much as is missing there, never more.

    `open_cents` is what the person saw. A purchase that was closed is credited whole or not at all, at the price it
    had, unless credits cost more today. Raises `LineTaken`, `PurchaseNotOpen`, `NotEnough`, `OtherCustomer`,
    `PriceHasRisen`.
    """
    line = _take(line, open_cents)
    return _assign(line, recharge, actor_id, now)


@unit_of_work
def give_back(
    *, line: StatementLine, open_cents: int, reference: str, done_on: date, reason: str, actor_id: int, now: datetime
) -> Booking:
    """Write down that what was open of a line has been sent back: on which day, under which reference of ours.

    Raises `LineTaken`.
    """
    line = _take(line, open_cents)
    booking = Booking(
        kind=BookingKind.RETURNED, amount_cents=line.open_cents, reference=reference, done_on=done_on, reason=reason
    )
    return write(line, booking, actor_id=actor_id, now=now)


@unit_of_work
def set_aside(*, line: StatementLine, open_cents: int, reason: str, actor_id: int, now: datetime) -> Booking:
    """Say that what is open of a line is not for credits, and why. Raises `LineTaken`."""
    line = _take(line, open_cents)
    booking = Booking(kind=BookingKind.NOT_OURS, amount_cents=line.open_cents, reason=reason)
    return write(line, booking, actor_id=actor_id, now=now)


@unit_of_work
def confirm_by_hand(
    *,
    recharge: Recharge,
    amount_cents: int,
    missing_cents: int,
    received_on: date,
    reason: str,
    reference: UUID,
    actor_id: int,
    now: datetime,
) -> StatementLine:
    """Say that money came, before a statement does; `reference` makes it once. The line that tells of it later is
    recognised by reference and amount, and pays nothing again.

    `missing_cents` is what the person saw to be missing: of two who confirm the same money one finds that it has come.
    Raises `MeanwhileReceived`, and what `assign` raises.
    """
    # The purchase's row is the queue: of two who confirm the second finds what the first has done.
    list(Recharge.objects.select_for_update(of=("self",)).filter(pk=recharge.pk))
    key = f"by-hand:{reference}"
    if known := StatementLine.objects.filter(iban=reading.operator_iban(), key=key).first():
        return known
    if recharge_selectors.progress(recharge).missing_cents != missing_cents:
        raise MeanwhileReceived
    line = StatementLine.objects.create(
        iban=reading.operator_iban(),
        key=key,
        booked_on=received_on,
        amount_cents=amount_cents,
        open_cents=amount_cents,
        currency=CURRENCY,
        text=reason,
        is_by_hand=True,
        state=LineState.OPEN,
        created_by_id=actor_id,
        created_at=now,
    )
    _assign(line, recharge, actor_id, now)
    return line


@unit_of_work
def undo(*, booking: Booking, reason: str, actor_id: int, now: datetime) -> Booking:
    """Undo a booking by another one: its money is open again. A purchase that is paid stays so; it is refunded.

    Raises `AlreadyUndone`, `PurchaseNotOpen`.
    """
    line = StatementLine.objects.select_for_update().get(pk=booking.line_id)
    if booking.undoes_id or Booking.objects.filter(undoes=booking).exists():
        raise AlreadyUndone
    if booking.attempt is not None:
        recharge = Recharge.objects.select_for_update(of=("self",)).get(payment=booking.attempt.payment_id)
        if recharge.state == Recharge.State.PAID:
            raise PurchaseNotOpen
    return write_undoing(line, booking, reason=reason, actor_id=actor_id, now=now)


def _file_of(line: StatementLine) -> BankStatement:
    """The file that brought a line, without what it holds."""
    return BankStatement.objects.defer("content").get(lines=line)


def _tell_of_surplus(line: StatementLine, attempt: Attempt, now: datetime) -> None:
    """Tell the customer that what is open of a line was not asked for."""
    recharge = Recharge.objects.select_related("account").get(payment=attempt.payment_id)
    telling.of_surplus(recharge, recharge_selectors.progress(recharge), line.open_cents, str(line.public_id), now)


def _take(line: StatementLine, open_cents: int) -> StatementLine:
    line = StatementLine.objects.select_for_update().get(pk=line.pk)
    if line.state == LineState.BOOKED or line.open_cents != open_cents:
        raise LineTaken
    return line


def _assign(line: StatementLine, recharge: Recharge, actor_id: int, now: datetime) -> Recharge:
    recharge = Recharge.objects.select_for_update(of=("self",)).select_related("account").get(pk=recharge.pk)
    attempt = recharge_selectors.progress(recharge)
    if attempt.provider != "bank" or recharge.state == Recharge.State.PAID:
        raise PurchaseNotOpen
    paid_for = selectors.active_bookings().filter(line=line, attempt__isnull=False).first()
    if paid_for and paid_for.attempt and paid_for.attempt.payment.account.customer_id != recharge.account.customer_id:
        raise OtherCustomer
    if recharge.state != Recharge.State.WAITING:
        if line.open_cents < attempt.missing_cents:
            raise NotEnough
        check_price(recharge=recharge, now=now)
    return _pay(line, attempt, min(line.open_cents, attempt.missing_cents), actor_id=actor_id, now=now)


def _pay(line: StatementLine, attempt: Attempt, cents: int, *, actor_id: int | None, now: datetime) -> Recharge:
    """Book `cents` of a line for a purchase; when nothing is missing any more, credit and invoice it."""
    write(
        line,
        Booking(kind=BookingKind.PURCHASE, amount_cents=cents, attempt=attempt),
        actor_id=actor_id,
        now=now,
        account_id=attempt.payment.account_id,
    )
    attempt = payments.receive(attempt=attempt, cents=cents, now=now)
    recharge = Recharge.objects.select_related("account").get(payment=attempt.payment_id)
    if attempt.missing_cents:
        telling.of_transfer(recharge, attempt, Stage.PARTLY, now)
        return recharge
    answer = Answer(Outcome.SUCCEEDED, amount_cents=attempt.amount_cents, currency=attempt.currency)
    return conclude(recharge=recharge, attempt=attempt, answer=answer, now=now, actor_id=actor_id)
