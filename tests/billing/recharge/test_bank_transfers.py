"""Buying by bank transfer: what is quoted is frozen and told, and the purchase is withdrawn or expires politely."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.credits import selectors as credits_selectors
from billing.payments import services as payments
from billing.payments.models import Attempt, PaymentMethod
from billing.payments.providers.base import Answer, Outcome
from billing.pricing.models import CreditPack
from billing.recharge import bank_transfers, selectors, services, tasks
from billing.recharge.models import Recharge
from portal.accounts.models import Account, BillingDetails, User
from portal.audit.models import AuditEvent
from portal.notices import wording
from portal.notices.models import Notice
from tests.conftest import SignedIn

State = Recharge.State


def buy(account: Account, buyer: User, pack: CreditPack, at: datetime) -> Recharge:
    method = payments.bank_transfer(account=account, label="Bank transfer", actor_id=buyer.pk, now=at)
    return services.buy(account=account, pack=pack, method=method, reference=uuid.uuid4(), actor_id=buyer.pk, now=at)


@pytest.fixture
def waiting(acme: Account, alice: User, pack: CreditPack, now: datetime) -> Recharge:
    """A recharge that waits for its bank transfer."""
    return buy(acme, alice, pack, now)


@pytest.fixture
def browser(alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


def test_what_is_quoted_is_frozen_with_the_purchase_and_told_by_mail(waiting: Recharge, now: datetime) -> None:
    attempt = selectors.progress(waiting)
    assert (waiting.state, attempt.state, attempt.received_cents) == (State.WAITING, Attempt.State.PENDING, 0)
    assert attempt.expires_on is not None
    assert (attempt.expires_on - now.date()).days == 30
    services.pursue(recharge=waiting, now=now + timedelta(days=1))
    again = selectors.progress(waiting)
    assert (again.provider_reference, again.state) == (attempt.provider_reference, Attempt.State.PENDING)
    words = wording.words(Notice.objects.get(kind="bank_transfer"))
    said = " ".join((*words.sentences, *(value for _, value in words.details)))
    for part in (attempt.quoted, "IT60 X054 2811 1010 0000 0123 456", "Saldo S.r.l.", "€5.12", "20 Dec 2026"):
        assert part in said


def test_a_customer_buys_by_bank_transfer_without_setting_anything_up_and_withdraws(
    acme: Account, alice: User, pack: CreditPack, browser: Client
) -> None:
    given = {"pack": str(pack.public_id), "method": "bank_transfer", "reference": str(uuid.uuid4())}
    page = browser.post(reverse("recharge_new", args=[acme.public_id]), given, follow=True).content.decode()
    recharge = Recharge.objects.get()
    attempt = selectors.progress(recharge)
    for part in (
        "Waiting for your bank transfer",
        attempt.quoted,
        f'data-copy="{attempt.provider_reference}"',
        "€5.12",
    ):
        assert part in page
    new = browser.get(reverse("recharge_new", args=[acme.public_id])).content.decode()
    assert "It is to be paid by bank transfer." in new
    assert "€0.042 each · €5.12 with VAT" in new
    assert '<button class="button primary wide" disabled>' in new
    assert str(PaymentMethod.objects.get().public_id) in new
    url = reverse("recharge_withdrawal", args=[acme.public_id, recharge.public_id])
    assert "This purchase was withdrawn" in browser.post(url, follow=True).content.decode()
    assert "cannot be withdrawn any more" in browser.post(url, follow=True).content.decode()
    assert AuditEvent.objects.filter(action="recharge.withdrawn", actor=alice).count() == 1
    assert not Notice.objects.filter(kind="recharge_failed").exists()
    buy(acme, alice, pack, timezone.now())  # the one open recharge is free again
    assert PaymentMethod.objects.count() == 1


def test_a_transfer_that_does_not_come_expires_after_its_last_day_and_is_told_once(
    waiting: Recharge, browser: Client
) -> None:
    last = selectors.progress(waiting).expires_on
    assert last is not None
    evening = datetime(last.year, last.month, last.day, 22, 30, tzinfo=timezone.get_default_timezone())
    assert not bank_transfers.to_expire(evening).exists()
    bank_transfers.expire(recharge=waiting, now=evening)  # a sweep that comes too early changes nothing
    for late in (evening + timedelta(hours=2), evening + timedelta(days=1)):
        for recharge in bank_transfers.to_expire(late):
            bank_transfers.expire(recharge=recharge, now=late)
    waiting.refresh_from_db()
    assert waiting.state == State.EXPIRED
    assert [each.context["stage"] for each in Notice.objects.order_by("pk")] == ["waiting", "expired"]
    url = reverse("recharge", args=[waiting.account.public_id, waiting.public_id])
    assert "We waited for your bank transfer until" in browser.get(url).content.decode()
    tasks.expire_transfers()


def test_one_that_has_come_in_part_neither_expires_nor_is_withdrawn(
    waiting: Recharge, alice: User, browser: Client, now: datetime
) -> None:
    Attempt.objects.update(received_cents=500)
    assert not bank_transfers.to_expire(now + timedelta(days=60)).exists()
    with pytest.raises(bank_transfers.NotWithdrawable):
        bank_transfers.withdraw(recharge=waiting, actor_id=alice.pk, now=now)
    page = browser.get(reverse("recharge", args=[waiting.account.public_id, waiting.public_id])).content.decode()
    assert "€0.12 are still missing" in page


def test_money_that_is_acknowledged_after_all_still_buys_its_credits_and_the_invoice_names_the_reference(
    waiting: Recharge, acme: Account, alice: User, now: datetime
) -> None:
    bank_transfers.withdraw(recharge=waiting, actor_id=alice.pk, now=now)
    attempt = selectors.progress(waiting)
    paid = services.conclude(recharge=waiting, attempt=attempt, answer=Answer(Outcome.SUCCEEDED), now=now)
    assert paid.invoice is not None
    assert (paid.state, paid.invoice.payment_reference) == (State.PAID, attempt.quoted)
    assert credits_selectors.balance(acme).available == paid.credits_units


@pytest.mark.parametrize("cents", [-1, 513])
def test_no_more_is_received_than_was_asked(waiting: Recharge, cents: int) -> None:
    with pytest.raises(IntegrityError, match="no_more_is_received_than_was_asked"), transaction.atomic():
        Attempt.objects.update(received_cents=cents)


def test_a_bank_reference_names_one_attempt(waiting: Recharge) -> None:
    attempt = selectors.progress(waiting)
    attempt.pk, attempt.key, attempt.state = None, uuid.uuid4(), Attempt.State.DECLINED
    with pytest.raises(IntegrityError, match="a_bank_reference_names_one_attempt"), transaction.atomic():
        attempt.save(force_insert=True)


@pytest.mark.parametrize(
    ("changes", "billed"),
    [
        ({"city": "Monza"}, ("Acme", "Monza", "IT", "PO 7")),
        ({"country": "FR", "city": "Lyon", "vat_number": "FR40303265045"}, ("Acme", "Milano", "IT", "")),
        ({"country": "US", "city": "Boston", "vat_number": ""}, ("Acme", "Milano", "IT", "")),
    ],
    ids=["corrected", "another treatment", "another rate"],
)
def test_the_invoice_goes_to_who_agreed_to_its_vat(
    waiting: Recharge, now: datetime, changes: dict[str, str], billed: tuple[str, ...]
) -> None:
    BillingDetails.objects.filter(account=waiting.account).update(purchase_order="PO 7", **changes)
    answer = Answer(Outcome.SUCCEEDED, provider_reference="line")
    paid = services.conclude(
        recharge=waiting, attempt=selectors.progress(waiting), answer=answer, now=now + timedelta(days=20)
    )
    invoice = paid.invoice
    assert invoice
    assert (invoice.treatment, invoice.gross_cents) == ("domestic", waiting.gross_cents)
    assert (*(invoice.buyer[part] for part in ("name", "city", "country")), invoice.purchase_order) == billed


def test_a_purchase_from_before_that_was_kept_is_invoiced_as_the_account_says_now(
    waiting: Recharge, now: datetime
) -> None:
    Recharge.objects.update(buyer={})
    BillingDetails.objects.filter(account=waiting.account).update(country="US", city="Boston", vat_number="")
    answer = Answer(Outcome.SUCCEEDED, provider_reference="line")
    paid = services.conclude(recharge=waiting, attempt=selectors.progress(waiting), answer=answer, now=now)
    assert paid.invoice
    assert paid.invoice.buyer["city"] == "Boston"
