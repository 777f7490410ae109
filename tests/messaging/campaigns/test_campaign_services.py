"""Launching, cancelling and settling: credits and messages move together or not at all."""

import threading
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.db import connection

from billing.credits import selectors as credits_selectors
from billing.ledger import selectors as ledger_selectors
from messaging.campaigns import selectors, services, tasks
from messaging.campaigns.codes import State
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.campaigns.quote import Problem
from messaging.contacts import services as contacts
from messaging.contacts.paste import Entry
from messaging.delivery import selectors as delivery_selectors
from messaging.delivery.codes import State as MessageState
from messaging.delivery.models import Message
from messaging.senders import services as senders
from messaging.senders.models import SenderName
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from tests.conftest import Grant
from tests.messaging.campaigns.conftest import ITALY, Become

ANNA, BRUNO, CHANDRA = "+393471234567", "+393471234568", "+919812345678"

pytestmark = pytest.mark.usefixtures("rates")
Launch = Callable[..., Campaign]


@pytest.fixture
def launch(acme: Account, alice: User, now: datetime) -> Launch:
    def send(*numbers: str, text: str = "ciao", reference: str = "r1", sender: SenderName | None = None) -> Campaign:
        return services.launch(
            account=acme,
            actor_id=alice.pk,
            sender=sender,
            text=text,
            recipients=numbers,
            reference=reference,
            now=now,
        )

    return send


def books_agree() -> bool:
    return ledger_selectors.differences() == [] and credits_selectors.lot_differences() == []


def test_a_launch_holds_the_price_and_queues_each_message(acme: Account, grant: Grant, launch: Launch) -> None:
    grant(acme, "100")
    campaign = launch(ANNA, BRUNO, CHANDRA)
    assert (campaign.recipient_count, campaign.held_units) == (3, 18_000)
    assert credits_selectors.balance(acme).held == 18_000
    assert sorted(Message.objects.values_list("recipient", "price_units", "campaign_id", "state")) == [
        (ANNA, 7_000, campaign.pk, "waiting"),
        (BRUNO, 7_000, campaign.pk, "waiting"),
        (CHANDRA, 4_000, campaign.pk, "waiting"),
    ]
    assert AuditEvent.objects.filter(action="campaign.launched", account=acme).count() == 1


def test_too_little_credit_sends_nothing_and_changes_nothing(acme: Account, grant: Grant, launch: Launch) -> None:
    grant(acme, "0.6999")
    with pytest.raises(services.InsufficientCredits):
        launch(ANNA)
    assert not Campaign.objects.exists()
    assert not Message.objects.exists()
    assert credits_selectors.balance(acme).held == 0


def test_a_send_that_costs_the_whole_balance_leaves(acme: Account, grant: Grant, launch: Launch) -> None:
    grant(acme, "0.7")
    launch(ANNA)
    assert credits_selectors.balance(acme).available == 0


def test_an_account_that_never_had_credits_is_told_so(acme_milano: Account, alice: User, now: datetime) -> None:
    acme_milano.wallet.delete()
    with pytest.raises(services.InsufficientCredits):
        services.launch(
            account=acme_milano, actor_id=alice.pk, sender=None, text="a", recipients=[ANNA], reference="r", now=now
        )


def test_the_same_reference_launches_once(acme: Account, grant: Grant, launch: Launch) -> None:
    grant(acme, "100")
    assert launch(ANNA) == launch(ANNA) == launch(ANNA, BRUNO)
    assert Message.objects.count() == 1
    assert credits_selectors.balance(acme).held == ITALY


def test_two_accounts_may_use_the_same_reference(acme: Account, globex: Account, grant: Grant, now: datetime) -> None:
    for account in (acme, globex):
        grant(account, "1")
        services.launch(
            account=account, actor_id=None, sender=None, text="a", recipients=[ANNA], reference="same", now=now
        )
    assert Campaign.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "numbers", "problem"),
    [("", [ANNA], Problem.NO_TEXT), ("x" * 919, [ANNA], Problem.TEXT_TOO_LONG), ("x", [], Problem.NO_RECIPIENTS)],
)
def test_what_cannot_be_sent_is_refused(
    acme: Account, grant: Grant, launch: Launch, text: str, numbers: list[str], problem: Problem
) -> None:
    grant(acme, "100")
    with pytest.raises(services.NotSendable) as refused:
        launch(*numbers, text=text)
    assert refused.value.problem is problem
    assert credits_selectors.balance(acme).held == 0


def test_an_approved_name_is_what_the_telephone_shows(
    acme: Account, alice: User, olga: User, grant: Grant, launch: Launch, now: datetime
) -> None:
    grant(acme, "1")
    name = senders.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    with pytest.raises(services.SenderNotUsable):
        launch(ANNA, sender=name)
    senders.approve(sender=name, actor_id=olga.pk, now=now)
    assert launch(ANNA, sender=name).sender == "Acme"
    assert Message.objects.get().sender == "Acme"


