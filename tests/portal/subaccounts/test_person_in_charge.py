"""Who is in charge of a sub-account: invited, with a first password or without, and nobody who manages another one."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts import invitations
from portal.accounts import services as accounts
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Invitation, Member, User
from portal.audit.models import AuditEvent
from portal.subaccounts import services
from portal.subaccounts.models import PersonInCharge
from portal.subaccounts.services import Person, Plan
from tests.conftest import Clock, Grant, SignedIn
from tests.portal.subaccounts.conftest import Form, available

RITA = Person("Rita", "Romano", "rita@acme.example")
FIRST = "pane burro e alici"


def open_for(parent: Account, actor: User, now: datetime, **changes: Any) -> Account:
    plan = Plan(**{"name": "Acme Roma", "person": RITA, **changes})
    opened, _ = services.entrust(parent=parent, plan=plan, reference=uuid.uuid4(), actor_id=actor.pk, now=now)
    return opened


def accepted(opened: Account, now: datetime) -> Account:
    """Rita opens the link."""
    invitations.join_as_new(
        invitation=opened.invitations.get(), first_name="Rita", last_name="Romano", language="it", now=now
    )
    return opened


def sign_in(client: Client, email: str, password: str) -> str:
    """Try to sign in, and return what the page says about it."""
    cache.clear()  # so many tries at once are too many for the limit
    return client.post(reverse("account_login"), {"login": email, "password": password}).content.decode()


def link_in_the_letter() -> str:
    found = re.search(r"https?://[^/\s]+(/invitations/\S*)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_an_invited_person_manages_the_subaccount_once_they_accept(
    acme: Account, browser: Client, client: Client, new_form: Form
) -> None:
    page = browser.post(reverse("subaccount_new", args=[acme.public_id]), new_form(), follow=True).content.decode()
    assert "An invitation is on its way to rita@acme.example." in page
    assert "Rita Romano" in page
    assert "Invited" in page
    opened = Account.objects.get(parent=acme)
    invitation = Invitation.objects.get(account=opened)
    assert (invitation.email, invitation.role, invitation.may_spend) == ("rita@acme.example", "owner", True)
    [letter] = mail.outbox
    assert letter.to == ["rita@acme.example"]
    link = re.search(r"https?://[^/\s]+(/\S*)", str(letter.body))
    assert link
    form = {"first_name": "Rita", "last_name": "Romano", "language": "it", "password": "pane burro e alici"}
    client.post(link[1], form)
    assert Member.objects.get(account=opened).user.email == "rita@acme.example"
    listed = browser.get(reverse("subaccounts", args=[acme.public_id])).content.decode()
    assert "Rita Romano" in listed
    assert "Invited" not in listed


def test_a_form_sent_twice_invites_once(acme: Account, browser: Client, new_form: Form) -> None:
    form = new_form()
    for _ in range(2):
        assert browser.post(reverse("subaccount_new", args=[acme.public_id]), form).status_code == 302
    assert (Account.objects.filter(parent=acme).count(), Invitation.objects.count(), len(mail.outbox)) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_open_one_subaccount_with_one_invitation(acme: Account, alice: User, now: datetime) -> None:
    reference = uuid.uuid4()

    def click(_: int) -> bool:
        try:
            plan = Plan("Acme Roma", RITA)
            _account, issued = services.entrust(parent=acme, plan=plan, reference=reference, actor_id=alice.pk, now=now)
        finally:
            connection.close()
        return issued is not None

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(click, range(10))) == 1
    assert (Account.objects.filter(parent=acme).count(), Invitation.objects.count()) == (1, 1)


def test_a_first_password_is_theirs_once_they_have_opened_the_link(
    acme: Account, browser: Client, client: Client, new_form: Form, grant: Grant
) -> None:
    grant(acme, "10")
    form = new_form(login="password", password=FIRST, credits_units="4")
    assert browser.post(reverse("subaccount_new", args=[acme.public_id]), form).status_code == 302
    assert "Open the link in the invitation" in sign_in(client, "rita@acme.example", FIRST)
    assert not User.objects.filter(email="rita@acme.example").exists()
    page = client.get(link_in_the_letter()).content.decode()
    assert "Alice Cast has chosen a first password for you." in page
    assert 'name="password"' not in page
    client.post(link_in_the_letter(), {"first_name": "Rita", "last_name": "Romano", "language": "it"})
    rita = User.objects.get(email="rita@acme.example")
    assert rita.check_password(FIRST)
    assert EmailAddress.objects.get(user=rita).verified
    member = rita.memberships.get()
    assert (member.account.parent, member.role, member.may_spend) == (acme, "owner", True)
    assert available(member.account) == 40_000
    assert Invitation.objects.get().password_hash == ""


def test_only_who_knows_a_first_password_learns_that_it_waits(
    acme: Account, alice: User, client: Client, now: datetime
) -> None:
    open_for(acme, alice, now, password=FIRST)
    Invitation.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert "Open the link in the invitation" in sign_in(client, "Rita@acme.example", FIRST)
    assert "Open the link in the invitation" not in sign_in(client, "rita@acme.example", "pane e cipolla")
    assert "Open the link in the invitation" not in sign_in(client, "nino@acme.example", FIRST)
    Invitation.objects.update(expires_at=F("created_at") + timedelta(seconds=1))
    assert "Open the link in the invitation" not in sign_in(client, "rita@acme.example", FIRST)


@pytest.mark.parametrize("login", ["invitation", "password"])
def test_a_strangers_address_looks_like_one_that_nobody_has(
    acme: Account,
    charlie: User,
    browser: Client,
    client: Client,
    new_form: Form,
    login: str,
    clock: Clock,
    now: datetime,
) -> None:
    """Whether an address has a login elsewhere is told to its holder alone, not to whoever types it in."""
    clock(now)
    form = new_form(login=login, password=FIRST)

    def everything_told(email: str) -> list[str]:
        before = transaction.savepoint()
        created = browser.post(reverse("subaccount_new", args=[acme.public_id]), {**form, "email": email}, follow=True)
        opened = Account.objects.get(parent=acme)
        mine = [reverse(name, args=[acme.public_id, opened.public_id]) for name in ("subaccount", "subaccount_person")]
        pages = [created, *map(browser.get, [*mine, reverse("team", args=[opened.public_id])])]
        told = [f"{page.status_code} {page.content.decode()}" for page in pages] + [sign_in(client, email, FIRST)]
        transaction.savepoint_rollback(before)
        # Tokens and ids are new on every page.
        changing = r'[0-9a-f]{8}-[0-9a-f-]{27}|(token" value|nonce)="[^"]*"'
        return [re.sub(changing, "", page) for page in told]

    nobody, charlies = everything_told("nobody@globex.example"), everything_told("charlie@globex.example")
    assert [page.replace("nobody@", "charlie@") for page in nobody] == charlies


def test_who_works_for_another_customer_may_accept_and_keeps_both_accounts(
    acme: Account, globex: Account, charlie: User, browser: Client, signed_in: SignedIn, new_form: Form
) -> None:
    form = new_form(email="charlie@globex.example", login="password", password=FIRST)
    browser.post(reverse("subaccount_new", args=[acme.public_id]), form)
    [letter] = mail.outbox
    assert "This address has a login already. Sign in with it, then accept." in str(letter.body)
    his = signed_in(charlie)
    assert his.post(link_in_the_letter()).status_code == 302
    opened = Account.objects.get(parent=acme)
    assert set(Account.objects.of(charlie)) == {globex, opened}
    charlie.refresh_from_db()
    assert not charlie.check_password(FIRST)


@pytest.mark.parametrize("password", ["", "short", "1234567890123", "rita@acme.example"])
def test_a_first_password_is_as_good_as_one_they_choose_themselves(
    acme: Account, browser: Client, new_form: Form, password: str
) -> None:
    form = new_form(login="password", password=password)
    response = browser.post(reverse("subaccount_new", args=[acme.public_id]), form)
    assert response.status_code == 422
    assert 'id="id_password_error"' in response.content.decode()
    assert not Account.objects.filter(parent=acme).exists()


@pytest.mark.parametrize("login", ["invitation", "password"])
@pytest.mark.parametrize("email", ["ALICE@acme.example", "bob@acme.example", "nino@acme.example"])
def test_who_manages_another_account_of_the_customers_is_not_put_in_charge(
    acme: Account, acme_milano: Account, bob: User, browser: Client, new_form: Form, login: str, email: str
) -> None:
    nino = User.objects.create_user("nino@acme.example", FIRST)
    Member.objects.create(account=acme_milano, user=nino, role="sender")
    form = new_form(email=email, login=login, password=FIRST)
    response = browser.post(reverse("subaccount_new", args=[acme.public_id]), form)
    assert response.status_code == 422
    assert "manages another account already" in response.content.decode()
    assert list(Account.objects.filter(parent=acme)) == [acme_milano]
    assert mail.outbox == []


def test_two_subaccounts_do_not_wait_for_the_same_person(acme: Account, alice: User, now: datetime) -> None:
    open_for(acme, alice, now)
    with pytest.raises(services.EmailTaken), transaction.atomic():
        open_for(acme, alice, now, name="Acme Napoli")
    assert Account.objects.filter(parent=acme).count() == 1


def test_a_login_is_never_given_another_password(
    acme: Account, alice: User, signed_in: SignedIn, now: datetime
) -> None:
    rita = User.objects.create_user("rita@acme.example", "her own password")
    opened = open_for(acme, alice, now, password=FIRST)
    assert opened.person_in_charge.email == "rita@acme.example"
    invitations.join(invitation=Invitation.objects.get(), user=rita, now=now)
    assert User.objects.get(email="rita@acme.example").check_password("her own password")


def test_an_invitation_that_ended_keeps_no_password(acme: Account, alice: User, now: datetime) -> None:
    open_for(acme, alice, now, password=FIRST)
    invitation = Invitation.objects.get()
    assert invitation.password_hash
    with pytest.raises(IntegrityError, match="an_ended_invitation_keeps_no_password"), transaction.atomic():
        Invitation.objects.update(withdrawn_at=now)
    later = now + timedelta(days=8)
    invitations.invite(
        account=invitation.account, email=RITA.email, role=Role.OWNER, may_spend=True, actor_id=alice.pk, now=later
    )
    invitation.refresh_from_db()
    assert (invitation.withdrawn_at, invitation.password_hash) == (later, "")


def test_a_withdrawn_first_password_is_forgotten(acme: Account, alice: User, now: datetime) -> None:
    open_for(acme, alice, now, password=FIRST)
    invitations.withdraw(invitation=Invitation.objects.get(), actor_id=alice.pk, now=now)
    assert Invitation.objects.get().password_hash == ""


def test_who_gave_a_first_password_can_be_removed_before_it_was_used(
    acme: Account, alice: User, bob: User, client: Client, now: datetime
) -> None:
    Member.objects.filter(user=bob).update(role=Role.OWNER)
    _, issued = services.entrust(
        parent=acme, plan=Plan("Acme Roma", RITA, FIRST), reference=uuid.uuid4(), actor_id=bob.pk, now=timezone.now()
    )
    assert issued
    accounts.remove_member(member=Member.objects.get(user=bob), actor_id=alice.pk, now=timezone.now())
    assert Invitation.objects.get().password_hash == ""
    assert client.get(reverse("invitation", args=[issued.token])).status_code == 410
    told = AuditEvent.objects.get(action="invitation.withdrawn")
    assert (told.actor, told.after["email"]) == (alice, "rita@acme.example")


@pytest.mark.parametrize("ending", ["withdrawn", "expired", "removed"])
def test_the_same_person_is_invited_again_once_their_invitation_has_ended(
    acme: Account, alice: User, browser: Client, now: datetime, ending: str
) -> None:
    opened = open_for(acme, alice, timezone.now(), password=FIRST)
    if ending == "withdrawn":
        invitations.withdraw(invitation=Invitation.objects.get(), actor_id=alice.pk, now=now)
    elif ending == "expired":
        Invitation.objects.update(created_at=now - timedelta(days=9), expires_at=now - timedelta(days=2))
    else:
        member = Member.objects.get(account=accepted(opened, timezone.now()))
        accounts.remove_member(member=member, actor_id=alice.pk, now=now)
    url = reverse("subaccount_person", args=[acme.public_id, opened.public_id])
    listed = reverse("subaccounts", args=[acme.public_id])
    assert "Invitation ended" in browser.get(listed).content.decode()
    form = {"first_name": "Rita", "last_name": "Romano", "email": "rita@acme.example"}
    for _ in range(2):
        assert browser.post(url, form).status_code == 302
    assert [letter.to for letter in mail.outbox] == [["rita@acme.example"]]
    assert Invitation.objects.unanswered().get(expires_at__gt=timezone.now()).account == opened
    assert "Invitation ended" not in browser.get(listed).content.decode()


def test_who_accepts_while_another_is_named_stays(acme: Account, alice: User, now: datetime) -> None:
    opened = accepted(open_for(acme, alice, timezone.now(), password=FIRST), timezone.now())
    nino = Person("Nino", "Neri", "nino@acme.example")
    with pytest.raises(services.SomebodyIsInCharge), transaction.atomic():
        services.put_in_charge(subaccount=opened, person=nino, password=None, actor_id=alice.pk, now=now)
    assert PersonInCharge.objects.get().email == "rita@acme.example"


def test_a_login_cannot_be_made_without_a_password(acme: Account, alice: User, now: datetime) -> None:
    open_for(acme, alice, now)
    with pytest.raises(ValueError, match="a login needs a password"), transaction.atomic():
        invitations.join_as_new(
            invitation=Invitation.objects.get(), first_name="Rita", last_name="Romano", language="it", now=now
        )


def test_another_person_takes_the_place_of_who_has_not_accepted(
    acme: Account, alice: User, browser: Client, now: datetime
) -> None:
    opened = open_for(acme, alice, now)
    url = reverse("subaccount_person", args=[acme.public_id, opened.public_id])
    assert "rita@acme.example" in browser.get(url).content.decode()
    form = {"first_name": "Nino", "last_name": "Neri", "email": "Nino@acme.example"}
    for _ in range(2):
        assert browser.post(url, form).status_code == 302
    states = dict(Invitation.objects.values_list("email", "withdrawn_at"))
    assert states["nino@acme.example"] is None
    assert states["rita@acme.example"] is not None
    assert [letter.to for letter in mail.outbox] == [["nino@acme.example"]]
    assert PersonInCharge.objects.get().email == "nino@acme.example"


def test_where_somebody_is_in_charge_the_team_page_is_the_place(
    acme: Account, alice: User, browser: Client, now: datetime
) -> None:
    opened = accepted(open_for(acme, alice, now, password=FIRST), now)
    url = reverse("subaccount_person", args=[acme.public_id, opened.public_id])
    assert browser.post(url, {}).url == reverse("team", args=[opened.public_id])  # type: ignore[attr-defined]
    page = browser.get(reverse("subaccount", args=[acme.public_id, opened.public_id])).content.decode()
    assert "rita@acme.example" in page


def test_the_person_in_charge_sees_the_branch_and_never_its_parent(
    acme: Account, alice: User, signed_in: SignedIn, now: datetime
) -> None:
    opened = accepted(open_for(acme, alice, now, password=FIRST), now)
    rita = signed_in(User.objects.get(email="rita@acme.example"))
    assert rita.get(reverse("transfers", args=[opened.public_id])).status_code == 200
    for name in ("subaccounts", "transfers", "transfer_new", "dashboard"):
        assert rita.get(reverse(name, args=[acme.public_id])).status_code == 404
    for name in ("subaccounts", "transfer_new"):
        assert rita.get(reverse(name, args=[opened.public_id])).status_code == 404
    url = reverse("subaccount_credit", args=[acme.public_id, opened.public_id])
    assert rita.post(url, {"reference": str(uuid.uuid4()), "credits_units": "5"}).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "constraint"),
    [
        ("email", "Rita@acme.example", "a_person_in_charge_is_in_lower_case"),
        ("email", "", "a_person_in_charge_has_a_name_and_an_address"),
        ("last_name", "", "a_person_in_charge_has_a_name_and_an_address"),
    ],
)
def test_a_person_in_charge_has_a_name_and_an_address(
    acme_milano: Account, field: str, value: str, constraint: str
) -> None:
    named = {"first_name": "Rita", "last_name": "Romano", "email": "rita@acme.example", field: value}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        PersonInCharge.objects.create(account=acme_milano, **named)
