"""Pausing, resuming, undoing; and the night, which pauses marketing country by country."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from billing.credits import selectors as credits_selectors
from messaging.campaigns import drafts, launching, preparing, selectors, services, settling
from messaging.campaigns.codes import State, Traffic
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.contacts import services as contacts
from messaging.contacts.paste import Entry
from messaging.delivery.codes import State as MessageState
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from tests.conftest import Grant
from tests.messaging.campaigns.conftest import Become

ANNA, CHANDRA = "+393471234567", "+919812345678"

pytestmark = pytest.mark.usefixtures("rates")


@pytest.fixture
def draft(acme: Account, alice: User, grant: Grant, now: datetime) -> CampaignDraft:
    grant(acme, "100")
    return drafted(acme, alice, now)


def drafted(account: Account, person: User, now: datetime, **typed: object) -> CampaignDraft:
    values = {"name": "", "sender": None, "text": "ciao", "pasted": f"{ANNA}\n{CHANDRA}", "contact_list": None, **typed}
    return services.save_draft(account=account, reference=uuid4(), actor_id=person.pk, now=now, **values)  # type: ignore[arg-type]


def send(draft: CampaignDraft, person: User, now: datetime, *, again: bool = False) -> Campaign:
    seen = selectors.quote_of(draft, now).fingerprint
    return services.send_draft(draft=draft, fingerprint=seen, actor_id=person.pk, now=now, again=again)


def claimable(now: datetime) -> int:
    return Message.objects.claimable(now).count()


def test_what_is_paused_does_not_leave_and_goes_on_where_it_was(
    draft: CampaignDraft, alice: User, now: datetime
) -> None:
    campaign = send(draft, alice, now)
    later = now + timedelta(minutes=1)
    services.pause(campaign=campaign, actor_id=alice.pk, now=now)
    services.pause(campaign=campaign, actor_id=alice.pk, now=now)
    assert claimable(later) == 0
    services.resume(campaign=campaign, actor_id=alice.pk, now=later)
    services.resume(campaign=campaign, actor_id=alice.pk, now=later)
    assert claimable(later) == 2


def test_what_was_paused_for_days_has_its_patience_anew(draft: CampaignDraft, alice: User, now: datetime) -> None:
    campaign = send(draft, alice, now)
    services.pause(campaign=campaign, actor_id=alice.pk, now=now)
    later = now + timedelta(days=5)
    services.resume(campaign=campaign, actor_id=alice.pk, now=later)
    assert set(Message.objects.values_list("leaves_at", "due_at")) == {(later, later)}


def test_what_is_finished_cannot_be_paused(draft: CampaignDraft, alice: User, become: Become, now: datetime) -> None:
    campaign = send(draft, alice, now)
    become(MessageState.DELIVERED)
    services.settle(campaign=campaign, now=now)
    for verb in (services.pause, services.resume):
        with pytest.raises(services.NotUnderWay):
            verb(campaign=campaign, actor_id=alice.pk, now=now)


def test_a_paused_campaign_can_be_cancelled(draft: CampaignDraft, alice: User, now: datetime) -> None:
    campaign = send(draft, alice, now)
    services.pause(campaign=campaign, actor_id=alice.pk, now=now)
    services.cancel(campaign=campaign, actor_id=alice.pk, now=now)
    assert services.settle(campaign=campaign, now=now)
    assert credits_selectors.balance(campaign.account).held == 0


def test_a_send_can_be_undone_before_anything_leaves(draft: CampaignDraft, alice: User, now: datetime) -> None:
    campaign = send(draft, alice, now)
    assert claimable(now + timedelta(seconds=29)) == 0
    again = services.undo(campaign=campaign, actor_id=alice.pk, now=now + timedelta(seconds=29))
    campaign.refresh_from_db()
    assert (campaign.state, campaign.charged_units) == (State.CANCELLED, 0)
    assert (again.text, again.pasted, again.campaign) == (draft.text, draft.pasted, None)
    assert credits_selectors.balance(campaign.account).held == 0
    # What came back can be sent: the text that was undone was not sent to anybody.
    assert send(again, alice, now).pk != campaign.pk


def test_it_is_too_late_to_undo_once_messages_may_leave(draft: CampaignDraft, alice: User, now: datetime) -> None:
    campaign = send(draft, alice, now)
    assert claimable(now + timedelta(seconds=30)) == 2
    with pytest.raises(services.TooLateToUndo):
        services.undo(campaign=campaign, actor_id=alice.pk, now=now + timedelta(seconds=30))


def test_the_same_text_to_the_same_people_needs_a_word(
    draft: CampaignDraft, acme: Account, alice: User, now: datetime
) -> None:
    send(draft, alice, now)
    twin = drafted(acme, alice, now)
    with pytest.raises(services.AlreadySent) as refused:
        send(twin, alice, now)
    assert refused.value.sent_at == now
    assert send(twin, alice, now, again=True).state == State.SENDING
    assert send(drafted(acme, alice, now, pasted=ANNA), alice, now).state == State.SENDING
    late = now + timedelta(days=30)
    assert send(drafted(acme, alice, late), alice, late).state == State.SENDING


def test_a_quote_holds_for_a_quarter_of_an_hour(draft: CampaignDraft, alice: User, now: datetime) -> None:
    with pytest.raises(services.QuoteExpired):
        send(draft, alice, now + timedelta(minutes=15))
    services.quote_again(draft=draft, now=now + timedelta(minutes=15))
    draft.refresh_from_db()
    assert send(draft, alice, now + timedelta(minutes=29)).state == State.SENDING


def test_a_campaign_begins_when_it_was_planned(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    begins = now + timedelta(days=7)
    send(drafted(acme, alice, now, starts_at=begins), alice, now)
    assert claimable(begins - timedelta(seconds=1)) == 0
    assert claimable(begins) == 2
    with pytest.raises(services.StartPassed):
        send(drafted(acme, alice, now, starts_at=now), alice, now)


def test_marketing_waits_for_the_morning_of_each_country(
    acme: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "100")
    evening = now.replace(hour=1)  # 02:00 in Rome, 06:30 in Delhi, a Friday
    campaign = send(drafted(acme, alice, evening, traffic=Traffic.MARKETING), alice, evening)
    leaves = dict(Message.objects.values_list("recipient", "leaves_at"))
    assert leaves[ANNA] == now.replace(hour=7, minute=0)
    assert leaves[CHANDRA] == now.replace(hour=2, minute=30)
    assert campaign.text.endswith("+447700900100")
    assert set(Message.objects.values_list("text", flat=True)) == {campaign.text}


def test_what_is_resumed_at_night_waits_for_the_morning(
    acme: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "100")
    campaign = send(drafted(acme, alice, now, traffic=Traffic.MARKETING), alice, now)
    services.pause(campaign=campaign, actor_id=alice.pk, now=now)
    night = now.replace(hour=22)
    services.resume(campaign=campaign, actor_id=alice.pk, now=night)
    assert claimable(night) == 0
    assert claimable(now + timedelta(days=1)) == 2


def test_what_is_left_at_night_waits_too(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    campaign = send(drafted(acme, alice, now, traffic=Traffic.MARKETING), alice, now)
    assert services.keep_quiet(campaign=campaign, now=now) == 0
    night = now.replace(hour=18, minute=59)  # a minute before 20:00 in Rome
    assert services.keep_quiet(campaign=campaign, now=night) == 2
    assert claimable(night) == 0
    assert Message.objects.get(recipient=ANNA).leaves_at == (now + timedelta(days=1)).replace(hour=7, minute=0)
    assert services.keep_quiet(campaign=campaign, now=night) == 0


def test_what_has_been_taken_by_a_worker_ahead_of_time_cannot_be_undone(
    draft: CampaignDraft, alice: User, become: Become, now: datetime
) -> None:
    campaign = send(draft, alice, now)
    become(MessageState.SUBMITTING, recipient=ANNA)
    with pytest.raises(services.TooLateToUndo), transaction.atomic():
        services.undo(campaign=campaign, actor_id=alice.pk, now=now + timedelta(seconds=29))
    become(MessageState.ACCEPTED)
    with pytest.raises(services.TooLateToUndo), transaction.atomic():
        services.undo(campaign=campaign, actor_id=alice.pk, now=now + timedelta(seconds=29))
    campaign.refresh_from_db()
    assert campaign.state == State.SENDING


def in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in (drafts, launching, settling):
        monkeypatch.setattr(room, "DIRECT", 1)
    monkeypatch.setattr(preparing, "BATCH", 1)


def test_what_is_prepared_into_the_night_waits_for_the_morning(
    acme: Account, alice: User, grant: Grant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant(acme, "100")
    in_the_background(monkeypatch)
    evening = now.replace(hour=18, minute=59, second=0)  # a minute before 20:00 in Rome
    draft = drafted(acme, alice, evening, traffic=Traffic.MARKETING)
    services.work_out_quote(draft=draft, clock=lambda: evening)
    draft.refresh_from_db()
    send(draft, alice, evening)
    night = evening + timedelta(minutes=2)
    services.prepare(draft=CampaignDraft.objects.get(pk=draft.pk), clock=lambda: night)
    assert Campaign.objects.get().state == State.SENDING
    assert claimable(night) == 0


def test_a_list_that_shrinks_while_its_campaign_is_prepared_costs_nobody_else_a_message(
    acme: Account, alice: User, grant: Grant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant(acme, "100")
    in_the_background(monkeypatch)
    numbers = [f"+3934712345{each}" for each in (10, 11, 12)]
    entries = [Entry(number, "") for number in numbers]
    people = contacts.create_list(account=acme, name="Friends", entries=entries, actor_id=alice.pk, now=now)
    draft = drafted(acme, alice, now, pasted="", contact_list=people)
    services.work_out_quote(draft=draft, clock=lambda: now)
    draft.refresh_from_db()
    send(draft, alice, now)
    ticks = iter([now] * 3)
    with pytest.raises(StopIteration):  # killed after the second message
        services.prepare(draft=CampaignDraft.objects.get(pk=draft.pk), clock=lambda: next(ticks))
    assert Message.objects.count() == 2
    first = people.contacts.order_by("pk").first()
    assert first is not None
    contacts.remove_contacts(contact_list=people, contacts=[first.public_id], actor_id=alice.pk, now=now)
    later = now + timedelta(minutes=2)
    services.prepare(draft=CampaignDraft.objects.get(pk=draft.pk), clock=lambda: later)
    assert sorted(Message.objects.values_list("recipient", flat=True)) == numbers


def test_a_text_that_grew_too_long_for_somebody_is_not_sent(
    acme: Account, alice: User, grant: Grant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant(acme, "100")
    in_the_background(monkeypatch)
    entries = [Entry(ANNA, "Anna"), Entry(CHANDRA, "C" * 120), Entry("+393471234568", "B" * 120)]
    people = contacts.create_list(account=acme, name="Friends", entries=entries, actor_id=alice.pk, now=now)
    draft = drafted(acme, alice, now, text="{name}" * 7, pasted="", contact_list=people)
    services.work_out_quote(draft=draft, clock=lambda: now)
    draft.refresh_from_db()
    send(draft, alice, now)
    # Two make room for what the third has become.
    contacts.opt_out_all(account=acme, numbers=[CHANDRA, "+393471234568"], actor_id=None, now=now)
    people.contacts.filter(number=ANNA).update(name="A" * 120, fields={"name": "A" * 150})
    services.prepare(draft=CampaignDraft.objects.get(pk=draft.pk), clock=lambda: now)
    assert Campaign.objects.get().state == State.REFUSED
    assert not Message.objects.exists()
