"""Money that came is credited once, never more than was bought, and every cent of it is accounted for."""

import random
import threading
import uuid
from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from billing.bank import closing, selectors, services, statements, tables, tasks
from billing.bank.codes import BookingKind, Finding, LineState
from billing.bank.entries import Fault, Unreadable
from billing.bank.models import BankStatement, Booking, StatementLine
from billing.credits import selectors as credits_selectors
from billing.invoices.models import Invoice
from billing.payments import services as payments
from billing.payments.creditor_reference import grouped
from billing.pricing.models import CreditPack
from billing.recharge import bank_transfers
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.notices.models import Notice
from tests.billing.bank.conftest import Buys, Imports, Paid, Waiting, camt, sums_are_right

State = Recharge.State


def test_a_line_with_reference_and_amount_pays_by_itself_once(
    waiting: Waiting, acme: Account, imports: Imports, olga: User, now: datetime
) -> None:
    (line,) = imports(Paid(waiting.cents, text=f"BONIFICO /RFB/{grouped(waiting.reference).lower()}"))
    paid = waiting.now()
    assert (line.state, line.open_cents, line.finding) == (LineState.BOOKED, 0, "")
    assert paid.invoice is not None
    assert (paid.state, paid.invoice.paid_by, paid.invoice.payment_reference) == (
        State.PAID,
        "bank_transfer",
        grouped(waiting.reference),
    )
    assert credits_selectors.balance(acme).available == paid.credits_units
    assert AuditEvent.objects.filter(action="bank_line.purchase", account=acme).count() == 1
    services.book_new(line=line, now=now)
    assert credits_selectors.balance(acme).available == paid.credits_units
    with pytest.raises(services.PurchaseNotOpen):
        services.undo(booking=Booking.objects.get(), reason="wrong", actor_id=olga.pk, now=now)
    assert sums_are_right()


def test_the_same_file_changes_nothing_and_an_overlapping_one_only_what_is_new(
    waiting: Waiting, imports: Imports, olga: User, now: datetime
) -> None:
    first, second = Paid(waiting.cents, structured=waiting.reference), Paid(700, text="rent")
    imports(first)
    with pytest.raises(statements.AlreadyImported) as known:
        imports(first)
    assert known.value.statement.added_count == 1
    with pytest.raises(statements.AlreadyImported):
        statements.import_lines(statement=known.value.statement, actor_id=olga.pk, now=now)
    (line,) = imports(first, second)
    assert (line.amount_cents, line.finding) == (700, Finding.NO_REFERENCE)
    made = BankStatement.objects.latest("pk")
    assert (made.added_count, made.known_count) == (1, 1)
    assert Invoice.objects.count() == 1


def test_parts_add_up_and_each_tells_what_is_missing(waiting: Waiting, acme: Account, imports: Imports) -> None:
    (part,) = imports(Paid(500, structured=waiting.reference))
    assert (part.state, waiting.now().state, waiting.attempt().missing_cents) == (LineState.BOOKED, State.WAITING, 12)
    assert not Invoice.objects.exists()
    assert credits_selectors.balance(acme).available == 0
    told = Notice.objects.filter(kind="bank_transfer", context__stage="partly").get()
    assert told.context["missing_cents"] == 12
    (rest,) = imports(Paid(100, structured=waiting.reference, day="2026-11-21"))
    assert (rest.open_cents, rest.finding, waiting.now().state) == (88, Finding.SURPLUS, State.PAID)
    assert Invoice.objects.get().gross_cents == waiting.cents
    assert sums_are_right()


def test_a_surplus_is_sent_back_or_used_for_the_same_customers_next_purchase_only(
    waiting: Waiting, acme: Account, globex: Account, alice: User, charlie: User, olga: User, buys: Buys, imports: Imports,
    now: datetime,
) -> None:  # fmt: skip
    (line,) = imports(Paid(waiting.cents * 3, structured=waiting.reference))
    stranger, following = buys(globex, charlie), buys(acme, alice)
    with pytest.raises(services.OtherCustomer):
        services.assign(line=line, recharge=stranger.recharge, open_cents=line.open_cents, actor_id=olga.pk, now=now)
    services.assign(line=line, recharge=following.recharge, open_cents=line.open_cents, actor_id=olga.pk, now=now)
    assert following.now().state == State.PAID
    with pytest.raises(services.LineTaken):
        services.set_aside(line=line, open_cents=line.open_cents, reason="late", actor_id=olga.pk, now=now)
    line.refresh_from_db()
    back = services.give_back(
        line=line, open_cents=512, reference="OUT-1", done_on=date(2026, 11, 21), reason="too much", actor_id=olga.pk,
        now=now,
    )  # fmt: skip
    line.refresh_from_db()
    assert (back.kind, back.amount_cents, line.state) == (BookingKind.RETURNED, waiting.cents, LineState.BOOKED)
    assert sums_are_right()


