"""Inviting, joining, limiting and removing people."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from portal.accounts import invitations, services
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Invitation, Member, User
from portal.audit.models import AuditEvent

SignedIn = Callable[[User], Client]

DORA = "dora@acme.example"
NEW = {"first_name": "Dora", "last_name": "Verdi", "language": "it", "password": "another horse entirely"}


def of(account: Account, page: str) -> str:
    return f"/a/{account.public_id}/account/{page}"


def offer(account: Account, by: User, email: str = DORA, role: Role = Role.SENDER) -> str:
    """Invite somebody now; return the path of the link."""
    issued = invitations.invite(
        account=account, email=email, role=role, may_spend=True, actor_id=by.pk, now=timezone.now()
    )
    return f"/invitations/{issued.token}/"


def link_in_the_letter() -> str:
    found = re.search(r"(/invitations/[0-9a-f-]{36}/)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


def test_an_owner_invites_and_a_new_person_joins(
    acme: Account, alice: User, signed_in: SignedIn, client: Client
) -> None:
    owner = signed_in(alice)
    response = owner.post(of(acme, "invitations/new/"), {"email": "Dora@ACME.example", "role": "sender"}, follow=True)
    assert f"An invitation is on its way to {DORA}." in response.content.decode()
    assert mail.outbox[-1].to == [DORA]
    link = link_in_the_letter()
    assert "Alice Cast invites you to work in Acme" in client.get(link).content.decode()

    joined = client.post(link, NEW)

    assert joined.headers["Location"] == f"/a/{acme.public_id}/"
    dora = User.objects.get(email=DORA)
    member = Member.objects.get(user=dora)
    assert (member.account, member.role, member.may_spend) == (acme, Role.SENDER, False)
    assert (dora.get_full_name(), dora.language) == ("Dora Verdi", "it")
    assert EmailAddress.objects.get(user=dora).verified
    assert client.get(f"/a/{acme.public_id}/").status_code == 200
    assert client.get(of(acme, "team/")).status_code == 403
    assert [event.action for event in AuditEvent.objects.filter(action__startswith="invitation").order_by("pk")] == [
        "invitation.sent",
        "invitation.accepted",
    ]


def test_a_new_person_signs_in_afterwards_without_a_code(acme: Account, alice: User, client: Client) -> None:
    Client().post(offer(acme, alice), NEW)

    assert client.post("/login/", {"login": DORA, "password": NEW["password"]}).headers["Location"] == "/"


def test_who_has_a_login_signs_in_and_joins(
    acme: Account, alice: User, charlie: User, client: Client, signed_in: SignedIn
) -> None:
    link = offer(acme, alice, charlie.email)
    page = client.get(link).content.decode()
    assert "has a login already" in page
    assert f"/login/?next={link}" in page
    assert client.post(link, NEW).status_code == 200
    assert not Member.objects.filter(account=acme, user=charlie).exists()

    guest = signed_in(charlie)
    assert "Accept the invitation" in guest.get(link).content.decode()
    response = guest.post(link)

    assert response.headers["Location"] == f"/a/{acme.public_id}/"
    assert Member.objects.get(account=acme, user=charlie).role == Role.SENDER


def test_another_address_that_somebody_verified_is_theirs_too(
    acme: Account, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    EmailAddress.objects.create(user=charlie, email=DORA, verified=True)
    signed_in(charlie).post(offer(acme, alice))

    assert Member.objects.filter(account=acme, user=charlie).exists()


def test_an_address_that_nobody_verified_is_nobodys(
    acme: Account, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    EmailAddress.objects.create(user=charlie, email=DORA, verified=False)

    assert signed_in(charlie).post(offer(acme, alice)).status_code == 403
    assert not Member.objects.filter(account=acme, user=charlie).exists()


def test_somebody_else_may_not_take_an_invitation(
    acme: Account, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    guest = signed_in(charlie)
    link = offer(acme, alice)

    assert "for somebody else" in guest.get(link).content.decode()
    assert guest.post(link).status_code == 403
    with pytest.raises(invitations.NotTheInvited):
        invitations.join(invitation=Invitation.objects.get(), user=charlie, now=timezone.now())


def test_an_invitation_works_once(acme: Account, alice: User, client: Client) -> None:
    link = offer(acme, alice)
    Client().post(link, NEW)

    again = client.post(link, NEW | {"first_name": "Mallory"})
    assert again.status_code == 410
    assert "has been used" in again.content.decode()
    assert User.objects.filter(email=DORA).count() == 1


def test_an_expired_invitation_says_so(acme: Account, alice: User, client: Client) -> None:
    link = offer(acme, alice)
    Invitation.objects.update(
        created_at=timezone.now() - timedelta(days=8), expires_at=timezone.now() - timedelta(seconds=1)
    )

    response = client.post(link, NEW)
    assert response.status_code == 410
    assert "has expired" in response.content.decode()
    assert not User.objects.filter(email=DORA).exists()


def test_an_invitation_ends_to_the_second(acme: Account, alice: User, now: datetime) -> None:
    issued = invitations.invite(account=acme, email=DORA, role=Role.VIEWER, may_spend=False, actor_id=alice.pk, now=now)
    end = now + timedelta(days=7)
    assert issued.invitation.state(end - timedelta(microseconds=1)) == Invitation.State.UNSENT
    assert issued.invitation.state(end) == Invitation.State.EXPIRED


def test_a_withdrawn_invitation_is_void(acme: Account, alice: User, client: Client, signed_in: SignedIn) -> None:
    link = offer(acme, alice)
    owner = signed_in(alice)
    withdrawal = of(acme, f"invitations/{Invitation.objects.get().public_id}/withdrawal/")
    for _ in range(2):
        owner.post(withdrawal)

    assert "was withdrawn" in client.get(link).content.decode()
    assert owner.get(of(acme, "team/")).context["invited"] == []
    assert AuditEvent.objects.filter(action="invitation.withdrawn").count() == 1


def test_what_was_accepted_cannot_be_withdrawn_or_sent_again(
    acme: Account, alice: User, client: Client, signed_in: SignedIn
) -> None:
    client.post(offer(acme, alice), NEW)
    mine = f"invitations/{Invitation.objects.get().public_id}/"
    owner = signed_in(alice)

    assert "Remove the person" in owner.post(of(acme, f"{mine}withdrawal/"), follow=True).content.decode()
    assert "accepted or withdrawn" in owner.post(of(acme, f"{mine}renewal/"), follow=True).content.decode()
    assert Member.objects.filter(account=acme, user__email=DORA).exists()


def test_sending_again_makes_the_old_link_void(acme: Account, alice: User, client: Client, signed_in: SignedIn) -> None:
    old = offer(acme, alice)
    Invitation.objects.update(
        created_at=timezone.now() - timedelta(days=8), expires_at=timezone.now() - timedelta(days=1)
    )
    signed_in(alice).post(of(acme, f"invitations/{Invitation.objects.get().public_id}/renewal/"))

    assert client.get(old).status_code == 404
    assert client.post(link_in_the_letter(), NEW).status_code == 302


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"email": "alice@acme.example", "role": "viewer"}, "in the team already"),
        ({"email": "Erin@Acme.example", "role": "viewer"}, "invited already"),
        ({"email": "no address", "role": "viewer"}, "valid email address"),
        ({"email": "", "role": "viewer"}, "required"),
        ({"email": DORA, "role": "emperor"}, "emperor"),
        ({"email": f"{'x' * 250}@acme.example", "role": "viewer"}, "254"),
    ],
)
def test_a_wrong_invitation_is_refused_with_a_sentence(
    acme: Account, alice: User, signed_in: SignedIn, given: dict[str, str], sentence: str
) -> None:
    offer(acme, alice, "erin@acme.example")
    response = signed_in(alice).post(of(acme, "invitations/new/"), given)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Invitation.objects.count() == 1
    assert mail.outbox == []


def test_an_expired_invitation_is_replaced_by_a_new_one(acme: Account, alice: User) -> None:
    offer(acme, alice)
    Invitation.objects.update(
        created_at=timezone.now() - timedelta(days=8), expires_at=timezone.now() - timedelta(days=1)
    )
    offer(acme, alice)

    assert Invitation.objects.unanswered().count() == 1


def test_a_day_allows_only_so_many(
    acme: Account, acme_milano: Account, alice: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_PER_DAY", 2)
    offer(acme, alice, "one@acme.example")
    offer(acme_milano, alice, "two@acme.example")
    owner = signed_in(alice)

    assert (
        "Try again tomorrow"
        in owner.post(of(acme, "invitations/new/"), {"email": DORA, "role": "viewer"}).content.decode()
    )
    one = Invitation.objects.get(account=acme)
    assert (
        "Try again tomorrow"
        in owner.post(of(acme, f"invitations/{one.public_id}/renewal/"), follow=True).content.decode()
    )


def test_without_a_mail_server_the_invitation_waits(
    acme: Account, alice: User, signed_in: SignedIn, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    response = signed_in(alice).post(of(acme, "invitations/new/"), {"email": DORA, "role": "viewer"}, follow=True)

    page = response.content.decode()
    assert "could not be sent just now" in page
    assert "Not sent yet" in page


@pytest.mark.parametrize("weak", ["1234567890", "short", "doradoradora@acme.example", ""])
def test_a_weak_password_opens_no_login(acme: Account, alice: User, client: Client, weak: str) -> None:
    response = client.post(offer(acme, alice, "doradoradora@acme.example"), NEW | {"password": weak})

    assert response.status_code == 422
    assert not User.objects.filter(email="doradoradora@acme.example").exists()


def test_the_link_of_a_deactivated_account_is_void(acme: Account, alice: User, client: Client) -> None:
    link = offer(acme, alice)
    Account.objects.filter(pk=acme.pk).update(deactivated_at=timezone.now())

    assert client.post(link, NEW).status_code == 410
    assert not User.objects.filter(email=DORA).exists()


def test_the_token_is_not_in_the_table(acme: Account, alice: User) -> None:
    token = offer(acme, alice).split("/")[2]

    assert token not in str(Invitation.objects.values().get())


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_once_one_counts(acme: Account, alice: User) -> None:
    offer(acme, alice)
    mine, outcomes = Invitation.objects.get(), []
    start = threading.Barrier(4)

    def answer() -> None:
        start.wait()
        try:
            invitations.join_as_new(invitation=mine, now=timezone.now(), **NEW)
            outcomes.append("joined")
        except invitations.InvitationEnded:
            outcomes.append("ended")
        finally:
            connection.close()

    threads = [threading.Thread(target=answer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["ended"] * 3 + ["joined"]
    assert Member.objects.filter(account=acme, user__email=DORA).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_customers_whose_invitations_are_accepted_at_once_one_makes_the_login(
    acme: Account, globex: Account, alice: User, charlie: User
) -> None:
    offer(acme, alice)
    offer(globex, charlie)
    start = threading.Barrier(2)

    def answer(mine: Invitation) -> str:
        start.wait()
        try:
            return invitations.join_as_new(invitation=mine, now=timezone.now(), **NEW).email
        except invitations.AlreadyMember:
            return "has a login"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(answer, Invitation.objects.all()))

    assert outcomes == [DORA, "has a login"]
    assert Invitation.objects.unanswered().count() == 1


def test_a_removed_member_loses_access_in_every_session(
    acme: Account, acme_milano: Account, alice: User, bob: User, signed_in: SignedIn
) -> None:
    here, there = signed_in(bob), signed_in(bob)
    assert here.get(f"/a/{acme.public_id}/").status_code == 200

    response = signed_in(alice).post(of(acme, f"team/{bob.public_id}/removal/"), follow=True)

    assert "Bob Cast is not in the team any more." in response.content.decode()
    for browser in (here, there):
        assert browser.get(f"/a/{acme.public_id}/").status_code == 404
        assert browser.get(f"/a/{acme_milano.public_id}/").status_code == 404
    event = AuditEvent.objects.get(action="member.removed")
    assert (event.actor, event.before) == (alice, {"role": "viewer", "may_spend": False})


def test_the_last_owner_is_not_removed(acme: Account, alice: User, bob: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).post(of(acme, f"team/{alice.public_id}/removal/"))

    assert response.status_code == 422
    assert "cannot leave the team" in response.content.decode()
    assert Member.objects.filter(account=acme, user=alice).exists()


def test_an_owner_may_leave_when_another_remains(acme: Account, alice: User, bob: User, signed_in: SignedIn) -> None:
    Member.objects.filter(user=bob).update(role=Role.OWNER)

    assert signed_in(alice).post(of(acme, f"team/{alice.public_id}/removal/")).headers["Location"] == "/"
    assert not Member.objects.filter(user=alice).exists()


def test_the_only_owner_of_a_subaccount_may_be_removed_by_its_parent(
    acme_milano: Account, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    Member.objects.create(account=acme_milano, user=charlie, role=Role.OWNER)
    signed_in(alice).post(of(acme_milano, f"team/{charlie.public_id}/removal/"))

    assert not Member.objects.filter(account=acme_milano).exists()


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_leave_one(acme: Account, alice: User, bob: User) -> None:
    Member.objects.filter(user=bob).update(role=Role.OWNER)
    start = threading.Barrier(2)

    def remove(member: Member, actor: User) -> None:
        start.wait()
        try:
            services.remove_member(member=member, actor_id=actor.pk, now=timezone.now())
        except services.LastOwner:
            pass
        finally:
            connection.close()

    pairs = ((Member.objects.get(user=alice), bob), (Member.objects.get(user=bob), alice))
    threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Member.objects.filter(account=acme, role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_writes_something_of_the_account_keeps_nobody_from_changing_a_role(
    acme: Account, alice: User, bob: User
) -> None:
    """A campaign of a million messages is written for minutes, and looks at its account's row all the time."""
    begun, done = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            AuditEvent.objects.create(at=timezone.now(), account=acme, action="campaign.prepared")
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
            begun.set()
            done.wait(10)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait(10)
    try:
        with transaction.atomic():
            connection.cursor().execute("SET LOCAL lock_timeout = '1s'")
            member = Member.objects.get(user=bob)
            services.change_member(
                member=member, role=Role.SENDER, may_spend=True, actor_id=alice.pk, now=timezone.now()
            )
    finally:
        done.set()
        writer.join()

    assert Member.objects.get(user=bob).may_spend


