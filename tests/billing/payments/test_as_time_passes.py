"""What time does to methods: cards expire and are warned of before, mandates lapse; and what nobody may take or use."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from billing.payments import mandates, selectors
from billing.payments import services as payments
from billing.payments.models import Mandate, Payment, PaymentMethod
from billing.payments.selectors import Obstacle
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.notices.models import Notice
from tests.billing.payments.test_methods import add_card, add_debit
from tests.conftest import SignedIn


def told_on(first: date, days: int, alice: User) -> list[date]:
    """Let the sweep run twice a day, and return the days on which Alice was told of a card."""
    found = []
    for day in range(days):
        for hour in (0, 23):
            moment = datetime(first.year, first.month, first.day, hour, 30, tzinfo=UTC) + timedelta(days=day)
            before = Notice.objects.filter(kind="card_expiring", user=alice).count()
            for due in mandates.cards_to_warn_of(moment):
                mandates.warn(due=due, now=moment)
                mandates.warn(due=due, now=moment)
            after = Notice.objects.filter(kind="card_expiring", user=alice).count()
            found += [moment.date()] * (after - before)
    return found


def test_people_are_told_of_an_expiring_card_30_7_and_1_days_before_and_once_each(
    acme: Account, alice: User, bob: User, now: datetime
) -> None:
    add_card(acme, alice, "Visa 4242", now, expires_on=date(2027, 2, 28))
    assert told_on(date(2027, 1, 20), 45, alice) == [date(2027, 1, 29), date(2027, 2, 21), date(2027, 2, 27)]
    assert not Notice.objects.filter(user=bob).exists()


def test_a_card_that_is_added_late_is_warned_of_once_and_not_three_times(
    acme: Account, alice: User, now: datetime
) -> None:
    add_card(acme, alice, "Visa 4242", now, expires_on=date(2026, 11, 25))
    assert told_on(now.date(), 10, alice) == [date(2026, 11, 20), date(2026, 11, 24)]


def test_nobody_is_told_of_a_card_that_was_removed_or_has_expired(acme: Account, alice: User, now: datetime) -> None:
    removed = add_card(acme, alice, "a", now, expires_on=date(2026, 11, 25))
    add_card(acme, alice, "b", now, expires_on=date(2026, 11, 19))
    due = mandates.cards_to_warn_of(now)
    payments.remove_method(method=removed, actor_id=alice.pk, now=now)
    for each in due:
        mandates.warn(due=each, now=now)
    assert told_on(now.date(), 3, alice) == []


@pytest.mark.parametrize(
    ("used", "last_good", "lapsed"),
    [
        ("2026-11-20T09:30", "2029-11-20T09:30", "2029-11-20T09:31"),
        ("2024-02-29T12:00", "2027-02-28T12:00", "2027-03-01T00:00"),
        ("2025-02-28T12:00", "2028-02-28T12:00", "2028-02-28T12:01"),
        ("2026-03-30T08:00", "2029-03-30T08:00", "2029-03-31T08:00"),
        ("2026-01-31T08:00", "2029-01-31T08:00", "2029-01-31T08:01"),
    ],
)
def test_a_mandate_lapses_36_months_after_the_last_debit(
    used: str, last_good: str, lapsed: str, acme: Account, alice: User, now: datetime
) -> None:
    method = add_debit(acme, alice, now)
    payments.note_mandate(mandate=method.mandate, state=Mandate.State.VALID, actor_id=None, now=now)
    Mandate.objects.update(used_at=datetime.fromisoformat(f"{used}+00:00"))
    assert not mandates.unused(datetime.fromisoformat(f"{last_good}+00:00")).exists()
    moment = datetime.fromisoformat(f"{lapsed}+00:00")
    for _ in range(2):
        for mandate in mandates.unused(moment):
            mandates.expire(mandate=mandate, now=moment)
    mandate = Mandate.objects.get()
    assert (mandate.state, mandate.ended_at) == (Mandate.State.EXPIRED, moment)
    assert selectors.standings(acme, moment.date())[0].obstacle == Obstacle.MANDATE_EXPIRED
    assert AuditEvent.objects.filter(action="mandate.expired").count() == 1


def test_a_mandate_by_which_nothing_was_ever_debited_lapses_36_months_after_it_was_given(
    acme: Account, alice: User, now: datetime
) -> None:
    method = add_debit(acme, alice, now)
    payments.note_mandate(mandate=method.mandate, state=Mandate.State.VALID, actor_id=None, now=now)
    assert not mandates.unused(now.replace(year=2029)).exists()
    assert mandates.unused(now.replace(year=2029) + timedelta(seconds=1)).get() == method.mandate


def test_a_mandate_of_another_account_pays_nothing(
    acme: Account, acme_milano: Account, globex: Account, alice: User, now: datetime
) -> None:
    method = add_debit(acme, alice, now)
    payments.note_mandate(mandate=method.mandate, state=Mandate.State.VALID, actor_id=None, now=now)
    for account in (globex, acme_milano):
        with pytest.raises(payments.MethodNotUsable):
            payments.request(account=account, method=method, amount_cents=1, currency="EUR", reference="r", now=now)
    assert not Payment.objects.exists()


def test_a_method_of_another_account_is_neither_shown_nor_chosen_nor_taken_away(
    acme: Account, globex: Account, alice: User, charlie: User, prices: None, now: datetime, signed_in: SignedIn
) -> None:
    theirs = add_card(acme, alice, "Visa 4242", now)
    browser, buying = signed_in(charlie), reverse("recharge_new", args=[globex.public_id])
    add_card(globex, charlie, "Other", now)
    assert "Visa 4242" not in browser.get(buying).content.decode()
    sent = {"reference": str(uuid.uuid4()), "pack": "100", "method": str(theirs.public_id)}
    assert browser.post(buying, sent).status_code == 422
    for name in ("payment_method_removal", "payment_method_first"):
        assert browser.post(reverse(name, args=[globex.public_id, theirs.public_id])).status_code == 404
    assert not Payment.objects.exists()
    assert PaymentMethod.objects.kept().filter(account=acme).count() == 1


def test_who_may_not_take_a_method_away_is_told_the_way_out(
    acme: Account, alice: User, now: datetime, signed_in: SignedIn
) -> None:
    method = add_card(acme, alice, "Visa 4242", now)
    payments.need(account=acme, by="auto_recharge:1")
    url = reverse("payment_method_removal", args=[acme.public_id, method.public_id])
    browser = signed_in(alice)
    page = browser.post(url, follow=True).content.decode()
    assert "Add another method first, or switch the automatic recharge off." in page
    # The way out: another method takes over.
    add_card(acme, alice, "Visa 1111", now)
    assert "The payment method has been removed." in browser.post(url, follow=True).content.decode()
    assert [each.label for each in selectors.usable_methods(acme, now.date())] == ["Visa 1111"]
