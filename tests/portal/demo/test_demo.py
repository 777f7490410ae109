"""The demo is a business: its numbers tie, its time runs forward, and it is loaded once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Max, Min, Sum
from pytest_django import DjangoDbBlocker, Settings

from billing.auto_recharge.decide import Answer
from billing.auto_recharge.models import AutoRecharge, Evaluation
from billing.bank import statements
from billing.bank.models import BankStatement
from billing.credits import selectors as credits_selectors
from billing.invoices.models import CreditNote, Invoice
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from billing.payments.models import Attempt, Payment
from billing.recharge.models import Recharge
from messaging.alerts import selectors as alerts_selectors
from messaging.alerts.codes import NoticeState
from messaging.alerts.models import BalanceAlert, Notice
from messaging.campaigns import services as campaigns
from messaging.campaigns.codes import State as CampaignState
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.contacts.models import Contact, ContactList, OptOut
from messaging.delivery.codes import CHARGED, OPEN, Purpose, State
from messaging.delivery.handover import PATIENCE
from messaging.delivery.models import DeliveryReceipt, Message
from messaging.senders.codes import State as SenderState
from messaging.senders.models import SenderName
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.demo import services
from portal.demo.cast import PASSWORD, everybody
from portal.reports.models import ReportRequest

# A month's first day in winter: the story crosses a change of the clocks' hour, and a year of invoices.
NOW = datetime(2027, 1, 4, 13, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The demo, loaded once for all tests here; each looks, or undoes what it does."""
    with django_db_blocker.unblock(), transaction.atomic():
        services.load(now=NOW)
        # What is checked at a commit is checked here, once; otherwise each test would do it anew.
        connection.check_constraints()
        yield
        transaction.set_rollback(True)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("demo", *arguments, stdout=out)
    return out.getvalue()


def test_the_ledger_agrees_with_every_transfer_and_every_lot() -> None:
    call_command("audit_ledger", stdout=StringIO())


def test_what_each_campaign_paid_is_the_price_of_what_the_network_took() -> None:
    taken = dict(
        Message.objects.filter(campaign__isnull=False, state__in=CHARGED)
        .order_by()
        .values_list("campaign_id")
        .annotate(Sum("price_units"))
    )
    settled = Campaign.objects.filter(settlement__isnull=False).select_related("settlement")
    assert settled.count() > 100
    for campaign in settled:
        assert campaign.settlement
        assert campaign.charged_units == campaign.settlement.amount == taken[campaign.pk]
    assert {campaign.state for campaign in settled} == {CampaignState.SETTLED, CampaignState.CANCELLED}


def test_there_are_90_days_of_some_twenty_thousand_messages() -> None:
    span = Message.objects.aggregate(first=Min("created_at"), last=Max("created_at"))
    assert 18_000 < Message.objects.count() < 24_000
    assert timedelta(days=86) < NOW - span["first"] < timedelta(days=91)
    assert set(Message.objects.values_list("state", flat=True)) >= {
        State.DELIVERED,
        State.UNDELIVERED,
        State.EXPIRED,
        State.UNCONFIRMED,
        State.REFUSED,
        State.CANCELLED,
        State.WAITING,
    }


def test_nothing_has_happened_that_lies_ahead() -> None:
    assert Message.objects.filter(created_at__gt=NOW).count() == 0
    assert Message.objects.filter(final_at__gt=NOW).count() == 0
    assert DeliveryReceipt.objects.filter(received_at__gt=NOW).count() == 0
    assert Transfer.objects.filter(created_at__gt=NOW).count() == 0
    assert AuditEvent.objects.filter(at__gt=NOW).count() == 0
    assert Account.objects.filter(created_at__gt=NOW).count() == 0


def test_the_books_were_written_in_the_order_of_time() -> None:
    for rows in (Transfer.objects, Campaign.objects, Recharge.objects):
        moments = list(rows.order_by("pk").values_list("created_at", flat=True))
        assert moments == sorted(moments)


def test_every_receipt_belongs_to_a_message_that_says_the_same() -> None:
    assert DeliveryReceipt.objects.filter(message=None).count() == 0
    ends = DeliveryReceipt.objects.exclude(state=State.ACCEPTED).select_related("message")
    assert ends.count() > 15_000
    assert all(receipt.state == receipt.message.state for receipt in ends if receipt.message)


def test_nothing_waits_for_a_receipt_longer_than_it_may() -> None:
    assert Message.objects.filter(state=State.ACCEPTED, due_at__lte=NOW).count() == 0
    given_up = Message.objects.filter(state=State.UNCONFIRMED)
    assert given_up.exists()
    assert all(message.final_at == message.submitted_at + PATIENCE for message in given_up if message.submitted_at)


def test_invoices_are_numbered_without_gaps_in_the_order_of_their_dates() -> None:
    for year in (2026, 2027):
        issued = list(Invoice.objects.filter(year=year).order_by("number").values_list("number", "issued_on"))
        assert [number for number, _ in issued] == list(range(1, len(issued) + 1))
        assert [day for _, day in issued] == sorted(day for _, day in issued)
    assert Invoice.objects.filter(paid_at=None).count() == 0
    assert set(Invoice.objects.values_list("treatment", flat=True)) == {"domestic", "reverse_charge", "outside_eu"}


def test_every_paid_recharge_was_charged_credited_and_invoiced_once() -> None:
    paid = Recharge.objects.filter(state=Recharge.State.PAID)
    assert paid.count() == Invoice.objects.count() == Payment.objects.filter(state=Payment.State.SUCCEEDED).count()
    bought = Transfer.objects.filter(code=TransferCode.PURCHASE)
    assert paid.aggregate(units=Sum("credits_units")) == bought.aggregate(units=Sum("amount"))


