"""The team of an account: who works in it, who is invited, who joins."""

import logging
from uuid import UUID

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import invitations, selectors, services
from portal.accounts.access import AccountRequest, account_view, public_view
from portal.accounts.capabilities import Capability
from portal.accounts.forms import initial_language
from portal.accounts.models import Invitation, User
from portal.accounts.team_forms import InvitationForm, MemberForm, NewPersonForm

logger = logging.getLogger(__name__)

KINDS = {Invitation.State.OPEN: "info", Invitation.State.UNSENT: "warn", Invitation.State.EXPIRED: "neutral"}


@account_view(Capability.MANAGE_TEAM)
@require_safe
def team(request: AccountRequest) -> HttpResponse:
    """The people of the account, and those who are invited."""
    now = timezone.now()
    invited = [(each, each.state(now), KINDS[each.state(now)]) for each in selectors.invitations(request.account)]
    context = {"members": selectors.members(request.account), "invited": invited}
    return render(request, "portal/accounts/team.html", context)


@account_view(Capability.MANAGE_TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def team_member(request: AccountRequest, person: UUID) -> HttpResponse:
    """One person's role in the account, and whether they may spend."""
    member = get_object_or_404(selectors.members(request.account), user__public_id=person)
    form = MemberForm(request.POST or None, instance=member)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_member(member=member, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
        except services.LastOwner:
            form.add_error("role", _("This is the last owner. Make somebody else an owner first."))
        except services.OwnRightToSpend:
            form.add_error("may_spend", _("You cannot take your own right to spend away. Ask another owner to do it."))
        else:
            messages.success(request, _("The role of %(name)s is saved.") % {"name": member.user})
            # Who changed their own role may not see the team any more.
            return redirect("home") if member.user == request.user else redirect("team", request.account.public_id)
    context = {"form": form, "person": member.user}
    return render(request, "portal/accounts/team_member.html", context, status=422 if form.errors else 200)


@account_view(Capability.MANAGE_TEAM)
@require_POST
def team_member_removal(request: AccountRequest, person: UUID) -> HttpResponse:
    """Let somebody go."""
    member = get_object_or_404(selectors.members(request.account), user__public_id=person)
    try:
        services.remove_member(member=member, actor_id=request.user.pk, now=timezone.now())
    except services.LastOwner:
        context = {"form": MemberForm(instance=member), "person": member.user, "is_last_owner": True}
        return render(request, "portal/accounts/team_member.html", context, status=422)
    messages.success(request, _("%(name)s is not in the team any more.") % {"name": member.user})
    return redirect("home") if member.user == request.user else redirect("team", request.account.public_id)


@account_view(Capability.MANAGE_TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_new(request: AccountRequest) -> HttpResponse:
    """Invite somebody."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            issued = invitations.invite(
                account=request.account, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data
            )
        except invitations.AlreadyMember:
            form.add_error("email", _("Whoever has this address is in the team already."))
        except invitations.AlreadyInvited:
            form.add_error("email", _("This address is invited already. You can send the invitation again."))
        except invitations.TooManyInvitations:
            form.add_error(None, _too_many())
        else:
            _send(request, issued)
            return redirect("team", request.account.public_id)
    return render(request, "portal/accounts/invitation_new.html", {"form": form}, status=422 if form.errors else 200)


@account_view(Capability.MANAGE_TEAM)
@require_POST
def invitation_renewal(request: AccountRequest, invitation: UUID) -> HttpResponse:
    """Send the invitation again, with a new link."""
    mine = get_object_or_404(request.account.invitations, public_id=invitation)
    try:
        _send(request, invitations.renew(invitation=mine, actor_id=request.user.pk, now=timezone.now()))
    except invitations.InvitationEnded:
        messages.error(request, _("This invitation has been accepted or withdrawn."))
    except invitations.TooManyInvitations:
        messages.error(request, _too_many())
    return redirect("team", request.account.public_id)


@account_view(Capability.MANAGE_TEAM)
@require_POST
def invitation_withdrawal(request: AccountRequest, invitation: UUID) -> HttpResponse:
    """Make the invitation's link void."""
    mine = get_object_or_404(request.account.invitations, public_id=invitation)
    try:
        invitations.withdraw(invitation=mine, actor_id=request.user.pk, now=timezone.now())
    except invitations.InvitationEnded:
        messages.error(request, _("This invitation has been accepted. Remove the person from the team instead."))
    else:
        messages.success(request, _("The invitation of %(email)s is withdrawn.") % {"email": mine.email})
    return redirect("team", request.account.public_id)


@public_view
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: UUID) -> HttpResponse:
    """Accept: with a new login, or with the one that the address has."""
    mine = get_object_or_404(
        Invitation.objects.select_related("account__parent", "invited_by"), token_hash=invitations.hashed(token)
    )
    ended = selectors.is_closed(mine.account) or mine.state(timezone.now()) not in KINDS
    if ended or mine.state(timezone.now()) == Invitation.State.EXPIRED:
        return _ended(request, mine)
    if isinstance(request.user, User):
        return _join(request, mine, request.user)
    if selectors.holders_of(mine.email).exists():
        return render(request, "portal/accounts/invitation_sign_in.html", {"invitation": mine})
    return _join_as_new(request, mine)


def _join(request: HttpRequest, mine: Invitation, user: User) -> HttpResponse:
    if not selectors.holders_of(mine.email).filter(pk=user.pk).exists():
        return render(request, "portal/accounts/invitation_other.html", {"invitation": mine}, status=403)
    if request.method == "POST":
        try:
            invitations.join(invitation=mine, user=user, now=timezone.now())
        except invitations.InvitationEnded:
            return _ended(request, mine)
        except invitations.AlreadyMember:
            messages.info(request, _("You are in this team already."))
        else:
            messages.success(request, _("Welcome to %(account)s!") % {"account": mine.account})
        return redirect("dashboard", mine.account.public_id)
    return render(request, "portal/accounts/invitation_join.html", {"invitation": mine})


def _join_as_new(request: HttpRequest, mine: Invitation) -> HttpResponse:
    has_password, begun = bool(mine.password_hash), {"language": initial_language()}
    form = NewPersonForm(request.POST or None, email=mine.email, has_password=has_password, initial=begun)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitations.join_as_new(invitation=mine, now=timezone.now(), **form.cleaned_data)
        except invitations.InvitationEnded:
            return _ended(request, mine)
        except invitations.AlreadyMember:
            return redirect(request.path)
        front = reverse("dashboard", args=[mine.account.public_id])
        response: HttpResponse = perform_login(request, user, redirect_url=front)
        return response
    context = {"form": form, "invitation": mine}
    return render(request, "portal/accounts/invitation_accept.html", context, status=422 if form.errors else 200)


def _ended(request: HttpRequest, mine: Invitation) -> HttpResponse:
    """Say why the link leads nowhere; 410: it did once."""
    mine.refresh_from_db()
    state = mine.state(timezone.now())
    context = {"invitation": mine, "is_accepted": state == Invitation.State.ACCEPTED}
    context["is_expired"] = state == Invitation.State.EXPIRED
    return render(request, "portal/accounts/invitation_ended.html", context, status=410)


def _send(request: AccountRequest, issued: invitations.Issued) -> None:
    try:
        invitations.send(issued=issued, language=request.user.language, now=timezone.now())
    except OSError:
        logger.exception("An invitation could not be handed to the mail server.")
        messages.warning(
            request, _("The invitation is ready, but its e-mail could not be sent just now. Send it again later.")
        )
    else:
        messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": issued.invitation.email})


def _too_many() -> str:
    return _("As many invitations as a day allows have been sent. Try again tomorrow.")