def test_paid_twice_waits_for_a_person_and_credits_nothing_more(
    waiting: Waiting, acme: Account, imports: Imports
) -> None:
    again = Paid(waiting.cents, structured=waiting.reference)
    lines = imports(again, again)
    assert [(each.state, each.finding) for each in lines] == [
        (LineState.BOOKED, ""),
        (LineState.OPEN, Finding.ALREADY_PAID),
    ]
    assert credits_selectors.balance(acme).available == waiting.now().credits_units


def test_what_comes_after_a_withdrawal_is_credited_only_by_a_person_whole_and_at_no_higher_price(
    waiting: Waiting, alice: User, olga: User, acme: Account, imports: Imports, now: datetime
) -> None:
    bank_transfers.withdraw(recharge=waiting.recharge, actor_id=alice.pk, now=now)
    few, line = imports(Paid(500, structured=waiting.reference), Paid(512, structured=waiting.reference))
    assert (line.finding, waiting.now().state) == (Finding.CLOSED, State.WITHDRAWN)
    assert [recharge for recharge, _ in selectors.proposals(line)] == [waiting.recharge]
    with pytest.raises(services.NotEnough):
        services.assign(line=few, recharge=waiting.recharge, open_cents=500, actor_id=olga.pk, now=now)
    CreditPack.objects.filter(credits=waiting.recharge.credits_units).update(price_cents=99_999)
    with pytest.raises(services.PriceHasRisen) as risen:
        services.assign(line=line, recharge=waiting.recharge, open_cents=512, actor_id=olga.pk, now=now)
    assert (risen.value.gross_cents or 0) > 512
    CreditPack.objects.filter(credits=waiting.recharge.credits_units).update(price_cents=420)
    services.assign(line=line, recharge=waiting.recharge, open_cents=512, actor_id=olga.pk, now=now)
    assert waiting.now().state == State.PAID
    assert AuditEvent.objects.get(action="recharge.paid").actor == olga
    assert sums_are_right()


def test_what_was_confirmed_by_hand_is_recognised_when_the_statement_comes(
    waiting: Waiting, olga: User, acme: Account, imports: Imports, now: datetime
) -> None:
    reference = uuid.uuid4()
    for _ in range(2):
        services.confirm_by_hand(
            recharge=waiting.recharge, amount_cents=512, missing_cents=512, received_on=date(2026, 11, 19), reason="seen in online banking",
            reference=reference, actor_id=olga.pk, now=now,
        )  # fmt: skip
    assert waiting.now().state == State.PAID
    again = Paid(512, structured=waiting.reference)
    line, twice = imports(again, again)
    assert (line.state, Booking.objects.get(line=line).kind) == (LineState.BOOKED, BookingKind.CONFIRMED)
    assert (twice.state, twice.finding) == (LineState.OPEN, Finding.ALREADY_PAID)
    assert credits_selectors.balance(acme).available == waiting.now().credits_units
    assert sums_are_right()


def test_a_part_that_two_kinds_of_files_tell_of_is_not_counted_twice(waiting: Waiting, imports: Imports) -> None:
    imports(Paid(300, structured=waiting.reference))
    table = f"Data contabile;Importo;Causale\n22/11/2026;3,00;bonifico {grouped(waiting.reference)}\n"
    (line,) = imports(content=table.encode())
    assert (line.state, line.finding, waiting.attempt().received_cents) == (LineState.OPEN, Finding.SEEN_BEFORE, 300)


def test_money_that_we_sent_and_that_came_back_pays_nothing(waiting: Waiting, imports: Imports) -> None:
    file = camt([Paid(512, structured=waiting.reference)]).replace(b"<Sts>", b"<RvslInd>true</RvslInd><Sts>")
    (line,) = imports(content=file)
    assert (line.finding, waiting.now().state) == (Finding.RETURNED, State.WAITING)


