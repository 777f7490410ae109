"""Credits that come back by themselves: once, within the caps, and never without saying why not."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.auto_recharge import selectors, services
from billing.auto_recharge.decide import Answer
from billing.auto_recharge.models import AutoRecharge, Evaluation, Policy, Question
from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from billing.payments import services as payments
from billing.payments.models import PaymentMethod, PaymentPolicy, Reversal, SandboxCharge
from billing.payments.providers import sandbox
from billing.recharge.models import Recharge
from portal.accounts.models import Account, BillingDetails, User
from portal.audit.models import AuditEvent
from tests.billing.auto_recharge.conftest import CREDIT, Card, Spend, SwitchedOn
from tests.conftest import Grant

HOUR = timedelta(hours=1)


def look(auto: AutoRecharge, at: datetime) -> str:
    evaluation = services.evaluate(auto_id=auto.pk, now=at)
    return "" if evaluation is None else evaluation.answer


def answers(account: Account) -> list[tuple[str, int]]:
    return [(row.answer, row.look_count) for row in reversed(selectors.evaluations(account))]


def test_credits_that_run_out_are_bought_charged_and_invoiced_once(
    old_acme: Account, switched_on: SwitchedOn, grant: Grant, spend: Spend, now: datetime
) -> None:
    grant(old_acme, "120")
    auto = switched_on()
    assert [look(auto, now) for _ in range(3)] == ["enough"] * 3
    assert selectors.due(now + HOUR) == []
    spend(old_acme, 70)
    assert selectors.due(now + HOUR) == [auto.pk]
    assert selectors.of_wallet(old_acme.wallet.pk) == auto.pk
    assert look(auto, now) == "buy"
    assert credits_selectors.balance(old_acme).available == 150 * CREDIT
    recharge = Recharge.objects.get()
    assert (recharge.origin, recharge.state, recharge.gross_cents) == ("automatic", "paid", 512)
    assert recharge.invoice is not None
    assert SandboxCharge.objects.get().amount_cents == 512
    evaluation = Evaluation.objects.get(recharge=recharge)
    assert (evaluation.available_units, evaluation.threshold_units, evaluation.units) == (
        50 * CREDIT,
        50 * CREDIT,
        100 * CREDIT,
    )
    assert look(auto, now) == "enough"
    assert answers(old_acme) == [("enough", 3), ("buy", 1), ("enough", 1)]
    assert ledger_selectors.differences() == []


def test_what_is_on_its_way_counts(old_acme: Account, card: Card, switched_on: SwitchedOn, now: datetime) -> None:
    auto = switched_on(card(sandbox.TIMEOUT_AFTER))
    assert look(auto, now) == "buy"
    assert Recharge.objects.get().state == "waiting"
    assert look(auto, now) == "enough"
    assert look(auto, now) == "enough"
    AutoRecharge.objects.update(threshold_units=100 * CREDIT)
    assert look(auto, now) == "on_its_way"
    assert SandboxCharge.objects.count() <= 1


def test_one_purchase_lands_above_a_high_threshold(old_acme: Account, switched_on: SwitchedOn, now: datetime) -> None:
    auto = switched_on(threshold=500, quantity=200)
    assert look(auto, now) == "buy"
    # 600 credits cost what a credit costs in the pack of 500: 2,400 cents, and 22 % VAT.
    recharge = Recharge.objects.get()
    assert (recharge.credits_units, recharge.net_cents, recharge.gross_cents) == (600 * CREDIT, 2_400, 2_928)
    assert look(auto, now) == "enough"


def test_the_caps_of_a_day_and_of_a_month_hold_to_the_cent_in_the_accounts_zone(
    old_acme: Account, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    Policy.objects.create(valid_from=now - timedelta(days=1), hours_apart=0, pace_factor=10_000)
    auto = switched_on(day_cap_cents=1_024, month_cap_cents=1_536)
    at = datetime(2026, 11, 28, 9, tzinfo=UTC)
    for moment in (at, at + HOUR):
        assert look(auto, moment) == "buy"
        spend(old_acme, 100)
    assert look(auto, at + 2 * HOUR) == "day_cap"
    assert look(auto, datetime(2026, 11, 28, 22, 59, 59, tzinfo=UTC)) == "day_cap"
    assert look(auto, datetime(2026, 11, 28, 23, 0, tzinfo=UTC)) == "buy"  # midnight in Rome
    spend(old_acme, 100)
    assert look(auto, datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)) == "month_cap"
    assert look(auto, datetime(2026, 11, 30, 23, 0, tzinfo=UTC)) == "buy"  # December in Rome
    assert answers(old_acme) == [("buy", 1), ("buy", 1), ("day_cap", 2), ("buy", 1), ("month_cap", 1), ("buy", 1)]


def test_a_cap_of_the_policy_is_not_raised_by_the_customer(
    old_acme: Account, switched_on: SwitchedOn, now: datetime
) -> None:
    Policy.objects.create(valid_from=now - timedelta(days=1), day_cap_cents=511, month_cap_cents=511)
    auto = switched_on(day_cap_cents=100_000, month_cap_cents=100_000)
    assert look(auto, now) == "day_cap"
    assert not Recharge.objects.exists()


def test_a_declined_charge_goes_to_the_backup_at_once_and_then_pauses_longer_and_longer(
    old_acme: Account, card: Card, switched_on: SwitchedOn, now: datetime
) -> None:
    first, backup = card(sandbox.DECLINED), card(sandbox.EXPIRED_CARD)
    auto = switched_on(first)
    assert [look(auto, now), look(auto, now), look(auto, now)] == ["buy", "buy", "paused"]
    tried = [recharge.payment.method for recharge in Recharge.objects.order_by("pk")]
    assert tried == [first, backup]
    assert look(auto, now + HOUR - timedelta(seconds=1)) == "paused"
    paused = selectors.evaluations(old_acme)[0]
    assert (paused.until, paused.look_count) == (now + HOUR, 2)
    assert [look(auto, now + HOUR), look(auto, now + HOUR)] == ["buy", "paused"]
    assert credits_selectors.balance(old_acme).available == 0
    # A new card, first in line: what it costs nobody is tried at once.
    good = card(sandbox.SUCCEEDS)
    assert look(auto, now + HOUR) == "buy"
    assert Recharge.objects.get(state="paid").payment.method == good


def test_a_second_recharge_within_hours_asks_and_nothing_that_waits_is_lost(
    old_acme: Account, alice: User, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    auto = switched_on()
    assert look(auto, now) == "buy"
    spend(old_acme, 60)
    assert [look(auto, now + HOUR), look(auto, now + HOUR)] == ["asked", "asked"]
    question = selectors.questions(old_acme).get()
    assert (question.because, question.gross_cents, question.state) == ("second", 512, "waiting")
    assert list(selectors.waiting_questions()) == [question]
    services.answer(question=question, approve=True, gross_cents=512, actor_id=alice.pk, now=now + HOUR)
    assert selectors.due(now + HOUR) == [auto.pk]
    for approve in (True, False):
        with pytest.raises(services.AlreadyAnswered):
            services.answer(question=question, approve=approve, gross_cents=512, actor_id=alice.pk, now=now + HOUR)
    assert look(auto, now + HOUR) == "buy"
    question.refresh_from_db()
    assert question.state == Question.State.USED
    assert credits_selectors.balance(old_acme).available == 140 * CREDIT
    # One approval, one purchase.
    spend(old_acme, 100)
    assert look(auto, now + HOUR) == "asked"


def test_a_denial_switches_off_and_frees_the_payment_method(
    old_acme: Account, alice: User, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    auto = switched_on()
    look(auto, now)
    spend(old_acme, 60)
    look(auto, now)
    with pytest.raises(payments.MethodNeeded):
        payments.remove_method(method=auto.method, actor_id=alice.pk, now=now)
    services.answer(
        question=selectors.questions(old_acme).get(), approve=False, gross_cents=0, actor_id=alice.pk, now=now
    )
    assert look(auto, now) == ""
    assert selectors.due(now + HOUR) == []
    payments.remove_method(method=auto.method, actor_id=alice.pk, now=now)
    assert Recharge.objects.count() == 1
    actions = set(AuditEvent.objects.filter(action__startswith="auto_recharge").values_list("action", flat=True))
    assert actions == {"auto_recharge.switched_on", "auto_recharge.denied", "auto_recharge.switched_off"}


def test_a_question_lapses_when_the_credits_come_otherwise(
    old_acme: Account, alice: User, switched_on: SwitchedOn, spend: Spend, grant: Grant, now: datetime
) -> None:
    auto = switched_on()
    look(auto, now)
    spend(old_acme, 60)
    look(auto, now)
    grant(old_acme, "500")
    assert look(auto, now) == "enough"
    question = selectors.questions(old_acme).get()
    assert question.state == Question.State.LAPSED
    with pytest.raises(services.AlreadyAnswered):
        services.answer(question=question, approve=True, gross_cents=512, actor_id=alice.pk, now=now)


def test_far_more_use_than_usual_asks_first(
    old_acme: Account, switched_on: SwitchedOn, grant: Grant, now: datetime
) -> None:
    wallet = grant(old_acme, "2000")
    for day in range(20, 0, -1):
        cause = credits.Cause(TransferCode.CAMPAIGN, f"test:day:{day}", "test")
        credits.spend(wallet=wallet, amount=10 * CREDIT, cause=cause, now=now + timedelta(days=30 - day))
    at = now + timedelta(days=31)
    cause = credits.Cause(TransferCode.CAMPAIGN, "test:rush", "test")
    credits.spend(wallet=wallet, amount=1_780 * CREDIT, cause=cause, now=at - HOUR)
    auto = switched_on()
    assert look(auto, at) == "asked"
    assert selectors.questions(old_acme).get().because == "pace"


@pytest.mark.parametrize(
    ("threshold", "quantity", "caps"),
    [(0, 100, {}), (-1, 100, {}), (100_001, 100, {}), (50, 150, {}), (50, 100, {"day_cap_cents": 0})],
)
def test_what_cannot_be_chosen_is_refused(
    old_acme: Account, switched_on: SwitchedOn, threshold: int, quantity: int, caps: dict[str, int]
) -> None:
    with pytest.raises(services.NotAllowed):
        switched_on(threshold=threshold, quantity=quantity, **caps)
    assert not AutoRecharge.objects.exists()


def test_who_is_too_young_or_has_no_method_that_may_be_charged_is_told_which_condition_is_missing(
    old_acme: Account, card: Card, switched_on: SwitchedOn, now: datetime
) -> None:
    assert selectors.standing(old_acme, now).missing == Answer.NO_METHOD
    method = card(sandbox.SUCCEEDS)
    assert selectors.standing(old_acme, now).missing is None
    Account.objects.filter(pk=old_acme.pk).update(created_at=datetime(2026, 9, 20, 22, 30, tzinfo=UTC))
    old_acme.refresh_from_db()
    assert selectors.standing(old_acme, now).missing == Answer.TOO_YOUNG  # the 21st in Rome
    with pytest.raises(services.ConditionMissing):
        switched_on(method)
    midnight = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    assert selectors.standing(old_acme, midnight - timedelta(seconds=1)).missing == Answer.TOO_YOUNG
    assert selectors.standing(old_acme, midnight).missing is None
    Policy.objects.create(valid_from=now - timedelta(days=1), allows_cards=False)
    assert selectors.standing(old_acme, midnight).missing == Answer.NO_METHOD


def test_conditions_are_checked_again_at_each_trigger(
    old_acme: Account, switched_on: SwitchedOn, now: datetime
) -> None:
    auto = switched_on()
    PaymentMethod.objects.update(removed_at=now)
    assert look(auto, now) == "no_method"
    PaymentMethod.objects.update(removed_at=None)
    details = BillingDetails.objects.get(account=old_acme)
    details.delete()
    assert look(auto, now) == "no_details"
    details.save(force_insert=True)
    Policy.objects.create(valid_from=now, months_old=24)
    assert look(auto, now) == "too_young"
    Policy.objects.update(months_old=2)
    Account.objects.filter(pk=old_acme.pk).update(deactivated_at=now)
    assert look(auto, now) == "closed"
    Account.objects.filter(pk=old_acme.pk).update(deactivated_at=None)
    assert look(auto, now) == "buy"


def test_money_that_was_taken_back_stops_until_somebody_looks(
    old_acme: Account, alice: User, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    auto = switched_on()
    assert look(auto, now) == "buy"
    spend(old_acme, 100)
    Reversal.objects.create(
        payment=Recharge.objects.get().payment,
        kind="return",
        reference="test:return",
        amount_cents=512,
        created_at=now + HOUR,
        finished_at=now + HOUR,
    )
    later = now + 4 * HOUR
    assert look(auto, later) == "returned"
    terms = services.Terms(auto.threshold_units, auto.quantity_units, auto.method)
    services.switch_on(account=old_acme, terms=terms, revision=1, actor_id=alice.pk, now=later)
    assert look(auto, later) == "returned"
    services.switch_off(account=old_acme, revision=2, actor_id=alice.pk, now=later)
    services.switch_on(account=old_acme, terms=terms, revision=3, actor_id=alice.pk, now=later)
    assert look(auto, later + timedelta(days=400)) == "returned"
    services.resume(account=old_acme, revision=4, actor_id=alice.pk, now=later)
    with pytest.raises(services.ChangedMeanwhile):
        services.resume(account=old_acme, revision=4, actor_id=alice.pk, now=later)
    assert look(auto, later) == "buy"
    # Whatever the clock says, the next one stops again.
    spend(old_acme, 100)
    payment = Recharge.objects.latest("pk").payment
    Reversal.objects.create(
        payment=payment,
        kind="dispute",
        state="contested",
        reference="again",
        amount_cents=512,
        created_at=now,
        finished_at=now,
    )
    for state, answer in (("contested", "returned"), ("done", "returned"), ("undone", "buy")):
        Reversal.objects.filter(reference="again").update(state=state)
        assert look(auto, later + 4 * HOUR) == answer


def test_a_debit_beyond_the_operators_limit_is_refused_and_told(old_acme: Account, alice: User, now: datetime) -> None:
    consent = payments.Consent("Acme", "1234", "I agree.", "192.0.2.1")
    method = payments.add_debit(
        account=old_acme,
        provider="sandbox",
        token=sandbox.SEPA_GOOD,
        label="Bank",
        consent=consent,
        actor_id=alice.pk,
        now=now,
    )
    terms = services.Terms(50 * CREDIT, 100 * CREDIT, method)
    assert selectors.standing(old_acme, now).missing == Answer.NO_METHOD
    payments.note_mandate(mandate=method.mandate, state="valid", actor_id=None, now=now)
    auto = services.switch_on(account=old_acme, terms=terms, revision=0, actor_id=alice.pk, now=now)
    PaymentPolicy.objects.create(valid_from=now - HOUR, provisional_limit_cents=511)
    assert look(auto, now) == "provisional"
    row = selectors.evaluations(old_acme)[0]
    assert (row.conditions["provisional"], row.provisional_left_cents, row.gross_cents) == (False, 511, 512)
    assert not Recharge.objects.exists()
    PaymentPolicy.objects.update(provisional_limit_cents=512)
    assert look(auto, now) == "buy"


def test_a_method_of_another_account_pays_nothing(
    old_acme: Account, globex: Account, charlie: User, card: Card, switched_on: SwitchedOn, now: datetime
) -> None:
    card(sandbox.SUCCEEDS)
    foreign = payments.add_method(
        account=globex,
        provider="sandbox",
        token=sandbox.SUCCEEDS,
        label="",
        expires_on=None,
        actor_id=charlie.pk,
        now=now,
    )
    with pytest.raises(services.ConditionMissing):
        switched_on(foreign)


def test_of_two_tabs_the_second_is_told_that_something_changed(
    old_acme: Account, alice: User, switched_on: SwitchedOn, now: datetime
) -> None:
    auto = switched_on()
    terms = services.Terms(60 * CREDIT, 100 * CREDIT, auto.method)
    services.switch_off(account=old_acme, revision=1, actor_id=alice.pk, now=now)
    with pytest.raises(services.ChangedMeanwhile):
        services.switch_on(account=old_acme, terms=terms, revision=1, actor_id=alice.pk, now=now)
    with pytest.raises(services.ChangedMeanwhile):
        services.switch_off(account=old_acme, revision=1, actor_id=alice.pk, now=now)
    auto.refresh_from_db()
    assert (auto.is_on, auto.revision) == (False, 2)
    services.switch_on(account=old_acme, terms=terms, revision=2, actor_id=alice.pk, now=now)


def test_a_sub_account_recharges_its_own_wallet_and_not_the_one_it_draws_on(
    old_acme: Account, acme_milano: Account, alice: User, now: datetime
) -> None:
    acme_milano.created_at = old_acme.created_at
    acme_milano.save(update_fields=["created_at"])
    method = payments.add_method(
        account=acme_milano,
        provider="sandbox",
        token=sandbox.SUCCEEDS,
        label="",
        expires_on=None,
        actor_id=alice.pk,
        now=now,
    )
    terms = services.Terms(50 * CREDIT, 100 * CREDIT, method)
    if selectors.standing(acme_milano, now).missing == Answer.NO_DETAILS:
        BillingDetails.objects.create(account=acme_milano, company="Acme Milano", address="Via 2", city="Milano")
    auto = services.switch_on(account=acme_milano, terms=terms, revision=0, actor_id=alice.pk, now=now)
    own = credits.open_wallet(account=acme_milano)
    credits.draw_on(wallet=own, other=credits.open_wallet(account=old_acme))
    assert look(auto, now) == "draws_on_another"
    credits.draw_on(wallet=own, other=None)
    # It is as closed as its customer.
    Account.objects.filter(pk=old_acme.pk).update(deactivated_at=now)
    assert look(auto, now) == "closed"
    assert selectors.standing(Account.objects.get(pk=acme_milano.pk), now).missing == Answer.CLOSED
    Account.objects.filter(pk=old_acme.pk).update(deactivated_at=None)
    assert look(auto, now) == "buy"
    assert credits_selectors.balance(acme_milano).available == 100 * CREDIT
    assert credits_selectors.balance(old_acme).available == 0
