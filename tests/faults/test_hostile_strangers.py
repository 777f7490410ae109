"""A stranger with somebody else's ids, in the address or in a form: as if those things did not exist."""

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from billing.invoices.models import Invoice
from billing.payments.models import PaymentMethod
from billing.recharge.models import Recharge
from messaging.contacts import services as contacts
from messaging.senders import services as senders
from portal.accounts.models import Account, User
from tests.conftest import Grant, SignedIn
from tests.faults.hostility import NUMBER, at, draft_of, nothing_changes, purchase, said, smallest_pack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("prices")]


def test_a_stranger_cannot_pay_with_anothers_card(
    acme: Account, globex: Account, charlie: User, card: PaymentMethod, signed_in: SignedIn
) -> None:
    stranger = signed_in(charlie)
    form = purchase(smallest_pack(globex).public_id, card.public_id)
    with nothing_changes():
        answer = stranger.post(at("recharge_new", globex), form)
        assert answer.status_code == 422
        assert "Select a valid choice." in said(answer)
        assert stranger.post(at("recharge_new", acme), form).status_code == 404
        assert stranger.post(at("payment_method_removal", globex, card.public_id)).status_code == 404


def test_a_stranger_cannot_send_under_anothers_name_or_to_anothers_contacts(
    acme: Account, globex: Account, alice: User, charlie: User, olga: User, signed_in: SignedIn, grant: Grant
) -> None:
    grant(globex, "100")
    now = timezone.now()
    name = senders.request(account=acme, name="AcmeShop", purpose="", actor_id=alice.pk, now=now)
    senders.approve(sender=name, actor_id=olga.pk, now=now)
    friends = contacts.create_list(account=acme, name="Friends", entries=[], actor_id=alice.pk, now=now)
    form = {"reference": str(uuid.uuid4()), "text": "ciao", "pasted": NUMBER}
    stranger = signed_in(charlie)
    for foreign in ({"sender": str(name.public_id)}, {"contact_list": str(friends.public_id)}):
        with nothing_changes():
            answer = stranger.post(at("campaign_new", globex), form | foreign)
            assert answer.status_code == 422
            assert "Select a valid choice." in said(answer)
            assert stranger.post(at("campaign_preview", globex), form | foreign).status_code == 200


def test_a_stranger_finds_nothing_of_anothers_under_an_address_of_their_own(
    acme: Account,
    globex: Account,
    browser: Client,
    charlie: User,
    card: PaymentMethod,
    signed_in: SignedIn,
    grant: Grant,
) -> None:
    grant(acme, "100")
    browser.post(at("recharge_new", acme), purchase(smallest_pack(acme).public_id, card.public_id))
    draft = draft_of(browser, acme)
    recharge, invoice = Recharge.objects.get(), Invoice.objects.get()
    stranger, forged = signed_in(charlie), {"fingerprint": "0" * 64}
    with nothing_changes():
        assert stranger.get(at("recharge", globex, recharge.public_id)).status_code == 404
        assert stranger.get(at("invoice_pdf", globex, invoice.public_id)).status_code == 404
        assert stranger.get(at("campaign_draft", globex, draft.public_id)).status_code == 404
        assert stranger.post(at("campaign_draft", globex, draft.public_id), forged).status_code == 404
        assert stranger.post(at("campaign_draft_removal", globex, draft.public_id)).status_code == 404
