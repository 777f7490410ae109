"""Who is told what, who may refuse, and how it leaves."""

import smtplib
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal import attempts
from portal.accounts import services as accounts
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Member, User
from portal.audit.models import AuditEvent
from portal.notices import delivery, selectors, services, tasks, wording
from portal.notices.codes import RULES, Kind, State
from portal.notices.models import Notice, OptOut

SignedIn = Callable[[User], Client]
SENDER: dict[str, object] = {"name": "ACME", "reason": ""}
FACTS: dict[Kind, dict[str, object]] = {
    Kind.RECHARGE_PAID: {"credits_units": 1_000_000, "gross_cents": 512, "currency": "EUR", "reason": ""},
    Kind.RECHARGE_FAILED: {
        "credits_units": 1_000_000,
        "gross_cents": 512,
        "currency": "EUR",
        "reason": "The card has expired. Add the new one and try again.",
    },
    Kind.BANK_TRANSFER: {
        "stage": "partly",
        "credits_units": 1_000_000,
        "gross_cents": 512,
        "missing_cents": 12,
        "currency": "EUR",
        "reference": "RF18 6180 3398 8749",
        "expires_on": "2026-12-20",
        "holder": "Saldo S.r.l.",
        "iban": "IT60 X054 2811 1010 0000 0123 456",
        "bic": "",
    },
    Kind.PAYMENT_REVERSED: {
        "kind": "return",
        "gross_cents": 512,
        "currency": "EUR",
        "credits_units": 1_000_000,
        "missing_units": 7000,
    },
    Kind.CARD_EXPIRING: {"label": "Visa 4242", "expires_on": "2026-12-31"},
    Kind.BALANCE_ZERO: {},
    Kind.BALANCE_BELOW_ZERO: {"balance_units": -7000},
    Kind.RECHARGE_OVER_LIMIT: {
        "credits_units": 1_000_000,
        "gross_cents": 512,
        "currency": "EUR",
        "charged_at": "2026-11-18T22:30:00+00:00",
        "day_cents": 1_024,
        "day_over_cents": 1,
        "month_cents": 1_024,
        "month_over_cents": 0,
    },
    Kind.RECHARGE_ASKS: {"credits_units": 1_000_000, "gross_cents": 512, "currency": "EUR", "because": "second"},
    Kind.CREDITS_EXPIRING: {"credits_units": 420_000, "expires_at": "2026-11-27T10:00:00+00:00", "days": 7},
    Kind.ALERT_UNDELIVERED: {
        "address": "desk@acme.example",
        "reason": "The mail server did not answer.",
        "balance_units": 420_000,
        "at": "2026-11-27T10:00:00+00:00",
    },
    Kind.INVOICE_ISSUED: {"number": "2026/12", "gross_cents": 512, "currency": "EUR"},
    Kind.CREDIT_NOTE_ISSUED: {
        "number": "NC 2026/000001",
        "invoice": "2026/12",
        "gross_cents": 512,
        "currency": "EUR",
    },
    Kind.SENDER_APPROVED: SENDER,
    Kind.SENDER_REFUSED: SENDER | {"reason": "It is a brand of somebody else."},
    Kind.SENDER_WITHDRAWN: SENDER | {"reason": "Your trade mark has lapsed."},
    Kind.SENDER_COUNTRY: SENDER | {"country": "IN", "state": "approved"},
}


@pytest.fixture
def bella(acme: Account) -> User:
    """Acme's billing person, who reads Italian."""
    user = User.objects.create_user("bella@acme.example", first_name="Bella", language="it")
    Member.objects.create(account=acme, user=user, role=Role.BILLING)
    return user


def announce(account: Account, kind: Kind, now: datetime, reference: str = "test:1") -> None:
    services.announce(
        account=account,
        kind=kind,
        subject=f"recharge:{account.public_id}",
        context=FACTS[kind],
        reference=reference,
        now=now,
    )


def told(kind: Kind) -> set[str]:
    return set(Notice.objects.filter(kind=kind).values_list("user__email", flat=True))


def page_of(account: Account) -> str:
    return f"/a/{account.public_id}/account/notices/"


def switched_on(member: Member, *, but: Kind) -> dict[str, str]:
    return {kind.value: "on" for kind in selectors.kinds_of(member) if kind != but}


def test_a_notice_goes_to_the_roles_of_the_table(
    acme: Account, alice: User, bob: User, bella: User, charlie: User, now: datetime
) -> None:
    announce(acme, Kind.RECHARGE_PAID, now)
    announce(acme, Kind.SENDER_APPROVED, now)

    assert told(Kind.RECHARGE_PAID) == {alice.email, bella.email}
    assert told(Kind.SENDER_APPROVED) == {alice.email}


def test_announcing_again_tells_nobody_twice(acme: Account, alice: User, now: datetime) -> None:
    announce(acme, Kind.RECHARGE_PAID, now)
    announce(acme, Kind.RECHARGE_PAID, now)

    assert Notice.objects.count() == 1


