"""Questions about the bank: what is expected, which lines wait for a person, and what they may be for."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value

from billing.bank import matching
from billing.bank.codes import BookingKind, LineState
from billing.bank.entries import Entry
from billing.bank.matching import Expected, Standing
from billing.bank.models import BankStatement, Booking, OutgoingLine, StatementLine
from billing.payments.creditor_reference import references_in
from billing.payments.models import Attempt
from billing.recharge import bank_transfers
from billing.recharge.models import Recharge

# Two kinds of files may name a day differently: when it was booked, or when it counts.
DAYS_APART: Final = timedelta(days=5)


def references(line: StatementLine | Entry) -> set[str]:
    """Every reference of our shape that a line quotes, in the field for it or anywhere in its texts."""
    return references_in(line.structured) | references_in(line.text)


def expected(quoted: Collection[str]) -> dict[str, Expected]:
    """What we asked for under these references, by reference; those that are not ours are missing."""
    tries = Attempt.objects.filter(provider="bank", provider_reference__in=quoted)
    return {each.reference: each for each in _expected(tries)}


def awaited() -> list[Expected]:
    """Every bank transfer that is waited for, with the bank accounts that paid for its customer before."""
    return _expected(bank_transfers.awaited(), with_ibans=True)


def unconfirmed(attempt: Attempt, cents: int) -> StatementLine:
    """A confirmation by hand of exactly `cents` for a try that no line of a statement has turned out to be yet."""
    confirmed = active_bookings().filter(confirms=OuterRef("line"))
    by_hand = active_bookings().filter(attempt=attempt, line__is_by_hand=True, line__amount_cents=cents)
    return by_hand.filter(~Exists(confirmed)).order_by("pk").select_related("line")[0].line


def active_bookings() -> QuerySet[Booking]:
    """The bookings that stand: neither undone nor undoing."""
    return Booking.objects.filter(undoes=None, undone_by=None)


def open_lines() -> QuerySet[StatementLine]:
    """The lines that are not decided, the oldest first; what is new is looked at by itself within a minute."""
    return StatementLine.objects.exclude(state=LineState.BOOKED).order_by("booked_on", "pk")


def outgoing_lines() -> QuerySet[OutgoingLine]:
    """Money that went out, newest first."""
    return OutgoingLine.objects.order_by("-booked_on", "-pk")


def sent_back(lines: Sequence[OutgoingLine]) -> dict[int, Booking]:
    """Which of these are money that a booking says to have been sent back, by the key of the line: the same amount, under
    the reference that was written down with it."""
    amounts = {line.amount_cents for line in lines}
    known = active_bookings().filter(kind=BookingKind.RETURNED, amount_cents__in=amounts).exclude(reference="")
    bookings = list(known.select_related("line").order_by("pk"))
    found = {}
    for line in lines:
        written = f"{line.text} {line.structured} {line.bank_reference}"
        mine = (each for each in bookings if each.amount_cents == line.amount_cents)
        if booking := next((each for each in mine if _stands_in(written, each.reference)), None):
            found[line.pk] = booking
            bookings.remove(booking)
    return found


def _stands_in(text: str, reference: str) -> bool:
    """Whether a text has the reference as a whole, and not the beginning of a longer one."""
    said, wanted = (" ".join(each.casefold().split()) for each in (text, reference))
    return bool(wanted) and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", said) is not None


def waiting_counts(now: datetime) -> tuple[int, int, int]:
    """How many lines wait for a person, how many bank transfers came only in part, and how many files were uploaded and
    neither imported nor thrown away; asked for in one go."""
    sets: tuple[QuerySet[Any], ...]
    sets = (open_lines(), bank_transfers.stuck(now), BankStatement.objects.filter(imported_at=None))
    counted = [
        each.order_by()
        .annotate(which=Value(which))
        .values("which")
        .annotate(count=Count("pk"))
        .values_list("which", "count")
        for which, each in enumerate(sets)
    ]
    counts: dict[int, int] = dict(counted[0].union(*counted[1:], all=True))
    return counts.get(0, 0), counts.get(1, 0), counts.get(2, 0)


def statements() -> QuerySet[BankStatement]:
    """The files, newest first, without what they hold."""
    return BankStatement.objects.defer("content").select_related("created_by").order_by("-pk")


def proposals(line: StatementLine) -> list[tuple[Recharge, tuple[matching.Why, ...]]]:
    """The purchases that a line may be for, the likeliest first, and what speaks for each.

    A closed purchase that it quotes comes first: only a person may credit that one.
    """
    quoted = [each for each in expected(references(line)).values() if each.standing == Standing.CLOSED]
    found = [matching.Proposal(each.attempt_id, (matching.Why.DIGITS,)) for each in quoted]
    text = f"{line.text} {line.structured}"
    found += matching.propose(line.open_cents, text, line.payer_name, line.payer_iban, awaited())
    tries = Attempt.objects.select_related("payment__recharge__account").in_bulk([each.attempt_id for each in found])
    return [(tries[each.attempt_id].payment.recharge, each.reasons) for each in found]


def is_seen_before(line: StatementLine | Entry, statement: BankStatement) -> bool:
    """Whether another file has brought a line like this one under another key: same amount, same payer or reference."""
    apart = DAYS_APART
    same_kind = Q(statement__kind=statement.kind, booked_on=line.booked_on)
    other_kind = ~Q(statement__kind=statement.kind) & Q(
        booked_on__range=(line.booked_on - apart, line.booked_on + apart)
    )
    alike = StatementLine.objects.filter(same_kind | other_kind, iban=statement.iban, amount_cents=line.amount_cents)
    quoted = references(line)
    others = alike.filter(statement__isnull=False).exclude(statement=statement.pk)
    return any(
        (quoted and quoted == references(other))
        or (bool(line.bank_reference) and line.bank_reference == other.bank_reference)
        for other in others
    )


def _expected(tries: QuerySet[Attempt], *, with_ibans: bool = False) -> list[Expected]:
    found = list(tries.select_related("payment__recharge__account__billing_details"))
    by_hand = _by_hand(each.pk for each in found)
    ibans = _ibans(each.payment.account_id for each in found) if with_ibans else {}
    return [
        Expected(
            each.pk,
            each.provider_reference,
            each.missing_cents,
            _standing(each),
            company=_company(each),
            ibans=frozenset(ibans.get(each.payment.account_id, ())),
            by_hand_cents=tuple(by_hand.get(each.pk, ())),
        )
        for each in found
    ]


def _standing(attempt: Attempt) -> Standing:
    state = attempt.payment.recharge.state
    if state == Recharge.State.PAID:
        return Standing.PAID
    return Standing.OPEN if state == Recharge.State.WAITING else Standing.CLOSED


def _company(attempt: Attempt) -> str:
    account = attempt.payment.recharge.account
    details = getattr(account, "billing_details", None)
    return str(details.company) if details and details.company else account.name


def _by_hand(attempt_ids: Iterable[int]) -> dict[int, list[int]]:
    """The sums that were confirmed by hand for each try, and that no line of a statement has turned out to be yet."""
    confirmed = active_bookings().filter(confirms=OuterRef("line"))
    bookings = active_bookings().filter(attempt__in=list(attempt_ids), line__is_by_hand=True)
    found: dict[int, list[int]] = defaultdict(list)
    for attempt_id, cents in bookings.filter(~Exists(confirmed)).values_list("attempt_id", "line__amount_cents"):
        found[int(attempt_id or 0)].append(cents)
    return found


def _ibans(account_ids: Iterable[int]) -> dict[int, set[str]]:
    """The bank accounts that paid for each account before."""
    paid = active_bookings().filter(attempt__payment__account__in=list(account_ids)).exclude(line__payer_iban="")
    found: dict[int, set[str]] = defaultdict(set)
    for account_id, iban in paid.values_list("attempt__payment__account", "line__payer_iban"):
        found[int(account_id or 0)].add(iban)
    return found
