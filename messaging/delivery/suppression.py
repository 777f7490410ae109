"""Taking numbers that nobody can be reached at out of every later send, and putting them back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Model, Sum
from django.utils.translation import gettext as _

from messaging.contacts import selectors as contacts_selectors
from messaging.contacts import services as contacts
from messaging.contacts.models import OptOut, Source
from messaging.delivery import figures
from messaging.delivery.codes import CHARGED
from portal.accounts.models import Account
from portal.transactions import unit_of_work

AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """The dead numbers of a campaign that are still written to, what a campaign like it spends on them, and how many of
    them have been suppressed already."""

    numbers: list[str]
    units: int
    suppressed_count: int


def proposal(account: Account, campaign: Model) -> Proposal:
    """What could be suppressed of a campaign of the account."""
    messages = figures.dead(campaign).filter(account=account)
    numbers = list(messages.values_list("recipient", flat=True)[:AT_ONCE])
    gone = contacts_selectors.opted_out(account, numbers) if numbers else frozenset()
    left = [number for number in numbers if number not in gone]
    # What was refused at hand-over came back.
    charged = messages.filter(state__in=CHARGED).exclude(recipient__in=gone)
    spent = charged.aggregate(units=Sum("price_units"))["units"] if left else 0
    return Proposal(left, int(spent or 0), len(gone))


@unit_of_work
def suppress(*, account: Account, campaign: Model, actor_id: int, now: datetime) -> int:
    """Opt the dead numbers of the campaign out, with its failure as the cause; return how many that are new."""
    wanted = proposal(account, campaign).numbers
    return contacts.opt_out_all(account=account, numbers=wanted, actor_id=actor_id, now=now, source=Source.FAILURE)


@unit_of_work
def restore(*, account: Account, campaign: Model, actor_id: int, now: datetime) -> int:
    """Let messages reach the dead numbers of the campaign again; return how many. Who said STOP stays opted out."""
    numbers = list(figures.dead(campaign).filter(account=account).values_list("recipient", flat=True)[:AT_ONCE])
    held = list(OptOut.objects.filter(account=account, source=Source.FAILURE, number__in=numbers))
    for opt_out in held:
        contacts.withdraw_opt_out(opt_out=opt_out, reason=_("Suppression undone"), actor_id=actor_id, now=now)
    return len(held)
