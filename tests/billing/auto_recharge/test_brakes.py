"""Pauses, stops and caps belong to the wallet: no saving of settings, late answer or change of the clock loosens them."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection

from billing.auto_recharge import facts, late, selectors, services, tasks
from billing.auto_recharge.models import AutoRecharge, Evaluation, Policy
from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.credits.models import Watch
from billing.ledger.codes import TransferCode
from billing.ledger.models import Account as LedgerAccount
from billing.payments.models import Attempt
from billing.payments.providers import sandbox
from billing.payments.providers.base import Answer, Outcome
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.notices import wording
from portal.notices.models import Notice
from tests.billing.auto_recharge.conftest import CREDIT, Card, Spend, SwitchedOn
from tests.billing.auto_recharge.test_recharging import HOUR, look
from tests.conftest import Grant

DAY = timedelta(days=1)


def test_saving_the_settings_does_not_end_a_pause_and_an_answer_on_the_page_does(
    old_acme: Account, alice: User, card: Card, switched_on: SwitchedOn, now: datetime
) -> None:
    auto = switched_on(card(sandbox.DECLINED))
    assert [look(auto, now), look(auto, now)] == ["buy", "paused"]
    terms = services.Terms(40 * CREDIT, 200 * CREDIT, auto.method)
    services.switch_on(account=old_acme, terms=terms, revision=1, actor_id=alice.pk, now=now + HOUR / 2)
    services.switch_off(account=old_acme, revision=2, actor_id=alice.pk, now=now + HOUR / 2)
    services.switch_on(account=old_acme, terms=terms, revision=3, actor_id=alice.pk, now=now + HOUR / 2)
    assert look(auto, now + HOUR / 2) == "paused"
    assert [look(auto, now + HOUR), look(auto, now + HOUR)] == ["buy", "paused"]
    assert selectors.evaluations(old_acme)[0].until == now + 5 * HOUR
    services.resume(account=old_acme, revision=4, actor_id=alice.pk, now=now + HOUR)
    assert [look(auto, now + HOUR), look(auto, now + HOUR)] == ["buy", "paused"]
    # It begins anew: somebody knew better, and was wrong once.
    assert selectors.evaluations(old_acme)[0].until == now + 2 * HOUR
    assert Recharge.objects.filter(state="failed").count() == 3


def test_a_success_by_hand_ends_the_pause(
    old_acme: Account, alice: User, card: Card, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    auto = switched_on(card(sandbox.DECLINED))
    assert [look(auto, now), look(auto, now)] == ["buy", "paused"]
    pack = facts.offer(auto, now).pack
    assert pack is not None
    good = card(sandbox.SUCCEEDS)
    recharges.buy(account=old_acme, pack=pack, method=good, reference=auto.public_id, actor_id=alice.pk, now=now)
    spend(old_acme, 100)
    assert facts.offer(auto, now).facts.refusals == []


def test_what_is_moved_or_lent_is_not_used(
    old_acme: Account, acme_milano: Account, switched_on: SwitchedOn, grant: Grant, spend: Spend, now: datetime
) -> None:
    wallet = grant(old_acme, "3000")
    milano = credits.open_wallet(account=acme_milano)
    spend(old_acme, 7)
    credits.move(
        source=wallet, target=milano, amount=1_000 * CREDIT, cause=credits.Cause(TransferCode.MOVE, "m"), now=now
    )
    credits.lend(
        source=wallet,
        target=milano,
        amount=500 * CREDIT,
        returns_at=now + DAY,
        cause=credits.Cause(TransferCode.LOAN, "l"),
        now=now,
    )
    auto = switched_on()
    assert facts.offer(auto, now).facts.used_last_day == 7 * CREDIT
    credits.draw_on(wallet=milano, other=wallet)
    spend(acme_milano, 5)
    assert facts.offer(auto, now).facts.used_last_day == 12 * CREDIT
    assert facts.offer(auto, now + DAY + HOUR).facts.used_last_day == 0


def test_an_approval_covers_what_was_asked_and_no_cent_more(
    old_acme: Account, alice: User, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    auto = switched_on(threshold=150)
    assert look(auto, now) == "buy"  # 200 credits
    spend(old_acme, 55)
    assert look(auto, now) == "asked"
    question = selectors.questions(old_acme).get()
    assert (question.units, question.gross_cents) == (100 * CREDIT, 512)
    # While it waits more is missing: the question says so, and the answer is about what was read.
    spend(old_acme, 100)
    assert look(auto, now) == "asked"

    def approve(gross_cents: int) -> None:
        services.answer(question=question, approve=True, gross_cents=gross_cents, actor_id=alice.pk, now=now)

    with pytest.raises(services.AmountChanged):
        approve(512)
    question.refresh_from_db()
    assert (question.units, question.gross_cents) == (200 * CREDIT, 1_025)
    approve(1_025)
    # Between the approval and the purchase still more is: it is asked about anew.
    spend(old_acme, 45)
    Policy.objects.create(valid_from=now - DAY)
    AutoRecharge.objects.update(threshold_units=350 * CREDIT)
    assert look(auto, now) == "asked"
    states = list(selectors.questions(old_acme).values_list("state", flat=True))
    assert states == ["waiting", "lapsed"]
    assert Recharge.objects.count() == 1


def settle(recharge: Recharge, at: datetime, outcome: Outcome = Outcome.SUCCEEDED) -> None:
    attempt = Attempt.objects.get(payment=recharge.payment_id)
    recharges.conclude(recharge=recharge, attempt=attempt, answer=Answer(outcome, "late"), now=at)


@pytest.mark.parametrize("turn", [datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 11, 24, 23, tzinfo=UTC)])
def test_a_success_that_is_heard_of_after_midnight_counts_on_both_days(
    old_acme: Account, card: Card, switched_on: SwitchedOn, spend: Spend, turn: datetime, now: datetime
) -> None:
    Policy.objects.create(valid_from=now - DAY, hours_apart=0, pace_factor=10_000)
    auto = switched_on(card(sandbox.TIMEOUT_AFTER), day_cap_cents=1_023, month_cap_cents=2_000)
    assert look(auto, turn - HOUR) == "buy"
    waiting = Recharge.objects.get()
    AutoRecharge.objects.update(threshold_units=100 * CREDIT)
    assert look(auto, turn) == "on_its_way"
    assert facts.offer(auto, turn + 2 * DAY).facts.spent_today == 512  # open, so it may be charged at any moment
    AutoRecharge.objects.update(threshold_units=50 * CREDIT)
    settle(waiting, turn + HOUR / 60)
    spend(old_acme, 100)
    assert look(auto, turn + HOUR) == "day_cap"
    assert look(auto, turn + DAY) == "buy"


def test_money_that_was_given_up_and_turns_up_after_all_passes_no_cap_of_its_day(
    old_acme: Account, alice: User, card: Card, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    Policy.objects.create(valid_from=now - DAY, hours_apart=0, pace_factor=10_000)
    auto = switched_on(card(sandbox.TIMEOUT_BEFORE), day_cap_cents=1_023)
    assert look(auto, now) == "buy"
    lost = Recharge.objects.get()
    later = now + 2 * DAY
    Attempt.objects.update(looked_up_at=now, started_at=now - 9 * DAY, state="unknown")
    recharges.give_up(recharge=lost, actor_id=alice.pk, now=later)
    assert facts.offer(auto, later).facts.spent_today == 512
    card(sandbox.SUCCEEDS)
    assert look(auto, later) == "day_cap"
    settle(lost, later)
    lost.refresh_from_db()
    assert lost.state == "paid"
    spend(old_acme, 100)
    assert look(auto, later + HOUR) == "day_cap"
    assert facts.offer(auto, later + HOUR).facts.spent_today == 512


def test_late_money_counts_on_the_day_of_its_charge_and_what_passes_a_limit_with_it_is_written_down_and_told(
    old_acme: Account, alice: User, card: Card, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    Policy.objects.create(valid_from=now - DAY, hours_apart=0, pace_factor=10_000)
    auto = switched_on(card(sandbox.TIMEOUT_BEFORE), day_cap_cents=1_023)
    assert look(auto, now) == "buy"
    lost = Recharge.objects.get()
    Attempt.objects.update(looked_up_at=now, started_at=now - 9 * DAY, state="unknown")
    recharges.give_up(recharge=lost, actor_id=alice.pk, now=now + DAY)
    assert not late.unseen().exists()
    card(sandbox.SUCCEEDS)
    assert look(auto, now + 2 * DAY) == "buy"
    spend(old_acme, 100)
    # The provider carries it out on the third day, and says so on the fifth: no look could have known.
    attempt = Attempt.objects.get(payment=lost.payment_id)
    said = Answer(Outcome.SUCCEEDED, "late", charged_at=now + 2 * DAY + HOUR)
    recharges.conclude(recharge=lost, attempt=attempt, answer=said, now=now + 4 * DAY)
    assert facts.offer(auto, now + 2 * DAY + 2 * HOUR).facts.spent_today == 1_024
    assert facts.offer(auto, now + 4 * DAY).facts.spent_today == 0
    assert facts.offer(auto, now + 4 * DAY).facts.spent_this_month == 1_024
    for _again in range(2):
        tasks.see_late_money()
    evaluation = Evaluation.objects.get(recharge=lost)
    assert (evaluation.over_day_cents, evaluation.over_month_cents) == (1, 0)
    assert AuditEvent.objects.get(action="auto_recharge.passed_limit").after["day_cents"] == 1_024
    notice = Notice.objects.get(kind="recharge_over_limit")
    words = wording.words(notice)
    assert "€10.24, which is €0.01 above the limit" in " ".join(words.sentences)
    assert "charged on 22 Nov 2026" in words.sentences[0]
    assert len(words.sentences) == 3


def test_late_money_within_the_limits_is_looked_at_once_and_nobody_is_told(
    old_acme: Account, alice: User, card: Card, switched_on: SwitchedOn, now: datetime
) -> None:
    auto = switched_on(card(sandbox.TIMEOUT_BEFORE), month_cap_cents=511)
    AutoRecharge.objects.update(month_cap_cents=1_000)
    assert look(auto, now) == "buy"
    lost = Recharge.objects.get()
    Attempt.objects.update(looked_up_at=now, started_at=now - 9 * DAY, state="unknown")
    recharges.give_up(recharge=lost, actor_id=alice.pk, now=now + DAY)
    settle(lost, now + 2 * DAY)
    [evaluation] = late.unseen()
    late.see(evaluation=evaluation, now=now + 2 * DAY)
    assert (evaluation.over_day_cents, late.unseen().count()) == (None, 0)
    assert not Notice.objects.filter(kind="recharge_over_limit").exists()
    # A month's limit is held against all of the month.
    Evaluation.objects.update(over_day_cents=None)
    AutoRecharge.objects.update(month_cap_cents=500)
    late.see(evaluation=late.unseen()[0], now=now + 2 * DAY)
    words = wording.words(Notice.objects.get(kind="recharge_over_limit"))
    assert "recharges of that month came to €5.12, which is €0.12 above" in words.sentences[1]


def test_a_clock_that_is_put_back_over_midnight_opens_no_cap(
    old_acme: Account, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    Policy.objects.create(valid_from=now - DAY, hours_apart=0, pace_factor=10_000)
    auto = switched_on(day_cap_cents=600)
    midnight = datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert look(auto, midnight + HOUR / 2) == "buy"
    spend(old_acme, 100)
    assert look(auto, midnight - HOUR / 2) == "day_cap"
    assert look(auto, midnight + HOUR / 2) == "day_cap"


@pytest.mark.parametrize(
    ("name", "bought", "capped", "free"),
    [
        # A day of 25 hours, one of 23, and one on which midnight comes twice.
        ("Europe/Rome", (2026, 10, 24, 22, 30), (2026, 10, 25, 22, 30), (2026, 10, 25, 23, 0)),
        ("Europe/Rome", (2027, 3, 27, 23, 30), (2027, 3, 28, 21, 59), (2027, 3, 28, 22, 0)),
        ("Atlantic/Azores", (2026, 10, 25, 0, 30), (2026, 10, 25, 1, 30), (2026, 10, 26, 1, 0)),
    ],
)
def test_a_cap_lasts_a_day_of_the_calendar_however_long_it_is(
    old_acme: Account,
    switched_on: SwitchedOn,
    spend: Spend,
    name: str,
    bought: tuple[int, ...],
    capped: tuple[int, ...],
    free: tuple[int, ...],
) -> None:
    Policy.objects.create(valid_from=datetime(2026, 1, 1, tzinfo=UTC), hours_apart=0, pace_factor=10_000)
    Account.objects.filter(pk=old_acme.pk).update(time_zone=name)
    auto = switched_on(day_cap_cents=600)
    found = []
    for moment in (bought, capped, free):
        found.append(look(auto, datetime(*moment, tzinfo=UTC)))  # type: ignore[misc, arg-type]
        if moment == bought:
            spend(old_acme, 100)
    assert found == ["buy", "day_cap", "buy"]


def marks(account: Account) -> tuple[int | None, list[int | None]]:
    pot = LedgerAccount.objects.get(wallet__account=account)
    return pot.low_mark, list(Watch.objects.filter(wallet__account=account).values_list("level_units", flat=True))


def test_the_threshold_is_the_wallets_mark_as_long_as_it_is_on(
    old_acme: Account, acme_milano: Account, alice: User, switched_on: SwitchedOn, grant: Grant, now: datetime
) -> None:
    wallet = grant(old_acme, "120")
    auto = switched_on()
    assert marks(old_acme) == (50 * CREDIT, [50 * CREDIT])
    terms = services.Terms(120 * CREDIT, 100 * CREDIT, auto.method)
    services.switch_on(account=old_acme, terms=terms, revision=1, actor_id=alice.pk, now=now)
    assert marks(old_acme) == (120 * CREDIT, [120 * CREDIT])
    assert AutoRecharge.objects.low().get() == auto  # at the threshold is low enough
    # Who pays changes: the mark goes where the credits are, and comes back.
    milano = credits.open_wallet(account=acme_milano)
    credits.draw_on(wallet=wallet, other=milano)
    assert (marks(old_acme)[0], marks(acme_milano)[0]) == (None, 120 * CREDIT)
    credits.draw_on(wallet=wallet, other=None)
    assert (marks(old_acme)[0], marks(acme_milano)[0]) == (120 * CREDIT, None)
    services.switch_off(account=old_acme, revision=2, actor_id=alice.pk, now=now)
    assert marks(old_acme) == (None, [])


def test_the_slow_sweep_writes_marks_that_are_missing(old_acme: Account, switched_on: SwitchedOn) -> None:
    auto = switched_on()
    assert selectors.unmarked() == []
    Watch.objects.all().delete()
    assert selectors.unmarked() == [auto.pk]
    LedgerAccount.objects.filter(wallet__account=old_acme).update(low_mark=None)
    assert AutoRecharge.objects.low().count() == 0
    tasks.mark_thresholds()
    assert marks(old_acme) == (50 * CREDIT, [50 * CREDIT])
    assert AutoRecharge.objects.low().get() == auto


def test_what_was_on_before_there_were_marks_is_marked_by_the_migration(
    old_acme: Account, switched_on: SwitchedOn
) -> None:
    switched_on()
    Watch.objects.all().delete()
    LedgerAccount.objects.update(low_mark=None)
    migration = import_module("billing.auto_recharge.migrations.0003_thresholds_are_marked")
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(migration.WATCH)
            cursor.execute(migration.MARK)
        assert marks(old_acme) == (50 * CREDIT, [50 * CREDIT])
    assert selectors.unmarked() == []


def test_the_sweep_asks_again_by_turns_and_a_clock_that_was_put_back_holds_up_nobody(
    old_acme: Account, card: Card, switched_on: SwitchedOn, grant: Grant, now: datetime
) -> None:
    auto = switched_on(card(sandbox.DECLINED))
    assert [look(auto, now), look(auto, now)] == ["buy", "paused"]
    assert selectors.due(now) == []
    assert selectors.due(now + timedelta(seconds=20)) == [auto.pk]
    look(auto, now + HOUR - timedelta(seconds=30))
    assert selectors.due(now + HOUR - timedelta(seconds=1)) == []
    assert selectors.due(now + HOUR) == [auto.pk]  # the pause is over
    assert selectors.due(now - HOUR) == [auto.pk]  # by an hour too early: the clock was put back
    # Above again without a bell: one look more, and it is let go.
    grant(old_acme, "500")
    assert selectors.due(now + HOUR) == [auto.pk]
    assert look(auto, now + HOUR) == "enough"
    assert selectors.due(now + 9 * HOUR) == []
    assert credits_selectors.balance(old_acme).available == 500 * CREDIT


def test_a_month_that_turns_is_found_by_the_sweep(
    old_acme: Account, switched_on: SwitchedOn, spend: Spend, now: datetime
) -> None:
    Policy.objects.create(valid_from=now - DAY, hours_apart=0, pace_factor=10_000)
    auto = switched_on(month_cap_cents=600)
    assert look(auto, now) == "buy"
    spend(old_acme, 100)
    turn = datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert look(auto, turn - timedelta(seconds=1)) == "month_cap"
    assert selectors.due(turn - timedelta(seconds=1)) == []
    assert selectors.due(turn) == [auto.pk]
    assert look(auto, turn) == "buy"
