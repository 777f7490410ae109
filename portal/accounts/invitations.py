"""Inviting people into an account: made, sent by e-mail, renewed, withdrawn, accepted once."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from portal import mail
from portal.accounts import selectors
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Invitation, InvitationQuerySet, Member, User
from portal.audit import selectors as audit_selectors
from portal.audit import services as audit
from portal.transactions import unit_of_work

LIFE: Final = timedelta(days=7)
MOST_PER_DAY: Final = 50
"""How many invitations may leave an account in 24 hours: enough for any team, too few for a nuisance."""

SENDING: Final = ("invitation.sent", "invitation.renewed")


class AlreadyMember(Exception):
    """The address belongs to somebody who is in the team."""


class AlreadyInvited(Exception):
    """An invitation to this address waits for its answer."""


class TooManyInvitations(Exception):
    """The account has invited as many people as it may in a day."""


class InvitationEnded(Exception):
    """The invitation has been accepted, was withdrawn, or has expired."""


class NotTheInvited(Exception):
    """The invitation went to an address that this person does not hold."""


@dataclass(frozen=True, slots=True)
class Issued:
    """An invitation, and the token of its link, which is nowhere else."""

    invitation: Invitation
    token: uuid.UUID


@unit_of_work
def invite(
    *,
    account: Account,
    email: str,
    role: Role,
    may_spend: bool,
    actor_id: int,
    now: datetime,
    password: str | None = None,
) -> Issued:
    """Invite the holder of `email`; `send` it once this is committed.

    With a validated first `password` it becomes theirs when they open the link, unless they have a login: whether the
    address has one makes no difference here, so whoever invites does not learn it. Raises `AlreadyMember`, `AlreadyInvited` (an expired one is replaced), `TooManyInvitations`.
    """
    # The account's row is the queue: of two invitations to one address the second finds the first.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    email = email.strip().lower()
    if Member.objects.filter(account=account, user__in=selectors.holders_of(email)).exists():
        raise AlreadyMember(email)
    _check_pace(account, now)
    unanswered = Invitation.objects.unanswered().filter(account=account, email=email)
    if unanswered.filter(expires_at__gt=now).exists():
        raise AlreadyInvited(email)
    unanswered.update(withdrawn_at=now, password_hash="")
    token = uuid.uuid4()
    invitation = Invitation.objects.create(
        account=account,
        email=email,
        role=role,
        may_spend=may_spend,
        token_hash=hashed(token),
        password_hash=make_password(password) if password else "",
        invited_by_id=actor_id,
        created_at=now,
        expires_at=now + LIFE,
    )
    _record("invitation.sent", invitation, actor_id, now)
    return Issued(invitation, token)


@unit_of_work
def renew(*, invitation: Invitation, actor_id: int, now: datetime) -> Issued:
    """Give an unanswered invitation a new link and seven days more; the old link is void. `send` it afterwards.

    Raises `InvitationEnded`, `TooManyInvitations`.
    """
    Account.objects.select_for_update(no_key=True).get(pk=invitation.account_id)
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("account").get(pk=invitation.pk)
    if invitation.accepted_at or invitation.withdrawn_at:
        raise InvitationEnded
    _check_pace(invitation.account, now)
    token = uuid.uuid4()
    invitation.token_hash = hashed(token)
    invitation.created_at, invitation.expires_at, invitation.sent_at = now, now + LIFE, None
    invitation.save(update_fields=["token_hash", "created_at", "expires_at", "sent_at"])
    _record("invitation.renewed", invitation, actor_id, now)
    return Issued(invitation, token)


def send(*, issued: Issued, language: str, now: datetime) -> None:
    """Send the invitation's e-mail, in the language of its reader if known, else in `language`; note that it left.

    Outside of any transaction. Raises `OSError` when the mail server does not take it: the invitation stays unsent,
    and can be renewed.
    """
    invitation = issued.invitation
    context = {
        "invitation": invitation,
        "account": invitation.account,
        "inviter": invitation.invited_by,
        "path": reverse("invitation", args=[issued.token]),
        # Told to the holder of the address, and to nobody else.
        "has_login": selectors.holders_of(invitation.email).exists(),
    }
    language = selectors.language_of(invitation.email) or language
    with timezone.override(ZoneInfo(invitation.account.time_zone)):
        mail.send(name="invitation", to=invitation.email, language=language, context=context)
    mine = Invitation.objects.filter(pk=invitation.pk, token_hash=hashed(issued.token))
    mine.update(sent_at=now)


@unit_of_work
def withdraw(*, invitation: Invitation, actor_id: int, now: datetime) -> None:
    """Make the link void; raises `InvitationEnded` if it was accepted. Withdrawing twice changes nothing."""
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("account").get(pk=invitation.pk)
    if invitation.accepted_at:
        raise InvitationEnded
    if not invitation.withdrawn_at:
        _end(invitation, actor_id, now)


@unit_of_work
def withdraw_all(*, found: InvitationQuerySet, actor_id: int, now: datetime) -> None:
    """Make the links of those of `found` void that nobody has accepted; whoever accepts at this moment is waited for."""
    for invitation in found.unanswered().select_for_update(of=("self",)).select_related("account").order_by("pk"):
        _end(invitation, actor_id, now)


@unit_of_work
def join(*, invitation: Invitation, user: User, now: datetime) -> Member:
    """Let `user`, who is signed in and holds the address, accept.

    Raises `InvitationEnded`, `NotTheInvited`, `AlreadyMember`.
    """
    invitation = _open(invitation, now)
    if not selectors.holders_of(invitation.email).filter(pk=user.pk).exists():
        raise NotTheInvited
    return _admit(invitation, user, now)


@unit_of_work
def join_as_new(
    *,
    invitation: Invitation,
    first_name: str,
    last_name: str,
    language: str,
    now: datetime,
    password: str | None = None,
) -> User:
    """Let somebody accept who has no login yet: they get one, and the link has verified their address.

    `password` has been validated; it is not asked for where the invitation brings a first one. Raises `InvitationEnded`, `AlreadyMember` when the address has a login by now.
    """
    invitation = _open(invitation, now)
    if User.objects.filter(email=invitation.email).exists() or selectors.holders_of(invitation.email).exists():
        raise AlreadyMember(invitation.email)
    if not (password or invitation.password_hash):
        raise ValueError("a login needs a password")
    about = {"first_name": first_name, "last_name": last_name, "language": language}
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                invitation.email, password, time_zone=invitation.account.time_zone, date_joined=now, **about
            )
    except IntegrityError as error:  # another customer's invitation was accepted at this very moment, or they signed up
        raise AlreadyMember(invitation.email) from error
    if invitation.password_hash:
        user.password = invitation.password_hash
        user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    _admit(invitation, user, now)
    return user


def waits_for_its_link(*, email: str, password: str, now: datetime) -> bool:
    """Whether this is a first password whose link was not opened yet.

    It takes as long whether or not anything waits for the address, and is the same whoever holds the address.
    """
    mine = Invitation.objects.unanswered().filter(email=email.strip().lower(), expires_at__gt=now)
    hashes = list(mine.exclude(password_hash="").values_list("password_hash", flat=True))
    if not hashes:
        make_password(password)
    return any(check_password(password, each) for each in hashes)


def hashed(token: uuid.UUID) -> str:
    """Return what is kept of a link's token. It has 122 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.bytes).hexdigest()


