"""Taking numbers that nobody can be reached at out of every later send, and putting them back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, Model, OuterRef, Sum
from django.utils.translation import gettext as _

from messaging.contacts import services as contacts
from messaging.contacts.models import OptOut, Source
from messaging.delivery import figures
from messaging.delivery.codes import CHARGED
from portal.accounts.models import Account
from portal.transactions import unit_of_work

AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """The dead numbers of a campaign that are still written to, at most `AT_ONCE`; what a campaign like it spends on
    all of them; and how many have been suppressed already."""

    numbers: list[str]
    units: int
    suppressed_count: int


def proposal(account: Account, campaign: Model) -> Proposal:
    """What could be suppressed of a campaign of the account."""
    messages = figures.dead(campaign).filter(account=account)
    is_gone = Exists(OptOut.objects.filter(account=account, number=OuterRef("recipient")))
    left = messages.exclude(is_gone)
    # What was refused at hand-over came back.
    spent = left.filter(state__in=CHARGED).aggregate(units=Sum("price_units"))["units"]
    numbers = list(left.values_list("recipient", flat=True)[:AT_ONCE])
    return Proposal(numbers, int(spent or 0), messages.filter(is_gone).count())


@unit_of_work
def suppress(*, account: Account, campaign: Model, actor_id: int, now: datetime) -> int:
    """Opt the dead numbers of the campaign out, with its failure as the cause; return how many that are new."""
    wanted = proposal(account, campaign).numbers
    return contacts.opt_out_all(account=account, numbers=wanted, actor_id=actor_id, now=now, source=Source.FAILURE)


@unit_of_work
def restore(*, account: Account, campaign: Model, actor_id: int, now: datetime) -> int:
    """Let messages reach the dead numbers of the campaign again; return how many. Who said STOP stays opted out."""
    numbers = figures.dead(campaign).filter(account=account).order_by().values("recipient")
    held = list(OptOut.objects.filter(account=account, source=Source.FAILURE, number__in=numbers)[:AT_ONCE])
    for opt_out in held:
        contacts.withdraw_opt_out(opt_out=opt_out, reason=_("Suppression undone"), actor_id=actor_id, now=now)
    return len(held)
