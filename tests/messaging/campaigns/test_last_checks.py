"""What changes between the launch and the moment of leaving: opt-outs, sender names, and the undo of the last second."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from billing.credits import selectors as credits_selectors
from messaging.campaigns import launching, selectors, services
from messaging.campaigns.codes import State
from messaging.campaigns.models import Campaign
from messaging.contacts import services as contacts
from messaging.contacts.paste import Entry
from messaging.delivery import handover
from messaging.delivery.codes import State as MessageState
from messaging.delivery.models import Message
from messaging.delivery.reasons import REASONS
from messaging.senders import services as senders
from portal.accounts.models import Account, User
from tests.conftest import Grant
from tests.messaging.campaigns.conftest import ITALY, Become

ANNA, BRUNO = "+393471234567", "+393471234568"

pytestmark = pytest.mark.usefixtures("rates")


@pytest.fixture(autouse=True)
def gateway(settings: Settings) -> None:
    settings.GATEWAY_SIMULATOR_URL = "http://127.0.0.1:9"


def launched(account: Account, person: User, now: datetime, **given: object) -> Campaign:
    values = {"sender": None, "text": "ciao", "recipients": [ANNA, BRUNO], "reference": "r1", **given}
    return services.launch(account=account, actor_id=person.pk, now=now, **values)  # type: ignore[arg-type]


def claimed(now: datetime) -> list[str]:
    return [each.recipient for each in handover.claim(gateway="simulator", limit=500, now=now)]


def test_who_opts_out_after_the_launch_gets_nothing_and_costs_nothing(
    acme: Account, globex: Account, alice: User, grant: Grant, become: Become, now: datetime
) -> None:
    grant(acme, "100")
    campaign = launched(acme, alice, now)
    contacts.opt_out_all(account=acme, numbers=[ANNA], actor_id=None, now=now)
    contacts.opt_out_all(account=globex, numbers=[BRUNO], actor_id=None, now=now)
    assert claimed(now) == [BRUNO]
    stopped = Message.objects.get(recipient=ANNA)
    assert (stopped.state, stopped.error_code, stopped.final_at) == (MessageState.REFUSED, "opted_out", now)
    become(MessageState.ACCEPTED, recipient=BRUNO)
    assert services.settle(campaign=campaign, now=now)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.charged_units, campaign.returned_units) == (State.SETTLED, ITALY, ITALY)
    assert credits_selectors.balance(acme).held == 0


def test_where_everybody_has_opted_out_the_next_in_the_queue_leave(
    acme: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "100")
    launched(acme, alice, now)
    contacts.opt_out_all(account=acme, numbers=[ANNA], actor_id=None, now=now)
    batch = handover.claim(gateway="simulator", limit=1, now=now)
    assert [each.recipient for each in batch] == [BRUNO]


def test_nothing_leaves_under_a_name_that_was_taken_back(
    acme: Account, alice: User, olga: User, grant: Grant, now: datetime
) -> None:
    grant(acme, "100")
    name = senders.request(account=acme, name="Bottega", purpose="", actor_id=alice.pk, now=now)
    senders.approve(sender=name, actor_id=olga.pk, now=now)
    campaign = launched(acme, alice, now, sender=name)
    senders.revoke(sender=name, reason="It is not yours.", actor_id=olga.pk, now=now)
    assert claimed(now) == []
    assert set(Message.objects.values_list("state", "error_code")) == {(MessageState.REFUSED, "withdrawn_sender")}
    assert services.settle(campaign=campaign, now=now)
    assert credits_selectors.balance(acme).available == 100 * 10_000
    # Approved once more, it is a name like any other.
    again = senders.request(account=acme, name="Bottega", purpose="", actor_id=alice.pk, now=now)
    senders.approve(sender=again, actor_id=olga.pk, now=now)
    launched(acme, alice, now, sender=again, reference="r2")
    assert claimed(now + timedelta(seconds=1)) == [ANNA, BRUNO]


def test_a_list_that_grows_between_hold_and_messages_sends_what_was_held(
    acme: Account, alice: User, grant: Grant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant(acme, "100")
    people = contacts.create_list(account=acme, name="Friends", entries=[Entry(ANNA, "")], actor_id=alice.pk, now=now)
    draft = services.save_draft(
        account=acme,
        reference=uuid4(),
        name="",
        sender=None,
        text="ciao",
        pasted="",
        contact_list=people,
        actor_id=alice.pk,
        now=now,
    )
    begin = launching._begin

    def begin_and_add(*given: Any, **named: Any) -> Any:
        begun = begin(*given, **named)
        contacts.add_contacts(contact_list=people, entries=[Entry(BRUNO, "")], actor_id=alice.pk, now=now)
        return begun

    monkeypatch.setattr(launching, "_begin", begin_and_add)
    seen = selectors.quote_of(draft, now).fingerprint
    campaign = services.send_draft(draft=draft, fingerprint=seen, actor_id=alice.pk, now=now)
    assert list(Message.objects.values_list("recipient", flat=True)) == [ANNA]
    assert campaign.held_units == ITALY


def test_an_account_whose_customer_was_shut_launches_nothing(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, now: datetime
) -> None:
    grant(acme_milano, "100")
    Account.objects.filter(pk=acme.pk).update(deactivated_at=now)
    with pytest.raises(services.WalletBlocked):
        launched(acme_milano, alice, now)


def test_what_is_stopped_says_why() -> None:
    assert {"opted_out", "withdrawn_sender"} <= set(REASONS)
