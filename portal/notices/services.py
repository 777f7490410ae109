"""The verbs of the notices room: announce what happened, and let people choose what they are told."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from portal.accounts.models import Account, Member
from portal.audit import services as audit
from portal.notices import selectors
from portal.notices.codes import RULES, Kind
from portal.notices.models import Notice, OptOut
from portal.transactions import unit_of_work


class NobodyLeft(Exception):
    """A notice that is needed would reach nobody; `kinds` says which."""

    def __init__(self, kinds: Collection[Kind]) -> None:
        super().__init__(", ".join(kinds))
        self.kinds = list(kinds)


@unit_of_work
def announce(
    *, account: Account, kind: Kind, subject: str, context: Mapping[str, Any], reference: str, now: datetime
) -> None:
    """Write one notice for each person who is to be told, inside the caller's transaction; a sweep sends them.

    `context` is JSON: amounts as `…_units` and `…_cents`, moments as ISO text, as `wording` reads them. With the same
    `reference` nobody is told the same kind twice.
    """
    notices = [
        Notice(
            account=account,
            user_id=member.user_id,
            kind=kind,
            subject=subject,
            context=dict(context),
            reference=reference,
            next_attempt_at=now,
            created_at=now,
        )
        for member in selectors.recipients(account, kind)
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


@unit_of_work
def choose(*, member: Member, wanted: Collection[Kind], now: datetime) -> None:
    """Say which of the notices that their role gets a member wants; the others they opt out of.

    Raises `NobodyLeft` when a notice that is needed would then reach nobody by their own will.
    """
    # The account's row is the queue: of the last two who opt out at once one stays.
    Account.objects.select_for_update(no_key=True).get(pk=member.account_id)
    mine = set(selectors.kinds_of(member))
    held = OptOut.objects.filter(account=member.account_id, user=member.user_id, kind__in=mine)
    before = {Kind(kind) for kind in held.values_list("kind", flat=True)}
    after = mine - set(wanted)
    if before == after:
        return
    lonely = [kind for kind in after - before if RULES[kind].is_needed and not selectors.others_wanting(member, kind)]
    if lonely:
        raise NobodyLeft(lonely)
    held.exclude(kind__in=after).delete()
    OptOut.objects.bulk_create(
        [OptOut(account_id=member.account_id, user_id=member.user_id, kind=kind) for kind in sorted(after - before)]
    )
    audit.record(
        action="notices.chosen",
        actor_id=member.user_id,
        account_id=member.account_id,
        subject=f"user:{member.user.public_id}",
        before={"refused": sorted(before)},
        after={"refused": sorted(after)},
        now=now,
    )