def test_whoever_opted_out_is_not_told(acme: Account, alice: User, bella: User, now: datetime) -> None:
    OptOut.objects.create(account=acme, user=alice, kind=Kind.RECHARGE_PAID)
    announce(acme, Kind.RECHARGE_PAID, now)

    assert told(Kind.RECHARGE_PAID) == {bella.email}


def test_a_subaccount_without_people_is_looked_after_by_its_parents(
    acme_milano: Account, alice: User, now: datetime
) -> None:
    announce(acme_milano, Kind.RECHARGE_PAID, now)

    assert told(Kind.RECHARGE_PAID) == {alice.email}


def test_a_subaccounts_own_people_are_told_instead(
    acme_milano: Account, alice: User, charlie: User, now: datetime
) -> None:
    Member.objects.create(account=acme_milano, user=charlie, role=Role.OWNER)
    announce(acme_milano, Kind.RECHARGE_PAID, now)

    assert told(Kind.RECHARGE_PAID) == {charlie.email}


def test_the_last_one_may_not_opt_out(acme: Account, alice: User, signed_in: SignedIn) -> None:
    wanted = switched_on(Member.objects.get(user=alice), but=Kind.RECHARGE_FAILED)
    response = signed_in(alice).post(page_of(acme), wanted)

    assert response.status_code == 422
    assert "Nobody else gets this notice" in response.content.decode()
    assert not OptOut.objects.exists()


def test_one_of_two_may_opt_out_and_in_again(acme: Account, alice: User, bella: User, signed_in: SignedIn) -> None:
    client, member = signed_in(alice), Member.objects.get(user=alice)
    response = client.post(page_of(acme), switched_on(member, but=Kind.RECHARGE_FAILED))

    assert response.headers["Location"] == page_of(acme)
    assert [out.kind for out in OptOut.objects.all()] == [Kind.RECHARGE_FAILED]
    assert AuditEvent.objects.get(action="notices.chosen").after == {"refused": ["recharge_failed"]}
    client.post(page_of(acme), {kind.value: "on" for kind in RULES})
    assert not OptOut.objects.exists()


def test_of_two_only_the_first_may_opt_out(acme: Account, alice: User, bella: User, now: datetime) -> None:
    first, second = (Member.objects.get(user=user) for user in (alice, bella))
    services.choose(member=first, wanted=set(RULES) - {Kind.RECHARGE_PAID}, now=now)

    with pytest.raises(services.NobodyLeft) as refusal:
        services.choose(member=second, wanted=set(RULES) - {Kind.RECHARGE_PAID}, now=now)
    assert refusal.value.kinds == [Kind.RECHARGE_PAID]


def test_what_is_not_needed_may_be_refused_by_everybody(acme: Account, alice: User, now: datetime) -> None:
    services.choose(member=Member.objects.get(user=alice), wanted=set(RULES) - {Kind.SENDER_APPROVED}, now=now)
    announce(acme, Kind.SENDER_APPROVED, now)

    assert told(Kind.SENDER_APPROVED) == set()


def test_when_the_last_reader_is_removed_the_others_are_told_again(
    acme: Account, alice: User, bella: User, now: datetime, signed_in: SignedIn
) -> None:
    services.choose(member=Member.objects.get(user=alice), wanted=set(RULES) - {Kind.RECHARGE_PAID}, now=now)
    accounts.remove_member(member=Member.objects.get(user=bella), actor_id=alice.pk, now=now)
    announce(acme, Kind.RECHARGE_PAID, now)

    assert told(Kind.RECHARGE_PAID) == {alice.email}
    assert "although you switched it off" in signed_in(alice).get(page_of(acme)).content.decode()


def test_a_viewer_gets_none_and_is_told_so(acme: Account, bob: User, signed_in: SignedIn) -> None:
    client = signed_in(bob)

    assert "No notices for your role" in client.get(page_of(acme)).content.decode()
    client.post(page_of(acme), {"recharge_paid": "on"})
    assert not OptOut.objects.exists()


def test_a_notice_leaves_once_in_the_readers_language_and_is_listed(
    acme: Account, alice: User, bella: User, now: datetime, signed_in: SignedIn
) -> None:
    announce(acme, Kind.RECHARGE_PAID, timezone.now())
    tasks.deliver_waiting()
    tasks.deliver_waiting()

    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert set(letters) == {alice.email, bella.email}
    assert len(mail.outbox) == 2
    assert letters[alice.email].subject == "Acme: 100 credits bought"
    assert "€5.12" in str(letters[alice.email].body)
    assert letters[bella.email].extra_headers["Content-Language"] == "it"
    assert "5,12" in str(letters[bella.email].body)
    assert "Recharge paid" in signed_in(alice).get(page_of(acme)).content.decode()


def test_why_a_recharge_failed_is_said_in_the_readers_language(
    acme: Account, alice: User, bella: User, now: datetime
) -> None:
    announce(acme, Kind.RECHARGE_FAILED, timezone.now())
    tasks.deliver_waiting()

    letters = {letter.to[0]: str(letter.body) for letter in mail.outbox}
    assert "The card has expired." in letters[alice.email]
    assert "La carta è scaduta" in letters[bella.email]