def _open(invitation: Invitation, now: datetime) -> Invitation:
    """Lock the invitation against a second answer, and check that it can still be accepted."""
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("account").get(pk=invitation.pk)
    if selectors.is_closed(invitation.account) or invitation.state(now) not in {
        Invitation.State.OPEN,
        Invitation.State.UNSENT,
    }:
        raise InvitationEnded
    return invitation


def _end(invitation: Invitation, actor_id: int, now: datetime) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(withdrawn_at=now, password_hash="")
    _record("invitation.withdrawn", invitation, actor_id, now)


def _admit(invitation: Invitation, user: User, now: datetime) -> Member:
    if Member.objects.filter(account=invitation.account, user=user).exists():
        raise AlreadyMember(user.email)
    member = Member.objects.create(
        account=invitation.account, user=user, role=invitation.role, may_spend=invitation.may_spend, created_at=now
    )
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now, accepted_by=user, password_hash="")
    _record("invitation.accepted", invitation, user.pk, now)
    return member


def _check_pace(account: Account, now: datetime) -> None:
    """Count every e-mail, the renewed ones too; sub-accounts invite out of their customer's share."""
    family = Account.objects.filter(Q(pk=account.customer_id) | Q(parent=account.customer_id))
    made = audit_selectors.count(
        account_ids=list(family.values_list("pk", flat=True)), actions=SENDING, since=now - timedelta(days=1)
    )
    if made >= MOST_PER_DAY:
        raise TooManyInvitations


def _record(action: str, invitation: Invitation, actor_id: int, now: datetime) -> None:
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=invitation.account_id,
        subject=f"invitation:{invitation.public_id}",
        after={"email": invitation.email, "role": invitation.role, "may_spend": invitation.may_spend},
        now=now,
    )