def test_a_booking_is_undone_once_by_another_one_and_the_money_is_open_again(
    waiting: Waiting, olga: User, imports: Imports, now: datetime
) -> None:
    (line,) = imports(Paid(300, text="no idea"))
    services.assign(line=line, recharge=waiting.recharge, open_cents=300, actor_id=olga.pk, now=now)
    assert waiting.attempt().received_cents == 300
    booking = Booking.objects.get()
    services.undo(booking=booking, reason="somebody else's", actor_id=olga.pk, now=now)
    with pytest.raises(services.AlreadyUndone):
        services.undo(booking=booking, reason="again", actor_id=olga.pk, now=now)
    line.refresh_from_db()
    assert (line.open_cents, line.state, line.finding) == (300, LineState.OPEN, Finding.REOPENED)
    assert waiting.attempt().received_cents == 0
    assert sums_are_right()


def test_columns_that_were_chosen_are_remembered_and_a_table_without_them_is_not_imported(
    olga: User, now: datetime
) -> None:
    def upload(day: int) -> BankStatement:
        content = f"Wann;Wieviel\n{day}.11.2026;5.12\n".encode()
        return statements.upload(content=content, file_name="t.csv", actor_id=olga.pk, now=now)

    first = upload(1)
    with pytest.raises(statements.PlanMissing):
        statements.import_lines(statement=first, actor_id=olga.pk, now=now)
    plan = tables.Plan({tables.DAY: 0, tables.AMOUNT: 1}, ".")
    statements.choose_columns(statement=first, plan=plan)
    statements.import_lines(statement=first, actor_id=olga.pk, now=now)
    _, (foreseen,) = statements.foresee(upload(2))
    assert (foreseen.entry.amount_cents, foreseen.entry.booked_on) == (512, date(2026, 11, 2))
    tasks.book_new_lines()
    assert StatementLine.objects.get().state == LineState.OPEN


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", Fault.EMPTY),
        (b"x" * 20_000_001, Fault.TOO_LARGE),
        (camt([Paid(1)], iban="DE02120300000000202051"), Fault.OTHER_ACCOUNT),
        (b"<svg/>", Fault.NO_STATEMENT),
    ],
    ids=["empty", "huge", "another account", "no statement"],
)
def test_a_file_that_is_not_ours_is_refused_before_it_is_kept(
    olga: User, now: datetime, content: bytes, fault: Fault
) -> None:
    with pytest.raises(Unreadable) as refused:
        statements.upload(content=content, file_name="x", actor_id=olga.pk, now=now)
    assert refused.value.fault == fault
    assert not BankStatement.objects.exists()


def test_what_is_foreseen_is_what_happens(waiting: Waiting, imports: Imports, olga: User, now: datetime) -> None:
    parts = [Paid(300, structured=waiting.reference), Paid(300, text=waiting.reference), Paid(7, text="x")]
    made = statements.upload(content=camt([parts]), file_name="a", actor_id=olga.pk, now=now)
    _, foreseen = statements.foresee(made)
    assert [(each.verdict.cents, each.verdict.left.value) for each in foreseen] == [
        (300, ""),
        (212, "surplus"),
        (0, "no_reference"),
    ]
    lines = imports([*parts])
    assert [(each.amount_cents - each.open_cents, each.finding) for each in lines] == [
        (each.verdict.cents, each.verdict.left.value) for each in foreseen
    ]