def test_the_name_of_another_account_cannot_be_used(
    acme: Account, globex: Account, charlie: User, olga: User, grant: Grant, launch: Launch, now: datetime
) -> None:
    grant(acme, "1")
    name = senders.request(account=globex, name="Globex", purpose="", actor_id=charlie.pk, now=now)
    senders.approve(sender=name, actor_id=olga.pk, now=now)
    with pytest.raises(services.SenderNotUsable):
        launch(ANNA, sender=name)
    assert credits_selectors.balance(acme).held == 0


def test_who_opted_out_gets_nothing(acme: Account, grant: Grant, launch: Launch, now: datetime) -> None:
    grant(acme, "100")
    contacts.opt_out_all(account=acme, numbers=[ANNA], actor_id=None, now=now)
    assert launch(ANNA, BRUNO).recipient_count == 1
    assert Message.objects.get().recipient == BRUNO


def test_what_was_handed_over_is_charged_and_the_rest_comes_back(
    acme: Account, grant: Grant, launch: Launch, become: Become, now: datetime
) -> None:
    grant(acme, "100")
    campaign = launch(ANNA, BRUNO, CHANDRA)
    become(MessageState.DELIVERED, recipient=ANNA)
    become(MessageState.REFUSED, recipient=BRUNO)
    assert services.settle(campaign=campaign, now=now) is False
    become(MessageState.ACCEPTED, recipient=CHANDRA)
    assert services.settle(campaign=campaign, now=now) is True
    campaign.refresh_from_db()
    assert (campaign.state, campaign.charged_units, campaign.returned_units) == (State.SETTLED, 11_000, 7_000)
    assert credits_selectors.balance(acme) == credits_selectors.Balance(989_000, 0, 989_000)
    assert books_agree()


def test_a_campaign_of_which_nothing_left_costs_nothing(
    acme: Account, grant: Grant, launch: Launch, become: Become, now: datetime
) -> None:
    grant(acme, "1")
    campaign = launch(ANNA)
    become(MessageState.REFUSED)
    assert services.settle(campaign=campaign, now=now) is True
    assert credits_selectors.balance(acme).available == 10_000
    assert books_agree()


def test_a_campaign_settles_once_however_often_it_is_tried(
    acme: Account, grant: Grant, launch: Launch, become: Become, now: datetime
) -> None:
    grant(acme, "1")
    campaign = launch(ANNA)
    become(MessageState.EXPIRED)
    tasks.settle(campaign.pk)
    tasks.settle_finished()
    assert services.settle(campaign=campaign, now=now) is False
    assert credits_selectors.balance(acme).posted == 3_000
    assert AuditEvent.objects.filter(action="campaign.settled").count() == 1


def test_a_message_that_is_unknown_keeps_its_credits_held(
    acme: Account, grant: Grant, launch: Launch, become: Become
) -> None:
    grant(acme, "1")
    launch(ANNA)
    become(MessageState.UNKNOWN)
    tasks.settle_finished()
    assert credits_selectors.balance(acme).held == ITALY


def test_a_cancellation_gives_back_what_was_not_handed_over(
    acme: Account, alice: User, grant: Grant, launch: Launch, become: Become, now: datetime
) -> None:
    grant(acme, "100")
    campaign = launch(ANNA, BRUNO, CHANDRA)
    become(MessageState.ACCEPTED, recipient=ANNA)
    assert services.cancel(campaign=campaign, actor_id=alice.pk, now=now) == 2
    campaign.refresh_from_db()
    assert campaign.state == State.CANCELLING
    tasks.settle(campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.charged_units) == (State.CANCELLED, ITALY)
    assert credits_selectors.balance(acme).available == 1_000_000 - ITALY
    assert books_agree()


def test_what_comes_back_from_the_gateway_after_a_cancellation_is_cancelled_too(
    acme: Account, alice: User, grant: Grant, launch: Launch, become: Become, now: datetime
) -> None:
    grant(acme, "100")
    campaign = launch(ANNA, BRUNO)
    become(MessageState.SUBMITTING, recipient=ANNA)
    services.cancel(campaign=campaign, actor_id=alice.pk, now=now)
    become(MessageState.WAITING, recipient=ANNA)
    tasks.settle_finished()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.charged_units) == (State.CANCELLED, 0)
    assert delivery_selectors.progress(campaign).cancelled == 2


def test_nothing_is_left_to_cancel_once_all_is_handed_over(
    acme: Account, alice: User, grant: Grant, launch: Launch, become: Become, now: datetime
) -> None:
    grant(acme, "1")
    campaign = launch(ANNA)
    become(MessageState.ACCEPTED)
    with pytest.raises(services.NothingToCancel):
        services.cancel(campaign=campaign, actor_id=alice.pk, now=now)
    campaign.refresh_from_db()
    assert campaign.state == State.SENDING


