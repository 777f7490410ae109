"""Sender names: requested in the browser, reviewed once, used by their own account only."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from messaging.senders import selectors, services
from messaging.senders.codes import State
from messaging.senders.models import SenderName
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from tests.conftest import SignedIn

LATER = datetime(2026, 11, 21, tzinfo=UTC)


def approved(account: Account, name: str, person: User, now: datetime) -> SenderName:
    sender = services.request(account=account, name=name, purpose="", actor_id=person.pk, now=now)
    return services.approve(sender=sender, actor_id=person.pk, now=now)


def test_a_requested_name_waits_for_its_review(acme: Account, alice: User, signed_in: SignedIn) -> None:
    url = reverse("sender_name_new", args=[acme.public_id])
    answer = signed_in(alice).post(url, {"name": " Acme ", "purpose": "reminders"}, follow=True)
    sender = SenderName.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("sender_name", args=[acme.public_id, sender.public_id])
    assert "In review" in answer.text
    assert list(selectors.waiting().values_list("name", "state")) == [("Acme", State.REQUESTED)]
    assert not selectors.usable(acme).exists()
    assert AuditEvent.objects.get(action="sender.requested").actor == alice


@pytest.mark.parametrize("name", ["Acme 🎉", "", "Info", "PayPal", "12345", "A" * 12, "A" * 10_000, "Ac\x00me"])
def test_a_name_that_breaks_a_rule_is_refused_with_a_sentence(
    acme: Account, alice: User, signed_in: SignedIn, name: str
) -> None:
    answer = signed_in(alice).post(reverse("sender_name_new", args=[acme.public_id]), {"name": name})
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert not SenderName.objects.exists()


def test_a_name_is_requested_once_whatever_its_case(
    acme: Account, alice: User, signed_in: SignedIn, now: datetime
) -> None:
    services.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    answer = signed_in(alice).post(reverse("sender_name_new", args=[acme.public_id]), {"name": "ACME"})
    assert answer.status_code == 422
    assert SenderName.objects.count() == 1


def test_a_refused_name_may_be_requested_again(acme: Account, alice: User, now: datetime) -> None:
    first = services.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    services.refuse(sender=first, reason="Send us your papers.", actor_id=alice.pk, now=now)
    assert services.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now) != first


def test_a_viewer_sees_names_and_cannot_request_one(acme: Account, bob: User, signed_in: SignedIn) -> None:
    browser = signed_in(bob)
    assert browser.get(reverse("sender_names", args=[acme.public_id])).status_code == 200
    assert browser.post(reverse("sender_name_new", args=[acme.public_id]), {"name": "Acme"}).status_code == 403
    assert not SenderName.objects.exists()


def test_a_review_happens_once(acme: Account, alice: User, olga: User, now: datetime) -> None:
    sender = approved(acme, "Acme", alice, now)
    assert services.approve(sender=sender, actor_id=olga.pk, now=now).reviewed_by == alice
    with pytest.raises(services.AlreadyReviewed):
        services.refuse(sender=sender, reason="Changed my mind", actor_id=olga.pk, now=now)


def test_a_refusal_says_why(acme: Account, alice: User, now: datetime, signed_in: SignedIn) -> None:
    sender = services.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    with pytest.raises(services.ReasonMissing):
        services.refuse(sender=sender, reason="  ", actor_id=alice.pk, now=now)
    services.refuse(sender=sender, reason="This is not your company.", actor_id=alice.pk, now=now)
    page = signed_in(alice).get(reverse("sender_names", args=[acme.public_id])).text
    assert "This is not your company." in page


def test_the_default_is_an_approved_name_of_the_account(
    acme: Account, globex: Account, alice: User, charlie: User, now: datetime, signed_in: SignedIn
) -> None:
    mine, theirs = approved(acme, "Acme", alice, now), approved(globex, "Globex", charlie, now)
    waiting = services.request(account=acme, name="Acme2", purpose="", actor_id=alice.pk, now=now)
    browser, url = signed_in(alice), reverse("default_sender", args=[acme.public_id])
    assert browser.post(url, {"sender": mine.public_id}).status_code == 302
    assert selectors.default_of(acme) == mine
    for foreign in (theirs.public_id, waiting.public_id, "nonsense"):
        assert browser.post(url, {"sender": foreign}).status_code == 422
    assert selectors.default_of(acme) == mine
    assert browser.post(url, {"sender": ""}).status_code == 302
    assert selectors.default_of(acme) is None


def test_a_name_that_is_not_usable_cannot_become_the_default(
    acme: Account, globex: Account, alice: User, charlie: User, now: datetime
) -> None:
    theirs = approved(globex, "Globex", charlie, now)
    with pytest.raises(services.NotApproved):
        services.set_default(account=acme, sender=theirs, actor_id=alice.pk, now=now)


def test_names_that_look_like_another_customers_are_flagged(
    acme: Account, globex: Account, alice: User, charlie: User, now: datetime
) -> None:
    theirs = approved(globex, "Globex", charlie, now)
    mine = services.request(account=acme, name="G1OBEX", purpose="", actor_id=alice.pk, now=now)
    assert list(selectors.near_twins(mine)) == [theirs]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"is_default": True}, "a_default_sender_name_is_approved"),
        ({"state": "lost", "reviewed_at": LATER}, "a_sender_name_has_a_known_state"),
        ({"state": "approved"}, "a_reviewed_sender_name_says_when"),
    ],
)
def test_the_table_refuses_a_name_that_cannot_be(
    acme: Account, alice: User, now: datetime, change: dict[str, object], sentence: str
) -> None:
    sender = services.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        SenderName.objects.filter(pk=sender.pk).update(**change)


def test_the_table_refuses_a_refusal_without_a_reason(acme: Account, alice: User, now: datetime) -> None:
    sender = services.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    with pytest.raises(IntegrityError, match="a_refused_sender_name_says_why"), transaction.atomic():
        SenderName.objects.filter(pk=sender.pk).update(state=State.REFUSED, reviewed_at=now)


def test_the_table_refuses_a_name_twice_and_two_defaults(acme: Account, alice: User, now: datetime) -> None:
    first, second = approved(acme, "Acme", alice, now), approved(acme, "Acme2", alice, now)
    with pytest.raises(IntegrityError, match="a_sender_name_is_requested_once"), transaction.atomic():
        SenderName.objects.filter(pk=second.pk).update(name="ACME")
    services.set_default(account=acme, sender=first, actor_id=alice.pk, now=now)
    with pytest.raises(IntegrityError, match="an_account_has_one_default_sender_name"), transaction.atomic():
        SenderName.objects.filter(pk=second.pk).update(is_default=True)
