"""One purchase: one charge, one credit, one invoice, whatever is declined, lost or repeated."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.credits.models import CreditLot, Wallet
from billing.invoices.models import Invoice
from billing.invoices.selectors import BillingDetailsMissing
from billing.ledger import selectors as ledger_selectors
from billing.payments import services as payments
from billing.payments.models import Attempt, Payment, SandboxCharge
from billing.payments.providers import sandbox
from billing.pricing.models import CreditPack, PriceList
from billing.recharge import refunds, selectors, services
from billing.recharge.models import Recharge
from portal.accounts.models import Account, BillingDetails, User
from tests.billing.recharge.conftest import Card
from tests.conftest import SignedIn

State = Recharge.State


def buy(acme: Account, alice: User, pack: CreditPack, card: Card, token: str, now: datetime) -> Recharge:
    method = card(token)
    return services.buy(account=acme, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now)


def test_a_paid_recharge_is_charged_credited_and_invoiced_once(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    assert recharge.state == State.PAID
    assert (recharge.net_cents, recharge.vat_cents, recharge.gross_cents) == (420, 92, 512)
    assert SandboxCharge.objects.get().amount_cents == 512
    assert credits_selectors.balance(acme).available == 1_000_000
    assert str(CreditLot.objects.get().unit_price_cents) == "4.200000"
    invoice = Invoice.objects.get()
    assert (invoice.gross_cents, invoice.paid_at) == (512, now)
    assert recharge.invoice == invoice
    assert ledger_selectors.differences() == []


@pytest.mark.parametrize("token", [sandbox.DECLINED, sandbox.EXPIRED_CARD])
def test_a_declined_payment_leaves_nothing_but_its_reason(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime, token: str
) -> None:
    recharge = buy(acme, alice, pack, card, token, now)
    assert recharge.state == State.FAILED
    assert Attempt.objects.get().reason == token.removeprefix("sandbox_")
    assert credits_selectors.balance(acme).available == 0
    assert not Invoice.objects.exists()
    # The way is free for another try.
    assert buy(acme, alice, pack, card, sandbox.SUCCEEDS, now).state == State.PAID


@pytest.mark.parametrize("token", [sandbox.TIMEOUT_BEFORE, sandbox.TIMEOUT_AFTER])
def test_an_unknown_outcome_is_asked_again_with_the_same_key_and_charged_once(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime, token: str
) -> None:
    recharge = buy(acme, alice, pack, card, token, now)
    assert recharge.state == State.WAITING
    assert credits_selectors.balance(acme).available == 0
    assert not selectors.to_pursue(now).exists()
    later = now + timedelta(minutes=2)
    assert list(selectors.to_pursue(later)) == [recharge]
    for moment in (later, later + timedelta(minutes=5), later + timedelta(hours=5)):
        services.pursue(recharge=recharge, now=moment)
    recharge.refresh_from_db()
    assert recharge.state == State.PAID
    assert SandboxCharge.objects.filter(outcome="succeeded").count() == 1
    assert credits_selectors.balance(acme).available == 1_000_000
    assert Invoice.objects.count() == 1


def test_a_process_that_died_before_the_answer_is_made_good_by_the_sweep(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = services._open(
        account=acme, pack=pack, method=card(sandbox.SUCCEEDS), reference=uuid.uuid4(), actor_id=alice.pk, now=now
    )
    attempt = Attempt.objects.get()
    assert payments.claim(attempt=attempt, now=now)
    payments.ask(attempt=attempt)  # the far end has charged; the process is gone
    assert not selectors.to_pursue(now + timedelta(seconds=30)).exists()
    services.pursue(recharge=recharge, now=now + timedelta(minutes=2))
    recharge.refresh_from_db()
    assert recharge.state == State.PAID
    assert SandboxCharge.objects.count() == 1


def test_a_method_that_ends_before_anything_was_asked_is_not_charged(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    method = card(sandbox.SUCCEEDS)
    recharge = services._open(
        account=acme, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now
    )
    payments.remove_method(method=method, actor_id=alice.pk, now=now)
    recharge = services.pursue(recharge=recharge, now=now)
    assert (recharge.state, selectors.progress(recharge).reason) == (State.FAILED, "method_ended")
    assert not SandboxCharge.objects.exists()


def test_what_was_asked_is_found_out_although_its_method_has_ended(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.TIMEOUT_AFTER, now)
    payments.remove_method(method=recharge.payment.method, actor_id=alice.pk, now=now)
    assert services.pursue(recharge=recharge, now=now + timedelta(minutes=2)).state == State.PAID


def test_a_payment_is_lost_only_when_a_look_after_the_last_question_found_none(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.TIMEOUT_BEFORE, now)
    services.pursue(recharge=recharge, now=now, at_once=True)
    assert Attempt.objects.get().looked_up_at == now
    late = now + payments.KEY_LIFE
    with pytest.raises(services.StillPossible), transaction.atomic():
        services.give_up(recharge=recharge, actor_id=alice.pk, now=late)
    services.pursue(recharge=recharge, now=late)
    assert services.give_up(recharge=recharge, actor_id=alice.pk, now=late).state == State.FAILED


def test_the_same_form_sent_twice_buys_once(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    method, reference = card(sandbox.SUCCEEDS), uuid.uuid4()
    bought = [
        services.buy(account=acme, pack=pack, method=method, reference=reference, actor_id=alice.pk, now=now)
        for _ in range(3)
    ]
    assert len({recharge.pk for recharge in bought}) == 1
    assert credits_selectors.balance(acme).available == 1_000_000
    assert Invoice.objects.count() == SandboxCharge.objects.count() == 1


def test_the_answer_that_comes_twice_credits_once(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.TIMEOUT_AFTER, now)
    attempt = Attempt.objects.get()
    answer = payments.ask(attempt=attempt)
    for _ in range(3):
        services.conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)
    assert credits_selectors.balance(acme).available == 1_000_000
    assert Invoice.objects.count() == 1


def test_a_wallet_has_one_open_recharge(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    buy(acme, alice, pack, card, sandbox.TIMEOUT_AFTER, now)
    with pytest.raises(services.RechargeAlreadyOpen):
        buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    assert Payment.objects.count() == 1


def test_the_table_itself_refuses_a_second_open_recharge(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    buy(acme, alice, pack, card, sandbox.TIMEOUT_AFTER, now)
    attempt = payments.request(
        account=acme, method=card(sandbox.SUCCEEDS), amount_cents=512, currency="EUR", reference="second", now=now
    )
    another = Recharge.objects.get()
    another.pk, another.public_id, another.reference = None, uuid.uuid4(), uuid.uuid4()
    another.payment = attempt.payment
    with pytest.raises(IntegrityError, match="a_wallet_has_one_open_recharge"), transaction.atomic():
        another.save(force_insert=True)


def test_a_card_of_another_account_or_a_removed_one_pays_nothing(
    acme: Account, globex: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    method = card(sandbox.SUCCEEDS)
    with pytest.raises(payments.MethodNotUsable):
        services.buy(account=globex, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now)
    payments.remove_method(method=method, actor_id=alice.pk, now=now)
    with pytest.raises(payments.MethodNotUsable):
        services.buy(account=acme, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now)
    assert not Recharge.objects.exists()


def test_nobody_buys_without_billing_details(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    BillingDetails.objects.all().delete()
    with pytest.raises(BillingDetailsMissing):
        buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    assert not SandboxCharge.objects.exists()


def test_a_crash_between_credit_and_invoice_leaves_neither(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    recharge = buy(acme, alice, pack, card, sandbox.TIMEOUT_AFTER, now)
    attempt = Attempt.objects.get()
    answer = payments.ask(attempt=attempt)
    BillingDetails.objects.all().delete()
    with pytest.raises(BillingDetailsMissing), transaction.atomic():
        services.conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)
    assert credits_selectors.balance(acme).available == 0
    assert Attempt.objects.get().state == Attempt.State.UNKNOWN


def test_credits_that_come_when_the_account_draws_on_another_come_to_that_one_and_go_back_from_there(
    acme: Account, acme_milano: Account, alice: User, pack: CreditPack, now: datetime
) -> None:
    method = payments.add_method(
        account=acme_milano,
        provider="sandbox",
        token=sandbox.TIMEOUT_AFTER,
        label="",
        expires_on=None,
        actor_id=alice.pk,
        now=now,
    )
    recharge = services.buy(
        account=acme_milano, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now
    )
    own, payer = (credits.open_wallet(account=account) for account in (acme_milano, acme))
    credits.draw_on(wallet=own, other=payer)
    recharge = services.pursue(recharge=recharge, now=now + timedelta(minutes=2))
    assert recharge.state == State.PAID
    own, payer = (Wallet.objects.select_related("ledger_account").get(pk=each.pk) for each in (own, payer))
    assert (own.ledger_account.available, payer.ledger_account.available) == (0, 1_000_000)
    refunds.refund(
        recharge=recharge, amount_cents=512, reason="asked", reference=uuid.uuid4(), actor_id=alice.pk, now=now
    )
    assert credits_selectors.balance(acme).available == 0
    assert ledger_selectors.differences() == []


def test_bought_credits_expire_by_the_policy_of_the_moment_they_were_bought(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    PriceList.objects.update(credits_expire_after_months=3)
    pack.price_list.refresh_from_db()
    recharge = buy(acme, alice, pack, card, sandbox.TIMEOUT_AFTER, now)
    assert (recharge.state, recharge.credits_expire_after_months) == (State.WAITING, 3)
    PriceList.objects.update(credits_expire_after_months=None)
    later = now + timedelta(days=2)
    services.pursue(recharge=recharge, now=later)
    # Two days on the way are not the customer's: the months begin when the credits are there.
    assert CreditLot.objects.get().expires_at == datetime(2027, 2, 22, 9, 30, tzinfo=UTC)


def test_without_a_policy_bought_credits_never_expire(
    acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime
) -> None:
    buy(acme, alice, pack, card, sandbox.SUCCEEDS, now)
    assert CreditLot.objects.get().expires_at is None


def test_who_buys_is_told_when_the_credits_expire(
    acme: Account, alice: User, pack: CreditPack, signed_in: SignedIn
) -> None:
    browser, sentence = signed_in(alice), "These credits expire 12 months after they were bought."
    url, prices = reverse("recharge_new", args=[acme.public_id]), reverse("prices")
    assert sentence not in browser.get(url).content.decode() + browser.get(prices).content.decode()
    PriceList.objects.update(credits_expire_after_months=12)
    assert sentence in browser.get(url).content.decode()
    assert sentence in browser.get(prices).content.decode()


def test_who_spends_anothers_credits_buys_none_that_it_could_not_spend(
    acme: Account, acme_milano: Account, alice: User, pack: CreditPack, signed_in: SignedIn, now: datetime
) -> None:
    own = credits.open_wallet(account=acme_milano)
    credits.draw_on(wallet=own, other=credits.open_wallet(account=acme))
    method = payments.add_method(
        account=acme_milano,
        provider="sandbox",
        token=sandbox.SUCCEEDS,
        label="",
        expires_on=None,
        actor_id=alice.pk,
        now=now,
    )
    with pytest.raises(services.DrawsOnAnother), transaction.atomic():
        services.buy(account=acme_milano, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now)
    browser, url = signed_in(alice), reverse("recharge_new", args=[acme_milano.public_id])
    page = browser.get(url).content.decode()
    assert "Acme Milano spends the credits of Acme" in page
    assert "Pay now" not in page
    asked = {"pack": str(pack.public_id), "method": str(method.public_id), "reference": str(uuid.uuid4())}
    answer = browser.post(url, asked)
    assert answer.status_code == 422
    assert "Acme Milano spends the credits of Acme" in answer.content.decode()
    assert not SandboxCharge.objects.exists()
    credits.draw_on(wallet=own, other=None)
    assert browser.post(url, asked).status_code == 302
    assert credits_selectors.balance(acme_milano).available == 1_000_000