def test_nobody_takes_their_own_right_to_spend(acme: Account, alice: User, bob: User, signed_in: SignedIn) -> None:
    Member.objects.filter(user=bob).update(role=Role.OWNER)
    response = signed_in(alice).post(of(acme, f"team/{alice.public_id}/"), {"role": "owner"})

    assert response.status_code == 422
    assert "your own right to spend" in response.content.decode()
    assert Member.objects.get(user=alice).may_spend
    signed_in(bob).post(of(acme, f"team/{alice.public_id}/"), {"role": "owner"})
    assert not Member.objects.get(user=alice).may_spend


def test_who_is_removed_leaves_no_invitation_behind(
    acme: Account, acme_milano: Account, alice: User, bob: User, client: Client, now: datetime
) -> None:
    Member.objects.filter(user=bob).update(role=Role.OWNER)
    links = [offer(acme, bob, "mallory@evil.example"), offer(acme_milano, bob, "mallory@evil.example")]
    services.remove_member(member=Member.objects.get(user=bob), actor_id=alice.pk, now=now)

    assert [client.get(link).status_code for link in links] == [410, 410]


def test_who_was_removed_may_be_invited_again(acme: Account, alice: User, bob: User, signed_in: SignedIn) -> None:
    services.remove_member(member=Member.objects.get(user=bob), actor_id=alice.pk, now=timezone.now())
    signed_in(bob).post(offer(acme, alice, bob.email))

    assert Member.objects.get(user=bob).role == Role.SENDER


def test_only_who_manages_the_team_invites(acme: Account, bob: User, charlie: User, signed_in: SignedIn) -> None:
    for role in (Role.BILLING, Role.SENDER, Role.VIEWER):
        Member.objects.filter(user=bob).update(role=role)
        assert signed_in(bob).post(of(acme, "invitations/new/"), {"email": DORA, "role": "owner"}).status_code == 403
    assert signed_in(charlie).post(of(acme, "invitations/new/"), {"email": DORA, "role": "owner"}).status_code == 404
    assert not Invitation.objects.exists()


def test_an_invitation_of_another_account_is_not_there(
    acme: Account, acme_milano: Account, globex: Account, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    offer(globex, charlie)
    theirs = Invitation.objects.get().public_id
    for account in (acme, acme_milano):
        for verb in ("renewal", "withdrawal"):
            assert signed_in(alice).post(of(account, f"invitations/{theirs}/{verb}/")).status_code == 404
    assert Invitation.objects.unanswered().exists()
