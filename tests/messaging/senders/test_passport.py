"""What happens to a sender in each country of a list (product 6.4, 6.5)."""

from datetime import datetime, timedelta

import pytest

from messaging.senders import countries, selectors
from messaging.senders.codes import Outcome, Reception, RegistrationState, State
from messaging.senders.models import Registration, SenderName
from messaging.senders.passport import Bearer, Standing, judge
from messaging.senders.periods import Period, Terms
from portal.accounts.models import Account, User

OURS = "+447700900100"
NAME = Bearer("Acme", OURS)
NUMBER = Bearer("+393471234567", OURS)
PORTAL = Bearer(OURS, OURS, is_own=False)


def terms(alphanumeric: str, numeric: str = "yes") -> Terms:
    return Terms(Reception(alphanumeric), Reception(numeric), Reception.NO, 1)


@pytest.mark.parametrize(
    ("bearer", "rule", "standing", "outcome", "shown_as", "may_send"),
    [
        (NAME, terms("yes"), Standing(), Outcome.KEPT, "Acme", True),
        (NAME, terms("registration"), Standing(), Outcome.NEEDS_REGISTRATION, "", False),
        (NAME, terms("registration"), Standing("requested"), Outcome.NEEDS_REGISTRATION, "", False),
        (NAME, terms("registration"), Standing("forwarded"), Outcome.NEEDS_REGISTRATION, "", False),
        (NAME, terms("registration"), Standing("withdrawn", "approved"), Outcome.NEEDS_REGISTRATION, "", False),
        (NAME, terms("registration"), Standing("approved", "approved"), Outcome.REGISTERED, "Acme", True),
        (NAME, terms("registration"), Standing("refused", "refused"), Outcome.REFUSED, "", False),
        (NAME, terms("registration"), Standing("requested", "refused"), Outcome.NEEDS_REGISTRATION, "", False),
        (NAME, terms("yes"), Standing("approved", "approved"), Outcome.REGISTERED, "Acme", True),
        (NAME, terms("yes"), Standing("requested"), Outcome.KEPT, "Acme", True),
        (NAME, terms("yes"), Standing("requested", "refused"), Outcome.REFUSED, "", False),
        (NAME, terms("no"), Standing(), Outcome.REPLACED, "+44 7700 900100", True),
        (NAME, terms("no", "no"), Standing(), Outcome.REPLACED, "a number of the network", True),
        (NAME, terms("no"), Standing("approved", "approved"), Outcome.REPLACED, "+44 7700 900100", True),
        (NAME, terms("limited"), Standing(), Outcome.REPLACED, "+44 7700 900100", True),
        (NAME, terms("unknown"), Standing(), Outcome.UNKNOWN, "Acme", True),
        (NAME, None, Standing(), Outcome.UNKNOWN, "Acme", True),
        (NUMBER, terms("no"), Standing(), Outcome.KEPT, "+39 347 123 4567", True),
        (NUMBER, terms("yes", "no"), Standing(), Outcome.REPLACED, "a number of the network", True),
        (NUMBER, terms("yes", "registration"), Standing(), Outcome.NEEDS_REGISTRATION, "", False),
        (PORTAL, terms("yes"), Standing(), Outcome.KEPT, "+44 7700 900100", True),
        (PORTAL, terms("yes", "no"), Standing(), Outcome.REPLACED, "a number of the network", True),
        (PORTAL, terms("yes", "registration"), Standing(), Outcome.UNKNOWN, "+44 7700 900100", True),
    ],
)
def test_a_country_does_with_a_sender_what_its_rule_says(
    bearer: Bearer, rule: Terms | None, standing: Standing, outcome: Outcome, shown_as: str, may_send: bool
) -> None:
    verdict = judge(bearer, rule, standing, country_name="Utopia")
    assert (verdict.outcome, verdict.shown_as, verdict.may_send) == (outcome, shown_as, may_send)
    assert "Utopia" in verdict.why