def test_an_account_that_is_shut_sends_nothing_any_more_and_gets_its_credits_back(
    acme: Account, alice: User, grant: Grant, launch: Launch, become: Become, now: datetime
) -> None:
    grant(acme, "100")
    running = launch(ANNA, BRUNO, reference="running")
    given_back = launch(ANNA, reference="under way")
    become(MessageState.DELIVERED, campaign=running, recipient=ANNA)
    become(MessageState.SUBMITTING, campaign=given_back)
    assert services.stop_all(account=acme, actor_id=alice.pk, now=now) == 1
    running.refresh_from_db()
    assert (running.state, running.charged_units, running.returned_units) == (State.CANCELLED, ITALY, ITALY)
    become(MessageState.WAITING, campaign=given_back)
    services.settle(campaign=given_back, now=now)
    given_back.refresh_from_db()
    assert (given_back.state, given_back.charged_units) == (State.CANCELLED, 0)
    assert not Message.objects.filter(state=MessageState.WAITING).exists()
    assert services.stop_all(account=acme, actor_id=alice.pk, now=now) == 0
    assert credits_selectors.balance(acme).available == 100 * 10_000 - ITALY
    assert books_agree()


def test_a_campaign_that_was_sent_before_it_could_be_stopped_is_sent(
    acme: Account, alice: User, grant: Grant, launch: Launch, become: Become, now: datetime
) -> None:
    grant(acme, "100")
    campaign = launch(ANNA)
    become(MessageState.SUBMITTING, campaign=campaign)
    services.stop_all(account=acme, actor_id=alice.pk, now=now)
    become(MessageState.DELIVERED, campaign=campaign)
    services.settle(campaign=campaign, now=now)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.charged_units) == (State.SETTLED, ITALY)


def draft_of(account: Account, actor: User, now: datetime, **changes: object) -> CampaignDraft:
    typed: dict[str, object] = {
        "name": "", "sender": None, "text": "ciao", "pasted": ANNA, "contact_list": None, "reference": uuid4()
    }  # fmt: skip
    return services.save_draft(account=account, actor_id=actor.pk, now=now, **{**typed, **changes})  # type: ignore[arg-type]


def test_a_draft_is_sent_as_it_was_quoted_and_once(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    draft = draft_of(acme, alice, now)
    seen = selectors.quote_of(draft, now).fingerprint
    first = services.send_draft(draft=draft, fingerprint=seen, actor_id=alice.pk, now=now)
    assert services.send_draft(draft=draft, fingerprint="", actor_id=alice.pk, now=now) == first
    assert credits_selectors.balance(acme).held == ITALY


def test_a_draft_whose_quote_has_changed_is_not_sent(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    contact_list = contacts.create_list(
        account=acme, name="Friends", entries=[Entry(BRUNO, "")], actor_id=alice.pk, now=now
    )
    draft = draft_of(acme, alice, now, contact_list=contact_list)
    seen = selectors.quote_of(draft, now).fingerprint
    contacts.add_contacts(contact_list=contact_list, entries=[Entry(CHANDRA, "")], actor_id=alice.pk, now=now)
    with pytest.raises(services.QuoteChanged):
        services.send_draft(draft=draft, fingerprint=seen, actor_id=alice.pk, now=now)
    assert not Message.objects.exists()


def test_the_same_form_is_one_draft_until_it_was_sent(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    reference = uuid4()
    draft = draft_of(acme, alice, now, reference=reference)
    assert draft_of(acme, alice, now, reference=reference, text="ciao ciao") == draft
    draft.refresh_from_db()
    assert draft.text == "ciao ciao"
    seen = selectors.quote_of(draft, now).fingerprint
    services.send_draft(draft=draft, fingerprint=seen, actor_id=alice.pk, now=now)
    assert draft_of(acme, alice, now, reference=reference, text="ciao ciao") == draft
    assert draft_of(acme, alice, now, reference=reference, text="something else") != draft


def test_a_list_of_another_account_reaches_nobody(
    acme: Account, globex: Account, alice: User, charlie: User, now: datetime
) -> None:
    foreign = contacts.create_list(
        account=globex, name="Theirs", entries=[Entry(BRUNO, "")], actor_id=charlie.pk, now=now
    )
    draft = draft_of(acme, alice, now, contact_list=foreign)
    quote = selectors.quote_of(draft, now)
    assert (quote.recipient_count, quote.samples[0].number) == (1, ANNA)


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_send_one_campaign(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    grant(acme, "100")
    found: list[int] = []
    gate = threading.Barrier(10)

    def click() -> None:
        gate.wait()
        campaign = services.launch(
            account=acme, actor_id=alice.pk, sender=None, text="ciao", recipients=[ANNA], reference="once", now=now
        )
        found.append(campaign.pk)
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(10)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert len(found) == 10
    assert len(set(found)) == 1
    assert Message.objects.count() == 1
    assert credits_selectors.balance(acme).held == ITALY
