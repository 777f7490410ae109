"""A campaign too large to wait for: quoted and prepared in the background, killed and resumed, cancelled, refused."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from billing.credits import selectors as credits_selectors
from billing.ledger import selectors as ledger_selectors
from messaging.campaigns import drafts, preparing, selectors, services
from messaging.campaigns.codes import Refusal, State
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.contacts import services as contacts
from messaging.contacts.models import Contact, ContactList
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from tests.conftest import Grant
from tests.messaging.campaigns.conftest import ITALY
from tests.plans import is_found_by

PEOPLE = drafts.DIRECT + 1_000
FIRST = "+393400000001"

pytestmark = pytest.mark.usefixtures("rates")

Clock = Callable[[], datetime]


@pytest.fixture
def clock(now: datetime) -> Clock:
    return lambda: now


@pytest.fixture
def everybody(acme: Account, alice: User, now: datetime) -> ContactList:
    people = contacts.create_list(account=acme, name="Everybody", entries=[], actor_id=alice.pk, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (public_id, contact_list_id, number, name, fields, created_at) "
            "SELECT gen_random_uuid(), %s, '+39340' || lpad(n::text, 7, '0'), '', '{}', now() "
            "FROM generate_series(1, %s) AS n",
            [people.pk, PEOPLE],
        )
    return people


@pytest.fixture
def draft(acme: Account, alice: User, everybody: ContactList, grant: Grant, now: datetime) -> CampaignDraft:
    grant(acme, "10000")
    return services.save_draft(
        account=acme,
        reference=uuid4(),
        name="",
        sender=None,
        text="ciao",
        pasted=FIRST,
        contact_list=everybody,
        actor_id=alice.pk,
        now=now,
    )


@pytest.fixture
def sent(draft: CampaignDraft, alice: User, clock: Clock, now: datetime) -> CampaignDraft:
    services.work_out_quote(draft=draft, clock=clock)
    draft.refresh_from_db()
    quote = selectors.kept_quote(draft)
    assert quote is not None
    services.send_draft(draft=draft, fingerprint=quote.fingerprint, actor_id=alice.pk, now=now)
    return CampaignDraft.objects.select_related("campaign", "account").get(pk=draft.pk)


def campaign_of(draft: CampaignDraft) -> Campaign:
    assert draft.campaign is not None
    draft.campaign.refresh_from_db()
    return draft.campaign


def books_agree() -> bool:
    return ledger_selectors.differences() == [] and credits_selectors.lot_differences() == []


def test_a_large_list_is_quoted_in_the_background(draft: CampaignDraft, clock: Clock, now: datetime) -> None:
    assert selectors.kept_quote(draft) is None
    assert list(selectors.drafts_at_work(now)) == [draft]
    services.work_out_quote(draft=draft, clock=clock)
    draft.refresh_from_db()
    quote = selectors.kept_quote(draft)
    assert quote is not None
    assert (quote.recipient_count, quote.total_units, quote.duplicate_count) == (PEOPLE, PEOPLE * ITALY, 1)
    assert not selectors.drafts_at_work(now).exists()


def test_what_is_at_work_is_found_without_what_is_done(db: None, now: datetime) -> None:
    assert is_found_by(selectors.drafts_at_work(now), "drafts_to_quote", "campaigns_under_way")


def test_it_holds_at_once_and_lets_nothing_leave_before_all_is_written(sent: CampaignDraft, now: datetime) -> None:
    assert campaign_of(sent).state == State.PREPARING
    assert credits_selectors.balance(sent.account).held == PEOPLE * ITALY
    preparing.prepare(draft=sent, clock=lambda: now)
    campaign = campaign_of(sent)
    assert (campaign.state, campaign.prepared_count, campaign.prepared_units) == (
        State.SENDING,
        PEOPLE,
        campaign.held_units,
    )
    rows = Message.objects.filter(campaign=campaign)
    assert rows.count() == rows.values("recipient").distinct().count() == PEOPLE
    assert set(rows.values_list("created_at", "leaves_at")) == {(campaign.created_at, campaign.starts_at)}


def test_killed_in_the_middle_it_goes_on_where_it_was(
    sent: CampaignDraft, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "BATCH", 1_000)
    ticks = iter([now] * 4)
    with pytest.raises(StopIteration):
        preparing.prepare(draft=sent, clock=lambda: next(ticks))
    campaign = campaign_of(sent)
    assert (campaign.state, campaign.prepared_count) == (State.PREPARING, Message.objects.count())
    assert 0 < campaign.prepared_count < PEOPLE
    # Whoever comes while the lease lasts leaves it alone; the next one after that goes on.
    preparing.prepare(draft=sent, clock=lambda: now + timedelta(seconds=30))
    assert campaign_of(sent).state == State.PREPARING
    later = now + timedelta(seconds=61)
    assert list(selectors.drafts_at_work(later)) == [sent]
    preparing.prepare(draft=sent, clock=lambda: later)
    assert campaign_of(sent).state == State.SENDING
    assert Message.objects.values("recipient").distinct().count() == Message.objects.count() == PEOPLE


def test_it_can_be_cancelled_while_it_is_prepared(
    sent: CampaignDraft, alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "BATCH", 1_000)
    moments = iter(range(100))

    def clock() -> datetime:
        if next(moments) == 3:
            services.cancel(campaign=campaign_of(sent), actor_id=alice.pk, now=now)
        return now

    preparing.prepare(draft=sent, clock=clock)
    assert campaign_of(sent).state == State.CANCELLING
    assert 0 < Message.objects.count() < PEOPLE
    assert not Message.objects.claimable(now + timedelta(days=1)).exists()
    services.settle(campaign=campaign_of(sent), now=now)
    assert (campaign_of(sent).state, campaign_of(sent).charged_units) == (State.CANCELLED, 0)
    assert credits_selectors.balance(sent.account).held == 0
    assert books_agree()


def test_who_opted_out_since_the_quote_gets_nothing_and_their_price_comes_back(
    sent: CampaignDraft, now: datetime
) -> None:
    contacts.opt_out_all(account=sent.account, numbers=["+393400000005"], actor_id=None, now=now)
    preparing.prepare(draft=sent, clock=lambda: now)
    campaign = campaign_of(sent)
    assert (campaign.state, campaign.prepared_count) == (State.SENDING, PEOPLE - 1)
    assert campaign.held_units - campaign.prepared_units == ITALY


def test_a_list_that_has_grown_since_is_not_sent_to(sent: CampaignDraft, everybody: ContactList, now: datetime) -> None:
    Contact.objects.create(contact_list=everybody, number="+393509999999", created_at=now)
    preparing.prepare(draft=sent, clock=lambda: now)
    campaign = campaign_of(sent)
    assert (campaign.state, campaign.refusal, campaign.charged_units) == (State.REFUSED, Refusal.GREW, 0)
    assert not Message.objects.exists()
    assert credits_selectors.balance(sent.account).available == 10_000 * 10_000
    assert books_agree()


def test_a_list_that_was_emptied_since_is_not_sent_to(
    sent: CampaignDraft, everybody: ContactList, now: datetime
) -> None:
    everybody.contacts.all().delete()
    contacts.opt_out_all(account=sent.account, numbers=[FIRST], actor_id=None, now=now)
    preparing.prepare(draft=sent, clock=lambda: now)
    assert campaign_of(sent).refusal == Refusal.NOBODY
    assert books_agree()


def test_a_price_that_changes_meanwhile_does_not_change_what_was_quoted(sent: CampaignDraft, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pricing_rate SET valid_until = %s WHERE prefix = '39'", [now + timedelta(seconds=1)])
        cursor.execute(
            "INSERT INTO pricing_rate (service, prefix, country_names, units, valid_from) "
            "VALUES ('sms_segment', '39', 'Italy', 9000, %s)",
            [now + timedelta(seconds=1)],
        )
    preparing.prepare(draft=sent, clock=lambda: now + timedelta(seconds=5))
    assert campaign_of(sent).prepared_units == campaign_of(sent).held_units == PEOPLE * ITALY


def test_a_large_campaign_is_cancelled_in_slices(sent: CampaignDraft, alice: User, now: datetime) -> None:
    preparing.prepare(draft=sent, clock=lambda: now)
    assert services.cancel(campaign=campaign_of(sent), actor_id=alice.pk, now=now) == PEOPLE
    with pytest.raises(services.NothingToCancel):
        services.cancel(campaign=campaign_of(sent), actor_id=alice.pk, now=now)
    services.settle(campaign=campaign_of(sent), now=now)
    assert campaign_of(sent).state == State.CANCELLED
    assert books_agree()


def test_an_account_that_is_shut_stops_what_is_prepared_for_it(
    sent: CampaignDraft, alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "BATCH", 1_000)
    ticks = iter([now] * 3)
    with pytest.raises(StopIteration):
        preparing.prepare(draft=sent, clock=lambda: next(ticks))
    assert services.stop_all(account=sent.account, actor_id=alice.pk, now=now) == Message.objects.count() > 0
    preparing.prepare(draft=sent, clock=lambda: now + timedelta(hours=1))
    assert (campaign_of(sent).state, campaign_of(sent).charged_units) == (State.CANCELLED, 0)
    assert credits_selectors.balance(sent.account).held == 0
    assert books_agree()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"traffic": "spam"}, "a_campaign_is_of_a_known_kind"),
        ({"prepared_units": 10**12}, "a_campaign_prepares_no_more_than_it_holds"),
        ({"work_due_at": None}, "a_campaign_has_work_while_it_is_prepared"),
        ({"refusal": "grew"}, "a_refused_campaign_says_why"),
    ],
)
def test_the_table_refuses_a_preparation_that_cannot_be(
    sent: CampaignDraft, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        Campaign.objects.update(**change)


def test_the_table_refuses_a_draft_of_no_kind(draft: CampaignDraft) -> None:
    with pytest.raises(IntegrityError, match="a_draft_is_of_a_known_kind"), transaction.atomic():
        CampaignDraft.objects.update(traffic="spam")
