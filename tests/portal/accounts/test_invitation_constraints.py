"""The database itself refuses an invitation, or an answer of a register, that must never be."""

import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from portal.accounts import invitations
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, BillingDetails, Invitation, User
from portal.accounts.registers import Verdict


@pytest.fixture
def invited(acme: Account, alice: User, now: datetime) -> Invitation:
    return invitations.invite(
        account=acme, email="dora@acme.example", role=Role.SENDER, may_spend=True, actor_id=alice.pk, now=now
    ).invitation


def refuses(constraint: str, write: Callable[[], object]) -> bool:
    """Whether the database refuses `write` by the constraint of this name."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        write()
    return constraint in str(refusal.value)


def test_an_address_has_one_open_invitation(invited: Invitation) -> None:
    invited.pk, invited.public_id, invited.token_hash = None, uuid.uuid4(), "another"
    assert refuses("an_address_has_one_open_invitation", invited.save)


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("an_invitation_goes_to_lower_case", {"email": "Dora@acme.example"}),
        ("an_invitation_offers_a_known_role", {"role": "emperor"}),
        ("an_invitation_lasts_a_while", {"expires_at": F("created_at")}),
        ("an_accepted_invitation_says_by_whom", {"accepted_at": F("created_at")}),
        ("an_accepted_invitation_says_by_whom", {"accepted_by": F("invited_by")}),
        (
            "an_invitation_ends_once",
            {"accepted_at": F("created_at"), "accepted_by": F("invited_by"), "withdrawn_at": F("created_at")},
        ),
    ],
)
def test_an_invitation_is_refused(invited: Invitation, constraint: str, values: dict[str, object]) -> None:
    assert refuses(constraint, lambda: Invitation.objects.filter(pk=invited.pk).update(**values))


@pytest.mark.parametrize(
    "values", [{"vat_verdict": Verdict.VALID}, {"vat_asked_at": datetime.fromisoformat("2026-11-20T09:30:00Z")}]
)
def test_an_answer_about_a_vat_number_has_its_date(acme: Account, values: dict[str, object]) -> None:
    details = BillingDetails.objects.filter(account=acme)
    assert refuses("an_answer_about_a_vat_number_has_its_date", lambda: details.update(**values))