def test_half_of_a_purchase_went_back_with_its_credits_and_a_credit_note() -> None:
    note = CreditNote.objects.select_related("invoice").get()
    assert (note.gross_cents, note.quantity_units) == (
        note.invoice.gross_cents // 2,
        note.invoice.lines.get().quantity_units // 2,
    )
    assert note.invoice.credited_cents == note.invoice.returned_cents == note.gross_cents
    assert note.issued_on < NOW.date() - timedelta(days=30)


def test_credits_came_back_by_themselves_once_and_else_there_were_enough() -> None:
    auto = AutoRecharge.objects.get(is_on=True)
    answers = list(Evaluation.objects.filter(auto_recharge=auto).values_list("answer", flat=True))
    assert answers.count(Answer.BUY) == Recharge.objects.filter(origin=Recharge.Origin.AUTOMATIC).count() >= 1
    assert set(answers) == {Answer.BUY, Answer.ENOUGH}


def test_one_payment_was_declined_one_is_unknown_and_one_was_for_a_while() -> None:
    attempts = Attempt.objects.all()
    assert attempts.filter(state=Attempt.State.DECLINED).count() == 1
    assert attempts.filter(state=Attempt.State.SUCCEEDED, asked_count=2).count() == 1
    unknown = attempts.get(state=Attempt.State.UNKNOWN)
    assert unknown.payment.recharge.state == Recharge.State.WAITING
    assert unknown.ask_again_at >= NOW


def test_a_bank_transfer_waits_for_the_statement_that_the_desk_can_import() -> None:
    _, foreseen = statements.foresee(BankStatement.objects.get(imported_at=None))
    waiting = Attempt.objects.get(provider="bank", state=Attempt.State.PENDING)
    assert [(each.verdict.attempt_id, each.verdict.left != "") for each in foreseen] == [
        (waiting.pk, False),
        (None, True),
        (None, True),
    ]


def test_a_campaign_is_under_way_and_can_be_finished_by_a_worker() -> None:
    campaign = Campaign.objects.get(settlement=None)
    waiting = Message.objects.filter(state__in=OPEN)
    assert campaign.created_at == NOW
    assert campaign.state == CampaignState.SENDING
    assert waiting.count() == waiting.filter(campaign=campaign, state=State.WAITING).count() == campaign.recipient_count
    assert not campaigns.settle(campaign=campaign, now=NOW)
    assert credits_selectors.balance(campaign.account).held == campaign.held_units


def test_alerts_are_armed_fired_and_cleared_and_their_text_messages_are_the_operators() -> None:
    alerts = BalanceAlert.objects.all()
    assert alerts.filter(armed=False).exists()
    assert alerts.filter(armed=True, fired_at__isnull=False, cleared_at__isnull=False).exists()
    assert not alerts_selectors.crossings()
    assert set(Notice.objects.values_list("state", flat=True)) == {NoticeState.SENT, NoticeState.FAILED}
    sent = Message.objects.filter(purpose=Purpose.ALERT)
    assert sent.exists()
    operator = Account.objects.get(is_operator=True)
    booked = sum(sent.values_list("price_units", flat=True))
    assert credits_selectors.balance(operator).available == -booked


def test_the_desk_has_something_to_do() -> None:
    states = set(SenderName.objects.values_list("state", flat=True))
    assert states == {SenderState.REQUESTED, SenderState.APPROVED, SenderState.REFUSED}
    assert ReportRequest.objects.count() == 1
    assert CampaignDraft.objects.filter(campaign=None).count() == 1
    assert ContactList.objects.count() > 6
    assert OptOut.objects.exists()


def test_credits_that_expired_were_taken_and_others_will() -> None:
    assert Transfer.objects.filter(code=TransferCode.EXPIRY).exists()
    harbour = Account.objects.get(name="Harbour & Vale Dental")
    assert credits_selectors.next_expiry(harbour, NOW) is not None


def test_there_are_three_customers_with_branches_and_every_role() -> None:
    customers = Account.objects.customers()
    assert set(customers.values_list("language", flat=True)) == {"it", "fr", "en-gb"}
    assert Account.objects.filter(parent__in=customers).count() == 3
    for customer in customers:
        assert set(customer.members.values_list("role", flat=True)) == set(Role)
    assert User.objects.filter(is_staff=True).count() == 2


def test_everybody_can_sign_in() -> None:
    for person in everybody():
        user = User.objects.get(email=person.email)
        assert user.check_password(PASSWORD)
        assert EmailAddress.objects.filter(user=user, email=person.email, verified=True, primary=True).exists()


def test_no_telephone_rings() -> None:
    fictional = r"^(\+3931[57]|\+3363998|\+447700900)"
    assert not Message.objects.exclude(recipient__regex=fictional).exists()
    assert not Contact.objects.exclude(number__regex=fictional).exists()
    assert not User.objects.exclude(phone__regex=fictional).exists()


def test_a_second_time_nothing_is_loaded_and_nothing_said() -> None:
    before = (Message.objects.count(), AuditEvent.objects.count(), User.objects.count())
    assert services.load(now=NOW + timedelta(days=1)) is False
    assert command() == ""
    assert (Message.objects.count(), AuditEvent.objects.count(), User.objects.count()) == before


def test_it_says_who_can_log_in() -> None:
    lines = command("--who").splitlines()
    assert lines[0].split() == [
        "olga@saldo.example",
        *PASSWORD.split(),
        *["Olga", "Conti,", "the", "operator's", "staff"],
    ]
    assert any("milano@" in line and "owner of Ottica Belvedere Milano" in line for line in lines)
    assert all(PASSWORD in line for line in lines)


def test_real_customers_never_meet_it(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="SALDO_MODE"):
        command()
    with pytest.raises(CommandError, match="SALDO_MODE"):
        command("--who")