@pytest.mark.parametrize("kind", RULES)
def test_every_kind_has_its_words_and_a_page(acme: Account, alice: User, now: datetime, kind: Kind) -> None:
    announce(acme, kind, now)
    notice = Notice.objects.get(kind=kind, user=alice)
    words = wording.words(notice)

    assert all((words.subject, words.button, *words.sentences))
    assert "%(" not in "".join((words.subject, *words.sentences))
    assert str(acme.public_id) in wording.path(notice)


def test_who_was_removed_before_it_left_is_not_told(acme: Account, alice: User, bella: User, now: datetime) -> None:
    announce(acme, Kind.RECHARGE_PAID, now)
    accounts.remove_member(member=Member.objects.get(user=bella), actor_id=alice.pk, now=now)
    notice = Notice.objects.get(user=bella)

    assert delivery.deliver(notice_id=notice.pk, now=now) == delivery.Outcome.DROPPED
    assert mail.outbox == []
    notice.refresh_from_db()
    assert notice.state == State.DROPPED


def test_who_lost_the_role_before_it_left_is_not_told(acme: Account, alice: User, bella: User, now: datetime) -> None:
    announce(acme, Kind.RECHARGE_PAID, now)
    member = Member.objects.get(user=bella)
    accounts.change_member(member=member, role=Role.VIEWER, may_spend=False, actor_id=alice.pk, now=now)

    notice = Notice.objects.get(user=bella)
    assert delivery.deliver(notice_id=notice.pk, now=now) == delivery.Outcome.DROPPED
    assert mail.outbox == []


def test_what_is_no_news_any_more_is_not_told(acme: Account, alice: User, now: datetime) -> None:
    announce(acme, Kind.RECHARGE_PAID, now)
    notice = Notice.objects.get()

    assert delivery.deliver(notice_id=notice.pk, now=now + delivery.NEWS) == delivery.Outcome.DROPPED
    assert mail.outbox == []


def test_two_workers_send_one_notice_once(acme: Account, alice: User, now: datetime) -> None:
    announce(acme, Kind.RECHARGE_PAID, now)
    notice = Notice.objects.get()
    Notice.objects.update(state=State.SENDING, lease_until=now + attempts.LEASE, attempt_count=1)

    assert delivery.deliver(notice_id=notice.pk, now=now) == delivery.Outcome.NOTHING_TO_DO
    after = now + attempts.LEASE
    assert delivery.deliver(notice_id=notice.pk, now=after) == delivery.Outcome.SENT
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_away_is_asked_again_later_and_less_often(
    acme: Account, alice: User, now: datetime, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    announce(acme, Kind.RECHARGE_PAID, now)
    notice = Notice.objects.get()
    moment, waits = now, []
    while notice.state == State.WAITING:
        assert delivery.deliver(notice_id=notice.pk, now=moment) == delivery.Outcome.UNREACHABLE
        notice.refresh_from_db()
        waits.append(notice.next_attempt_at - moment)
        moment = notice.next_attempt_at

    assert waits[:-1] == list(attempts.PAUSES)
    assert (notice.state, notice.attempt_count) == (State.FAILED, len(attempts.PAUSES) + 1)


def test_a_refusal_is_told_from_silence() -> None:
    assert issubclass(smtplib.SMTPDataError, attempts.REFUSALS)
    assert not issubclass(ConnectionRefusedError, attempts.REFUSALS)


def test_a_stranger_chooses_nothing(acme: Account, alice: User, charlie: User, signed_in: SignedIn) -> None:
    assert signed_in(charlie).post(page_of(acme), {}).status_code == 404


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("a_person_is_told_something_known", {"kind": "gossip"}),
        ("a_letter_has_a_known_state", {"state": "lost"}),
        ("a_letter_has_a_reference", {"reference": ""}),
        ("a_letter_being_sent_has_a_lease", {"state": State.SENDING}),
        ("a_sent_letter_says_when", {"state": State.SENT}),
    ],
)
def test_the_database_refuses_a_notice_that_must_not_be(
    acme: Account, alice: User, now: datetime, constraint: str, values: dict[str, str]
) -> None:
    announce(acme, Kind.RECHARGE_PAID, now)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Notice.objects.update(**values)


def test_a_person_is_told_once(acme: Account, alice: User, now: datetime) -> None:
    announce(acme, Kind.RECHARGE_PAID, now)
    announce(acme, Kind.RECHARGE_PAID, now, reference="test:2")
    with pytest.raises(IntegrityError, match="a_person_is_told_once"), transaction.atomic():
        Notice.objects.update(reference="test:1")


def test_a_person_opts_out_of_a_notice_once(acme: Account, alice: User) -> None:
    OptOut.objects.create(account=acme, user=alice, kind=Kind.RECHARGE_PAID)
    with pytest.raises(IntegrityError, match="a_person_opts_out_of_a_notice_once"), transaction.atomic():
        OptOut.objects.create(account=acme, user=alice, kind=Kind.RECHARGE_PAID)
    with pytest.raises(IntegrityError, match="an_opt_out_names_a_known_notice"), transaction.atomic():
        OptOut.objects.create(account=acme, user=alice, kind="gossip")
