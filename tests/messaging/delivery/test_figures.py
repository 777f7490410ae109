"""The figures of a campaign, and what is done about its failures."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from messaging.campaigns import services as campaigns
from messaging.campaigns.models import Campaign
from messaging.contacts import selectors as contacts_selectors
from messaging.contacts import services as contacts
from messaging.contacts.models import OptOut, Source
from messaging.delivery import figures, suppression
from messaging.delivery.codes import State
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn

NUMBERS = [f"+39{3_471_000_100 + each}" for each in range(8)] + ["+33612345678"]


@pytest.fixture
def campaign(acme: Account, grant: Grant, prices: None, now: datetime) -> Campaign:
    """Six arrived within a day, two numbers are dead, one telephone was off."""
    cache.clear()
    grant(acme, "100")
    made = campaigns.launch(
        account=acme, actor_id=None, sender=None, text="Ciao", recipients=NUMBERS, reference="figures", now=now
    )
    for place, message in enumerate(Message.objects.filter(campaign=made).order_by("pk")):
        code = {0: "unknown_number", 1: "landline", 2: "absent"}.get(place, "")
        state = State.UNDELIVERED if code else State.DELIVERED
        Message.objects.filter(pk=message.pk).update(
            state=state,
            error_code=code,
            due_at=None,
            final_at=now + timedelta(hours=place),
            submitted_at=now,
            gateway_message_id=f"x{place}",
        )
    return made


def test_figures_count_by_time_country_and_reason(campaign: Campaign) -> None:
    found = figures.figures(campaign)
    assert sum(bar.count for bar in found.bars) == 6
    assert len(found.bars) <= figures.MOST_BARS
    assert [(row.prefix, row.count, row.delivered, row.failed) for row in found.countries] == [
        ("39", 8, 5, 3),
        ("33", 1, 1, 0),
    ]
    assert [(row.code, row.count) for row in found.failures] == [("absent", 1), ("landline", 1), ("unknown_number", 1)]
    assert sum(row.units for row in found.failures) == 3 * 7000


@pytest.mark.parametrize("hours", [0, 1, 30, 24 * 20, 24 * 400])
def test_bars_are_few_however_long_it_took_and_lose_nothing(campaign: Campaign, now: datetime, hours: int) -> None:
    late = Message.objects.filter(campaign=campaign, state=State.DELIVERED).first()
    assert late is not None
    Message.objects.filter(pk=late.pk).update(final_at=now + timedelta(hours=hours))
    found = figures.figures(campaign)
    assert sum(bar.count for bar in found.bars) == 6
    assert len(found.bars) <= figures.MOST_BARS + 1
    assert found.bars[0].at <= now + timedelta(hours=4)


@pytest.mark.parametrize(
    "morning", [datetime(2026, 10, 25, 9, tzinfo=UTC), datetime(2026, 3, 29, 8, tzinfo=UTC)], ids=str
)
def test_bars_are_true_on_the_days_on_which_the_clocks_change(campaign: Campaign, morning: datetime) -> None:
    delivered = Message.objects.filter(campaign=campaign, state=State.DELIVERED).order_by("pk")
    for minutes, message in enumerate(delivered):
        Message.objects.filter(pk=message.pk).update(final_at=morning + timedelta(minutes=7 * minutes))
    with timezone.override("Europe/Rome"):
        bars = figures.figures(campaign).bars
        assert (bars[0].at, sum(bar.count for bar in bars)) == (morning, 6)
        cache.clear()
        Message.objects.filter(pk=message.pk).update(final_at=morning + timedelta(days=100))
        days = figures.figures(campaign).bars
    assert [timezone.localtime(bar.at, ZoneInfo("Europe/Rome")).hour for bar in days] == [0] * len(days)
    assert [bar.count for bar in (days[0], days[-1])] == [5, 1]


def test_dead_numbers_are_suppressed_with_one_click_and_that_is_undone(
    acme: Account, alice: User, campaign: Campaign, signed_in: SignedIn, now: datetime
) -> None:
    contacts.opt_out_all(account=acme, numbers=[NUMBERS[5]], actor_id=None, now=now)
    found = suppression.proposal(acme, campaign)
    assert (found.numbers, found.units) == (NUMBERS[:2], 14_000)
    browser = signed_in(alice)
    page = reverse("campaign_figures", args=[acme.public_id, campaign.public_id])
    assert "2 numbers can never be reached" in browser.get(page).content.decode()
    action = reverse("campaign_suppression", args=[acme.public_id, campaign.public_id])
    for _ in range(2):
        browser.post(action)
    assert contacts_selectors.opted_out(acme, NUMBERS) == {*NUMBERS[:2], NUMBERS[5]}
    assert set(OptOut.objects.filter(source=Source.FAILURE).values_list("number", flat=True)) == set(NUMBERS[:2])
    assert "2 numbers of this campaign are left out" in browser.get(page).content.decode()
    browser.post(action, {"undo": "1"})
    assert contacts_selectors.opted_out(acme, NUMBERS) == {NUMBERS[5]}


def test_more_dead_numbers_than_go_at_once_go_one_after_the_other(
    acme: Account, alice: User, campaign: Campaign, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppression, "AT_ONCE", 1)
    for number in NUMBERS[:2]:
        found = suppression.proposal(acme, campaign)
        assert found.numbers == [number]
        assert suppression.suppress(account=acme, campaign=campaign, actor_id=alice.pk, now=now) == 1
    assert suppression.proposal(acme, campaign) == suppression.Proposal([], 0, 2)
    given = {"account": acme, "campaign": campaign, "actor_id": alice.pk, "now": now}
    assert [suppression.restore(**given) for _ in range(3)] == [1, 1, 0]  # type: ignore[arg-type]


def test_dead_numbers_that_were_refused_cost_nothing_and_are_proposed_all_the_same(
    acme: Account, alice: User, campaign: Campaign, signed_in: SignedIn
) -> None:
    dead = Message.objects.filter(campaign=campaign, recipient__in=NUMBERS[:2])
    dead.filter(recipient=NUMBERS[0]).update(state=State.REFUSED, gateway_message_id="")
    assert suppression.proposal(acme, campaign).units == 7_000
    dead.update(state=State.REFUSED, gateway_message_id="")
    assert suppression.proposal(acme, campaign).numbers == NUMBERS[:2]
    page = reverse("campaign_figures", args=[acme.public_id, campaign.public_id])
    assert "nothing was charged for them" in signed_in(alice).get(page).content.decode()


def test_the_page_says_why_and_what_to_do_and_asks_little(
    acme: Account,
    bob: User,
    campaign: Campaign,
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    browser, address = signed_in(bob), reverse("campaign_figures", args=[acme.public_id, campaign.public_id])
    page = browser.get(address).content.decode()
    for sentence in ("This number is not in use.", "Show the numbers", "For good", "For now", "Italy"):
        assert sentence in page
    assert "Leave them out from now on" not in page  # Bob may only look
    with django_assert_max_num_queries(12):
        browser.get(address)


def test_a_campaign_of_which_nothing_is_heard_says_so(
    acme: Account, bob: User, campaign: Campaign, signed_in: SignedIn, now: datetime
) -> None:
    Message.objects.update(state=State.WAITING, error_code="", due_at=now, final_at=None)
    address = reverse("campaign_figures", args=[acme.public_id, campaign.public_id])
    page = signed_in(bob).get(address).content.decode()
    assert "Nothing has been delivered yet" in page
    assert "No failures" in page


def test_a_stranger_suppresses_nothing(acme: Account, charlie: User, campaign: Campaign, signed_in: SignedIn) -> None:
    action = reverse("campaign_suppression", args=[acme.public_id, campaign.public_id])
    assert signed_in(charlie).post(action).status_code == 404
    assert not OptOut.objects.exists()
