"""What the tables of sender names refuse, each rule bitten once."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from messaging.senders import services
from messaging.senders.models import AliasEntry, Decision, Document, Registration, SenderName
from portal.accounts.models import Account, User


@pytest.fixture
def sender(acme: Account, alice: User, now: datetime) -> SenderName:
    return services.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)


def register(sender: SenderName, now: datetime, **values: Any) -> Registration:
    return Registration.objects.create(**{"sender": sender, "country": "IN", "requested_at": now, **values})


def test_a_withdrawn_name_says_when(sender: SenderName) -> None:
    with pytest.raises(IntegrityError, match="a_withdrawn_sender_name_says_when"), transaction.atomic():
        SenderName.objects.filter(pk=sender.pk).update(state="withdrawn")


def test_a_name_is_registered_once_in_a_country(sender: SenderName, now: datetime) -> None:
    register(sender, now)
    register(sender, now, country="AE")
    with pytest.raises(IntegrityError, match="a_sender_name_is_registered_once_in_a_country"), transaction.atomic():
        register(sender, now)
    Registration.objects.filter(country="IN").update(state="withdrawn", decided_at=now)
    register(sender, now)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"state": "lost", "decided": True}, "a_registration_has_a_known_state"),
        ({"country": "in"}, "a_registration_names_a_country"),
        ({"state": "refused", "decided": True}, "a_refused_registration_says_why"),
        ({"state": "approved"}, "a_decided_registration_says_when"),
        ({"decided": True}, "a_decided_registration_says_when"),
    ],
)
def test_the_table_refuses_a_registration_that_cannot_be(
    sender: SenderName, now: datetime, values: dict[str, Any], sentence: str
) -> None:
    decided_at = now if values.pop("decided", False) else None
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        register(sender, now, decided_at=decided_at, **values)


@pytest.mark.parametrize("missing", ["company", "vat_number", "pec", "contact_name", "contact_email", "contact_phone"])
def test_an_alias_entry_is_complete(sender: SenderName, now: datetime, missing: str) -> None:
    entry = {
        "company": "Acme",
        "vat_number": "IT07643520567",
        "pec": "acme@pec.example",
        "contact_name": "Alice Cast",
        "contact_email": "alice@acme.example",
        "contact_phone": "+393471234567",
    }
    registration = register(sender, now, country="IT")
    with pytest.raises(IntegrityError, match="an_alias_entry_is_complete"), transaction.atomic():
        AliasEntry.objects.create(registration=registration, **{**entry, missing: ""})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"media_type": "text/html"}, "a_document_is_a_pdf_or_a_picture"),
        ({"byte_count": 0}, "a_document_has_a_limited_size"),
        ({"byte_count": 5_000_001}, "a_document_has_a_limited_size"),
    ],
)
def test_the_table_refuses_a_document_that_cannot_be(
    sender: SenderName, now: datetime, values: dict[str, Any], sentence: str
) -> None:
    paper = {"media_type": "application/pdf", "byte_count": 10, **values}
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        Document.objects.create(sender=sender, name="proof.pdf", file="proof.pdf", added_at=now, **paper)


@pytest.mark.parametrize(("country", "state"), [("", "forwarded"), ("IT", "lost"), ("", "lost")])
def test_a_decision_is_a_known_step(sender: SenderName, now: datetime, country: str, state: str) -> None:
    with pytest.raises(IntegrityError, match="a_decision_is_a_known_step"), transaction.atomic():
        Decision.objects.create(sender=sender, country=country, state=state, decided_at=now)


def test_a_decision_is_never_changed_or_forgotten(sender: SenderName, now: datetime) -> None:
    decision = Decision.objects.create(sender=sender, state="requested", decided_at=now)
    with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(reason="other")
    with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
        decision.delete()
