"""Staff at the bank account: a file is looked at, imported once, and every line that is in doubt is decided once."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.bank.models import BankStatement, Booking, StatementLine
from billing.payments import services as payments
from billing.payments.creditor_reference import grouped
from billing.pricing import selectors as pricing_selectors
from billing.recharge import selectors as recharge_selectors
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.backoffice import search
from tests.billing.bank.conftest import Paid, camt
from tests.conftest import SignedIn


@pytest.fixture
def desk(olga: User, signed_in: SignedIn) -> Client:
    return signed_in(olga)


@pytest.fixture
def waiting(acme: Account, alice: User, prices: None) -> Recharge:
    """A purchase of EUR 5.12 that waits for its bank transfer."""
    now = timezone.now()
    method = payments.bank_transfer(account=acme, label="Bank transfer", actor_id=alice.pk, now=now)
    pack = pricing_selectors.packs(acme, now)[0]
    reference = "00000000-0000-0000-0000-000000000001"
    return recharges.buy(account=acme, pack=pack, method=method, reference=reference, actor_id=alice.pk, now=now)  # type: ignore[arg-type]


def quoted(recharge: Recharge) -> str:
    return recharge_selectors.progress(recharge).provider_reference


def choose(desk: Client, content: bytes, name: str = "statement.xml") -> HttpResponse:
    chosen = SimpleUploadedFile(name, content)
    return desk.post(reverse("desk_bank_statements"), {"file": chosen}, follow=True)  # type: ignore[return-value]


def press(desk: Client, name: str, id: object, **given: object) -> str:
    return desk.post(reverse(name, args=[id]), given, follow=True).content.decode()


def imported(desk: Client, *entries: Paid) -> list[StatementLine]:
    choose(desk, camt(entries))
    made = BankStatement.objects.latest("pk")
    press(desk, "desk_bank_import", made.public_id)
    return list(made.lines.order_by("pk"))


def test_a_file_is_looked_at_then_imported_once_and_pays(
    desk: Client, waiting: Recharge, alice: User, signed_in: SignedIn
) -> None:
    day = timezone.localdate().isoformat()
    file = camt([Paid(512, structured=quoted(waiting), day=day), Paid(700, text="rent"), Paid(9, direction="DBIT")])
    page = choose(desk, file).content.decode()
    for words in ("Pays a purchase", "It holds none of our references.", "Money that went out", "Booked automatically"):
        assert words in page
    assert not StatementLine.objects.exists()
    made = BankStatement.objects.get()
    assert "2 lines were added." in press(desk, "desk_bank_import", made.public_id)
    assert "Nothing has changed." in press(desk, "desk_bank_import", made.public_id)
    assert "Nothing has changed." in choose(desk, file).content.decode()
    waiting.refresh_from_db()
    assert waiting.state == Recharge.State.PAID
    assert "rent" in desk.get(reverse("desk_bank")).content.decode()
    assert "1 line of a bank statement to decide" in desk.get(reverse("desk")).content.decode()
    assert "Acme S.r.l." in desk.get(reverse("desk_bank_booked")).content.decode()
    url = reverse("recharge", args=[waiting.account.public_id, waiting.public_id])
    assert "credits have been added" in signed_in(alice).get(url).content.decode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"<html></html>", "This is not a bank statement."),
        (camt([Paid(1)], iban="DE02120300000000202051"), "another bank account. DE02120300000000202051"),
        (camt([Paid(1)])[:-30], "damaged or not complete"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "damaged or not complete"),
    ],
    ids=["empty", "no statement", "another account", "cut", "entities"],
)
def test_a_file_that_cannot_be_imported_is_refused_with_a_reason(desk: Client, content: bytes, sentence: str) -> None:
    response = choose(desk, content)
    assert (response.status_code, sentence in response.content.decode()) == (422, True)


def test_a_file_that_was_forgotten_is_told_of_until_it_is_imported_or_thrown_away(desk: Client, olga: User) -> None:
    sentence, file = "1 bank statement uploaded and not imported", camt([Paid(700, text="rent")])
    choose(desk, file)
    made = BankStatement.objects.get()
    assert sentence in desk.get(reverse("desk")).content.decode()
    assert "Nothing of it was imported." in press(desk, "desk_bank_statement_removal", made.public_id)
    assert (BankStatement.objects.count(), StatementLine.objects.count()) == (0, 0)
    assert AuditEvent.objects.get(action="bank_statement.discarded").actor == olga
    assert sentence not in desk.get(reverse("desk")).content.decode()
    choose(desk, file)
    made = BankStatement.objects.get()
    press(desk, "desk_bank_import", made.public_id)
    assert "Its lines stay." in press(desk, "desk_bank_statement_removal", made.public_id)
    assert sentence not in desk.get(reverse("desk")).content.decode()


def test_a_table_is_read_as_staff_say(desk: Client, waiting: Recharge) -> None:
    table = f"Wann;Wieviel;Was\n20/11/2026;5.12;{grouped(quoted(waiting))}\n".encode()
    assert "Say first what the columns mean" in choose(desk, table, "t.csv").content.decode()
    made = BankStatement.objects.get()
    assert "Say first" in press(desk, "desk_bank_import", made.public_id)
    url = reverse("desk_bank_statement", args=[made.public_id])
    assert desk.post(url, {"decimal_mark": "."}).status_code == 422
    given = {"day": "0", "amount": "1", "text": "2", "decimal_mark": "."}
    assert "Pays a purchase" in desk.post(url, given, follow=True).content.decode()


def test_a_line_is_used_for_the_proposed_purchase_by_one_person_only(desk: Client, waiting: Recharge) -> None:
    (line,) = imported(desk, Paid(512, text="ricarica"))
    page = desk.get(reverse("desk_bank_line", args=[line.public_id])).content.decode()
    for words in ("The same amount", "a payer of the same name", quoted(waiting)):
        assert words in page
    given = {"open_cents": 512, "quoted": quoted(waiting)}
    assert "The money has been used" in press(desk, "desk_bank_assignment", line.public_id, **given)
    for name, more in (
        ("desk_bank_assignment", {"quoted": quoted(waiting)}),
        ("desk_bank_exclusion", {"reason": "rent"}),
        ("desk_bank_return", {"done_on": "2020-01-01", "reference": "OUT", "reason": "twice"}),
    ):
        page = press(desk, name, line.public_id, open_cents=512, **more)
        assert "Somebody has decided about this line in the meantime." in page
    assert Booking.objects.count() == 1
    booking = Booking.objects.get()
    assert "paid already" in press(desk, "desk_bank_undoing", booking.public_id, reason="wrong")


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("desk_bank_assignment", {"quoted": "RF18 5390 0754 7030"}, "This is not one of our references."),
        ("desk_bank_assignment", {"quoted": "RF18 5390 0754 7034"}, "There is no purchase with this reference."),
        ("desk_bank_exclusion", {"reason": ""}, "This field is required."),
        ("desk_bank_return", {"done_on": "2999-01-01", "reference": "x", "reason": "y"}, "This day has not come yet."),
    ],
    ids=["typing error", "nobody's", "no reason", "the future"],
)
def test_what_makes_no_sense_decides_nothing(desk: Client, name: str, given: dict[str, str], sentence: str) -> None:
    (line,) = imported(desk, Paid(512))
    assert sentence in press(desk, name, line.public_id, open_cents=512, **given)
    assert not Booking.objects.exists()


def test_money_that_was_sent_back_or_set_aside_is_written_down_and_can_be_undone(desk: Client) -> None:
    back, aside = imported(desk, Paid(512, text="a"), Paid(700, text="b"))
    today = timezone.localdate().isoformat()
    given = {"open_cents": 512, "done_on": today, "reference": "OUT-77", "reason": "paid twice"}
    assert "OUT-77" in press(desk, "desk_bank_return", back.public_id, **given)
    assert "set aside" in press(desk, "desk_bank_exclusion", aside.public_id, open_cents=700, reason="rent")
    for _ in range(2):
        page = press(desk, "desk_bank_undoing", Booking.objects.earliest("pk").public_id, reason="sent to nobody")
    assert "This has been undone already." in page
    assert "€5.12 to decide" in page


def test_a_part_is_confirmed_by_hand_once_by_those_who_may(
    desk: Client, waiting: Recharge, olga: User, signed_in: SignedIn
) -> None:
    url = reverse("desk_bank_transfer", args=[waiting.payment.public_id])
    assert grouped(quoted(waiting)) in desk.get(reverse("desk_bank_transfers")).content.decode()
    assert list(search.customers(grouped(quoted(waiting)))) == [waiting.account]
    given = {
        "reference": "00000000-0000-0000-0000-000000000002",
        "missing_cents": "512",
        "amount_cents": "5.00",
        "received_on": timezone.localdate().isoformat(),
        "reason": "seen online",
    }
    clerk = User.objects.create_user("clerk@saldo.example", is_staff=True)
    assert "Confirm by hand" not in signed_in(clerk).get(url).content.decode()
    assert signed_in(clerk).post(f"{url}confirmation/", given).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="confirm_by_hand"))
    assert desk.post(f"{url}confirmation/", given | {"amount_cents": "0"}).status_code == 422
    for person in (clerk, olga):
        signed_in(person).post(f"{url}confirmation/", given)
    late = given | {"reference": "00000000-0000-0000-0000-000000000004"}
    assert "in the meantime" in desk.post(f"{url}confirmation/", late, follow=True).content.decode()
    assert "€0.12" in desk.get(url).content.decode()
    assert StatementLine.objects.get().created_by == clerk
    rest = given | {"missing_cents": "12", "amount_cents": "0.12", "reference": "00000000-0000-0000-0000-000000000003"}
    assert "Confirm by hand" not in desk.post(f"{url}confirmation/", rest, follow=True).content.decode()
    waiting.refresh_from_db()
    assert waiting.state == Recharge.State.PAID


def test_what_came_only_in_part_needs_a_person_when_its_time_is_over(
    desk: Client, waiting: Recharge, now: datetime
) -> None:
    attempt = recharge_selectors.progress(waiting)
    type(attempt).objects.update(received_cents=1, expires_on=timezone.localdate() - timedelta(days=1))
    assert "1 bank transfer came only in part" in desk.get(reverse("desk")).content.decode()
    assert "Partly paid" in desk.get(reverse("desk_bank_transfers")).content.decode()
