"""Questions about notices: who gets which, and what waits to be sent."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from portal import attempts
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, Member
from portal.notices.codes import RULES, Kind
from portal.notices.models import Notice, OptOut

SWEEP = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of notice, whether the member wants it, and whether they get it (the last one does, wanted or not)."""

    kind: Kind
    is_wanted: bool
    is_got: bool


def kinds_of(member: Member) -> list[Kind]:
    """The kinds of notices that the member's role gets, in the order of the table."""
    return [kind for kind, rule in RULES.items() if Role(member.role) in rule.roles]


def choices(member: Member) -> list[Choice]:
    """The member's own notices, and what they chose."""
    refused = set(OptOut.objects.filter(account=member.account_id, user=member.user_id).values_list("kind", flat=True))
    found = []
    for kind in kinds_of(member):
        wanted = kind not in refused
        got = wanted or any(each.user_id == member.user_id for each in recipients(member.account, kind))
        found.append(Choice(kind, wanted, got))
    return found


def recipients(account: Account, kind: Kind) -> list[Member]:
    """Who is to be told: the people whose role gets this kind, without those who opted out.

    A sub-account without such people, or whose people cannot sign in because it is deactivated, is looked after by
    those of its parent. A notice that is needed goes to all of
    them where everybody opted out, which can only happen when somebody left.
    """
    candidates = [] if account.deactivated_at else _by_role(account, kind)
    if not candidates and (parent := account.parent):
        account, candidates = parent, _by_role(parent, kind)
    refused = set(OptOut.objects.filter(account=account, kind=kind).values_list("user_id", flat=True))
    wanting = [member for member in candidates if member.user_id not in refused]
    return wanting or (candidates if RULES[kind].is_needed else [])


def others_wanting(member: Member, kind: Kind) -> bool:
    """Whether somebody else of the same account gets this kind by their own will."""
    refused = OptOut.objects.filter(account=member.account_id, kind=kind).values("user_id")
    others = Member.objects.filter(account=member.account_id, role__in=RULES[kind].roles, user__is_active=True)
    return others.exclude(pk=member.pk).exclude(user_id__in=refused).exists()


def is_reader(notice: Notice) -> bool:
    """Whether the notice's person is still in the account, or in its parent, in a role that gets it, and can sign in."""
    of_account = Q(account=notice.account_id) | Q(account__subaccounts=notice.account_id)
    readers = Member.objects.filter(of_account, role__in=RULES[Kind(notice.kind)].roles, user__is_active=True)
    return readers.filter(user=notice.user_id).exists()


def notices_due(now: datetime) -> list[int]:
    """The primary keys of the notices to be sent now, the longest waiting first."""
    due = Notice.objects.filter(attempts.due(now)).order_by("next_attempt_at", "pk")
    return list(due.values_list("pk", flat=True)[:SWEEP])


def notices_to(member: Member) -> QuerySet[Notice]:
    """What the member was told about the account and its sub-accounts, newest first."""
    here = Q(account=member.account_id) | Q(account__parent=member.account_id)
    return Notice.objects.filter(here, user=member.user_id).select_related("account").order_by("-pk")


def _by_role(account: Account, kind: Kind) -> list[Member]:
    members = Member.objects.filter(account=account, role__in=RULES[kind].roles, user__is_active=True)
    return list(members.select_related("user").order_by("pk"))
