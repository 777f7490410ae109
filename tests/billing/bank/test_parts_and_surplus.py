"""A transfer that came only in part is shown after some days and can be closed; what came too much is told. No cent is lost."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.bank import closing, selectors, services
from billing.bank.codes import Finding, LineState
from billing.bank.models import BankStatement, Booking, StatementLine
from billing.credits import selectors as credits_selectors
from billing.payments.models import PaymentPolicy
from billing.recharge import bank_transfers
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.notices import wording
from portal.notices.models import Notice
from tests.billing.bank.conftest import Buys, Imports, Paid, Waiting, sums_are_right
from tests.conftest import SignedIn

State = Recharge.State
DAY = timedelta(days=1)


def close(waiting: Waiting, olga: User, cents: int, at: datetime) -> list[StatementLine]:
    return closing.close_short(
        recharge=waiting.recharge, received_cents=cents, reason="nothing follows", actor_id=olga.pk, now=at
    )


def said(stage: str) -> list[str]:
    notices = Notice.objects.filter(kind="bank_transfer", context__stage=stage).order_by("pk")
    return [" ".join((words.subject, *words.sentences)) for words in map(wording.words, notices)]


def test_a_part_waits_for_a_person_as_many_days_after_it_as_the_policy_says(
    waiting: Waiting, imports: Imports, now: datetime
) -> None:
    imports(Paid(300, structured=waiting.reference))
    assert not bank_transfers.stuck(now + 6.9 * DAY).exists()
    assert bank_transfers.stuck(now + 7 * DAY).get() == waiting.attempt()
    PaymentPolicy.objects.create(valid_from=now + 7 * DAY, provisional_limit_cents=0, part_days=20)
    assert not bank_transfers.stuck(now + 19 * DAY).exists()
    assert bank_transfers.stuck(now + 20 * DAY).exists()
    assert selectors.waiting_counts(now + 20 * DAY) == (0, 1, 0)
    # Whatever the policy says: when its time is over it waits for a person.
    PaymentPolicy.objects.update(part_days=300)
    assert bank_transfers.stuck(now + 31 * DAY).exists()


def test_a_part_that_is_closed_short_is_open_on_its_lines_and_the_customer_is_told(
    waiting: Waiting, acme: Account, alice: User, olga: User, buys: Buys, imports: Imports, now: datetime
) -> None:
    first, second = imports(Paid(300, structured=waiting.reference), Paid(200, text=waiting.reference))
    with pytest.raises(services.MeanwhileReceived):
        close(waiting, olga, 300, now)
    assert close(waiting, olga, 500, now) == [first, second]
    with pytest.raises(services.PurchaseNotOpen):
        close(waiting, olga, 500, now)
    lines = list(StatementLine.objects.order_by("pk"))
    assert [(line.open_cents, line.finding) for line in lines] == [(300, Finding.REOPENED), (200, Finding.REOPENED)]
    assert (waiting.now().state, waiting.attempt().received_cents) == (State.EXPIRED, 0)
    assert credits_selectors.balance(acme).available == 0
    (mail,) = said("closed_short")
    assert "€5.00 of your bank transfer of €5.12 have come, and the rest has not followed." in mail
    assert AuditEvent.objects.get(action="recharge.expired").actor == olga
    assert sums_are_right()
    # One part buys again, the other goes back.
    following = buys(acme, alice)
    services.assign(line=lines[0], recharge=following.recharge, open_cents=300, actor_id=olga.pk, now=now)
    services.give_back(
        line=lines[1], open_cents=200, reference="OUT-1", done_on=now.date(), reason="", actor_id=olga.pk, now=now
    )
    assert following.attempt().missing_cents == 212
    # The rest that comes after all finds a closed purchase, and a person.
    (late,) = imports(Paid(12, structured=waiting.reference, day="2026-12-20"))
    assert (late.state, late.finding) == (LineState.OPEN, Finding.CLOSED)
    assert sums_are_right()


def test_what_is_not_begun_or_is_paid_is_not_closed_short(
    waiting: Waiting, olga: User, imports: Imports, now: datetime
) -> None:
    with pytest.raises(services.PurchaseNotOpen):
        close(waiting, olga, 0, now)
    imports(Paid(waiting.cents, structured=waiting.reference))
    with pytest.raises(services.PurchaseNotOpen):
        close(waiting, olga, waiting.cents, now)
    assert waiting.now().state == State.PAID


@pytest.mark.django_db(transaction=True)
def test_of_the_rest_that_comes_and_a_person_who_closes_at_once_one_wins_and_nothing_is_lost(
    waiting: Waiting, acme: Account, olga: User, imports: Imports, now: datetime
) -> None:
    imports(Paid(300, structured=waiting.reference))
    rest = StatementLine.objects.create(
        statement=BankStatement.objects.get(),
        iban="IT60X0542811101000000123456",
        key="rest",
        booked_on=now.date(),
        amount_cents=212,
        open_cents=212,
        currency="EUR",
        structured=waiting.reference,
        created_at=now,
    )
    start = threading.Barrier(2)

    def act(decide: Callable[[], object]) -> None:
        start.wait()
        try:
            decide()
        except (services.MeanwhileReceived, services.PurchaseNotOpen):
            pass
        finally:
            connection.close()

    both = (lambda: close(waiting, olga, 300, now), lambda: services.book_new(line=rest, now=now))
    workers = [threading.Thread(target=act, args=(decide,)) for decide in both]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    is_paid = waiting.now().state == State.PAID
    assert sum(selectors.open_lines().values_list("open_cents", flat=True)) == (0 if is_paid else 512)
    assert credits_selectors.balance(acme).available == (waiting.now().credits_units if is_paid else 0)
    assert sums_are_right()


def test_too_much_and_paid_twice_are_told_once_each_and_what_two_files_tell_of_is_not(
    waiting: Waiting, imports: Imports, now: datetime
) -> None:
    (line,) = imports(Paid(waiting.cents + 100, structured=waiting.reference))
    assert ["€1.00 more than asked for have come" in mail for mail in said("surplus")] == [True]
    services.book_new(line=line, now=now)
    imports(Paid(waiting.cents, structured=waiting.reference, reference="B-2"))
    assert "€5.12 more than were missing" in said("surplus")[1]
    table = f"Data contabile;Importo;Causale\n20/11/2026;5,12;bonifico {waiting.reference}\n"
    (again,) = imports(content=table.encode())
    assert (again.finding, len(said("surplus"))) == (Finding.SEEN_BEFORE, 2)


def test_staff_close_a_part_on_its_page_and_go_on_to_its_line(
    waiting: Waiting, alice: User, olga: User, imports: Imports, signed_in: SignedIn
) -> None:
    desk: Client = signed_in(olga)
    url = reverse("desk_bank_transfer", args=[waiting.recharge.payment.public_id])
    assert "Close it without the rest" not in desk.get(url).content.decode()
    imports(Paid(300, structured=waiting.reference))
    page = desk.get(url).content.decode()
    assert "Close it without the rest" in page
    assert "The €3.00 that came are to be decided again" in page
    closure = reverse("desk_bank_closure", args=[waiting.recharge.payment.public_id])
    refused = desk.post(closure, {"received_cents": "300", "reason": ""}, follow=True)
    assert "Say why the rest is not waited for any more." in refused.content.decode()
    stale = desk.post(closure, {"received_cents": "200", "reason": "x"}, follow=True)
    assert "Money has come for this purchase in the meantime." in stale.content.decode()
    done = desk.post(closure, {"received_cents": "300", "reason": "x"}, follow=True).content.decode()
    assert "Decide now what becomes of the money that came." in done
    assert "Write the return down" in done
    assert Booking.objects.filter(undoes__isnull=False).get().created_by == olga
    assert not bank_transfers.stuck(timezone.now() + 90 * DAY).exists()
    mine = reverse("recharge", args=[waiting.recharge.account.public_id, waiting.recharge.public_id])
    assert "Only a part of your bank transfer came" in signed_in(alice).get(mine).content.decode()