def test_whatever_staff_and_files_do_in_any_order_the_sums_are_right(
    acme: Account, globex: Account, alice: User, charlie: User, olga: User, buys: Buys, imports: Imports, now: datetime
) -> None:
    chance = random.Random(3)
    bought: dict[int, list[Waiting]] = {acme.pk: [], globex.pk: []}
    refused = (
        services.LineTaken, services.PurchaseNotOpen, services.NotEnough, services.OtherCustomer, services.AlreadyUndone,
        services.PriceHasRisen, services.MeanwhileReceived, bank_transfers.NotWithdrawable,
    )  # fmt: skip
    for step in range(70):
        account, buyer = chance.choice([(acme, alice), (globex, charlie)])
        mine = bought[account.pk]
        if not mine or mine[-1].now().state != State.WAITING:
            mine.append(buys(account, buyer))
        target = chance.choice(mine)
        lines = list(selectors.open_lines())
        try:
            match chance.randrange(8):
                case 0 | 1 | 2:
                    imports(
                        Paid(chance.choice([12, 200, 300, 512, 600]), structured=target.reference, reference=str(step))
                    )
                case 3 if lines:
                    line = chance.choice(lines)
                    services.assign(
                        line=line, recharge=target.recharge, open_cents=line.open_cents, actor_id=olga.pk, now=now
                    )
                case 4 if lines:
                    line = chance.choice(lines)
                    services.set_aside(line=line, open_cents=line.open_cents, reason="x", actor_id=olga.pk, now=now)
                case 5 if Booking.objects.exists():
                    booking = chance.choice(list(Booking.objects.order_by("pk")))
                    services.undo(booking=booking, reason="x", actor_id=olga.pk, now=now)
                case 6 if chance.random() < 0.5:
                    received = target.attempt().received_cents
                    closing.close_short(
                        recharge=target.recharge, received_cents=received, reason="x", actor_id=olga.pk, now=now
                    )
                case 7:
                    bank_transfers.withdraw(recharge=target.recharge, actor_id=buyer.pk, now=now)
        except refused:
            pass
        assert sums_are_right()
    paid = Recharge.objects.filter(state=State.PAID)
    assert paid.count() == Invoice.objects.count() >= 3
    for account in (acme, globex):
        units = paid.filter(account=account).aggregate(sum=Sum("credits_units"))["sum"] or 0
        assert credits_selectors.balance(account).available == units


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_exactly_one_wins(
    waiting: Waiting, acme: Account, olga: User, imports: Imports, now: datetime
) -> None:
    (line,) = imports(Paid(512, text="?"))
    ended: list[str] = []
    start = threading.Barrier(3)

    def act(decide: Callable[[], object]) -> None:
        start.wait()
        try:
            decide()
            ended.append("done")
        except services.LineTaken:
            ended.append("taken")
        finally:
            connection.close()

    def assign() -> object:
        return services.assign(line=line, recharge=waiting.recharge, open_cents=512, actor_id=olga.pk, now=now)

    def set_aside() -> object:
        return services.set_aside(line=line, open_cents=512, reason="not ours", actor_id=olga.pk, now=now)

    workers = [threading.Thread(target=act, args=(decide,)) for decide in (assign, assign, set_aside)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(ended) == ["done", "taken", "taken"]
    assert Booking.objects.count() == 1
    assert sums_are_right()


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("no_more_is_booked_than_came", {"open_cents": 701}),
        ("a_booked_line_has_nothing_open", {"state": "booked"}),
        ("never changes", {"amount_cents": 1}),
        ("never changes", {"text": "other"}),
    ],
    ids=["more", "booked", "amount", "text"],
)
def test_a_line_that_cannot_be_is_refused(
    imports: Imports, prices: None, constraint: str, change: dict[str, object]
) -> None:
    imports(Paid(700))
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        StatementLine.objects.update(**change)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_line_is_kept_once", {}),
        ("a_line_brings_money", {"amount_cents": 0, "open_cents": 0, "state": "booked"}),
        ("a_line_comes_from_a_statement_or_a_person", {"is_by_hand": True}),
    ],
    ids=["twice", "nothing", "by hand"],
)
def test_a_line_that_cannot_be_is_not_kept(
    imports: Imports, prices: None, constraint: str, change: dict[str, object]
) -> None:
    (line,) = imports(Paid(700))
    line.pk, line.public_id = None, uuid.uuid4()
    line.key = f"{line.key[:-1]}!" if change else line.key
    for name, value in change.items():
        setattr(line, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        line.save(force_insert=True)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_booking_decides_about_money", {"amount_cents": 0}),
        ("a_booking_says_what_it_was_for", {"kind": "purchase"}),
        ("a_booking_says_what_it_was_for", {"kind": "returned", "done_on": None}),
    ],
    ids=["nothing", "no purchase", "no day"],
)
def test_a_booking_that_cannot_be_is_refused(
    imports: Imports, olga: User, now: datetime, constraint: str, change: dict[str, object]
) -> None:
    (line,) = imports(Paid(700))
    given = {"line": line, "kind": "not_ours", "amount_cents": 700, "created_by": olga, "created_at": now, **change}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Booking.objects.create(**given)
    booking = Booking.objects.create(line=line, kind="not_ours", amount_cents=700, created_by=olga, created_at=now)
    with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(reason="changed")


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_statement_is_imported_once", {}),
        ("an_imported_statement_says_what_it_added", {"added_count": None, "digest": "x"}),
    ],
    ids=["twice", "no count"],
)
def test_a_statement_that_cannot_be_is_refused(imports: Imports, constraint: str, change: dict[str, object]) -> None:
    imports(Paid(700))
    made = BankStatement.objects.get()
    made.pk, made.public_id = None, uuid.uuid4()
    for name, value in change.items():
        setattr(made, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        made.save(force_insert=True)


def test_more_than_was_asked_is_never_received(waiting: Waiting, now: datetime) -> None:
    for cents in (513, -1):
        with pytest.raises(payments.TooMuch):
            payments.receive(attempt=waiting.attempt(), cents=cents, now=now)