def test_a_passport_has_a_line_for_each_country_of_the_list_the_most_recipients_first(
    table: None, acme: Account, sender: SenderName, now: datetime
) -> None:
    recipients = {"FR": 3, "IT": 20, "US": 7, "IN": 5, "SH": 1, "": 2}
    lines = selectors.passport(account=acme, sender=sender, recipients=recipients, at=now)
    assert [(line.country, line.recipient_count, line.outcome, line.may_send) for line in lines] == [
        ("IT", 20, Outcome.KEPT, True),
        ("US", 7, Outcome.REPLACED, True),
        ("IN", 5, Outcome.NEEDS_REGISTRATION, False),
        ("FR", 3, Outcome.KEPT, True),
        ("", 2, Outcome.UNKNOWN, True),
        ("SH", 1, Outcome.UNKNOWN, True),
    ]
    assert [line.shown_as for line in lines[:2]] == ["Acme", "a number of the network"]
    assert (lines[0].kind, lines[0].label) == ("ok", "Kept")


def test_the_portals_own_number_has_a_passport_too(table: None, acme: Account, now: datetime) -> None:
    lines = selectors.passport(account=acme, sender=None, recipients={"IT": 1, "PT": 1}, at=now)
    assert [(line.country, line.outcome) for line in lines] == [("IT", Outcome.KEPT), ("PT", Outcome.REPLACED)]


def test_a_registration_opens_the_country_to_the_name(
    table: None, acme: Account, sender: SenderName, now: datetime
) -> None:
    assert not selectors.may_use(account=acme, sender=sender, countries=["IT", "IN"], at=now)
    assert selectors.may_use(account=acme, sender=sender, countries=["IT"], at=now)
    Registration.objects.create(
        sender=sender, country="IN", state=RegistrationState.APPROVED, requested_at=now, decided_at=now
    )
    assert selectors.may_use(account=acme, sender=sender, countries=["IT", "IN"], at=now)
    [line] = selectors.passport(account=acme, sender=sender, recipients={"IN": 1}, at=now)
    assert line.outcome == Outcome.REGISTERED


def test_a_sender_that_is_not_approved_or_not_the_accounts_may_not_be_used(
    acme: Account, globex: Account, sender: SenderName, now: datetime
) -> None:
    assert selectors.may_use(account=acme, sender=sender, countries=[], at=now)
    assert not selectors.may_use(account=globex, sender=sender, countries=[], at=now)
    SenderName.objects.filter(pk=sender.pk).update(state=State.WITHDRAWN, withdrawn_at=now)
    assert not selectors.may_use(account=acme, sender=sender, countries=[], at=now)
    [line] = selectors.passport(account=acme, sender=sender, recipients={"IT": 1}, at=now)
    assert (line.outcome, line.may_send) == (Outcome.REFUSED, False)


def test_the_rule_that_counts_is_the_one_valid_at_the_moment(
    table: None, acme: Account, sender: SenderName, olga: User, now: datetime
) -> None:
    tomorrow, day_after = now + timedelta(days=1), now + timedelta(days=2)
    closed = Period(Terms(Reception.REGISTRATION, Reception.YES, Reception.YES, 2), tomorrow, day_after)
    assert countries.change(country="IT", calling_prefix="39", new=closed, actor_id=olga.pk, now=now)
    allowed = [
        selectors.may_use(account=acme, sender=sender, countries=["IT"], at=at)
        for at in (now, tomorrow, day_after - timedelta(seconds=1), day_after)
    ]
    assert allowed == [True, False, False, True]


@pytest.mark.parametrize("sent_with", [True, False])
def test_a_passport_of_any_length_asks_the_database_a_few_questions(
    table: None,
    acme: Account,
    sender: SenderName,
    now: datetime,
    sent_with: bool,
    django_assert_max_num_queries: object,
) -> None:
    with django_assert_max_num_queries(3):  # type: ignore[operator]
        selectors.passport(
            account=acme, sender=sender if sent_with else None, recipients={"IT": 1, "FR": 1, "IN": 1}, at=now
        )
