"""What happened to the demo's customers in the last 90 days, in the order in which it happened."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from django.db import connection

from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.pricing import selectors as pricing_selectors
from billing.pricing.codes import Service
from messaging.contacts import services as contacts
from messaging.senders import services as senders
from messaging.senders.models import SenderName
from portal.demo import alerts, habits, registers, replenishing
from portal.demo.cast import CUSTOMERS, Firm, units
from portal.demo.opening import Branch, open_branch, open_customer, thank, welcome
from portal.demo.past import Past, days, days_ago, local
from portal.demo.purchases import Purse, available
from portal.demo.routine import Planned, cost, plan, send

# Credits that Torino is left with: below its alert, enough for the messages of a day.
_LEFT_IN_TORINO: Final = 48
_OPT_OUTS: Final = 6
# After so many days the tables have grown to a multiple of what PostgreSQL last knew of them.
_COUNTED_AFTER: Final = (6, 9, 14, 24, 44, 84)
_GROWING: Final = (
    "delivery_message, campaigns_campaign, ledger_transfer, ledger_account, credits_wallet, credits_creditlot, "
    "credits_lotdraw, alerts_balancealert, accounts_account"
)
_SALE: Final = 760


class History:
    """Tells the timeline what will happen; `branches` are the accounts that have been opened, by their keys."""

    def __init__(self, past: Past, now: datetime) -> None:
        self.branches: dict[str, Branch] = {}
        self.purse = Purse(past)
        self.rates = pricing_selectors.rates(Service.SMS_SEGMENT, now)
        self._past = past
        self._now = now

    def begin(self) -> None:
        """Let the customers come, and a night pass after each day."""
        for firm in CUSTOMERS:
            day = days_ago(self._now, firm.opened)
            self._at(day, 7, 12, partial(self._open_customer, firm))
        longest = max(firm.opened for firm in CUSTOMERS)
        for day in days(days_ago(self._now, longest), self._now.date()):
            self._at(day, 2, 0, _night)
        for count in _COUNTED_AFTER:
            self._at(days_ago(self._now, longest - count), 3, 0, _count_rows)

    def _at(self, day: date, hour: int, minute: int, action: Callable[[datetime], object]) -> None:
        """Plan an action for a time in UTC."""
        moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self._now.tzinfo)
        self._past.timeline.at(moment, action)

    def _open_customer(self, firm: Firm, now: datetime) -> None:
        past = self._past
        branch = open_customer(firm=firm, operator=past.operator, chance=past.chance, now=now)
        past.timeline.at(now + timedelta(days=1), partial(self._review, branch))
        self._live(branch)
        for each in firm.branches:
            day = days_ago(self._now, each.opened)
            self._at(day, 9, 5, partial(self._open_branch, each, branch))

    def _open_branch(self, firm: Firm, parent: Branch, now: datetime) -> None:
        past = self._past
        branch = open_branch(firm=firm, parent=parent, chance=past.chance, now=now)
        past.timeline.at(now + timedelta(hours=1), partial(self._review, branch))
        self._live(branch)

    def _review(self, branch: Branch, now: datetime) -> None:
        """Let staff decide on the sender names that were asked for."""
        actor_id, names = self._past.operator.paolo.pk, branch.firm.names
        for sender in SenderName.objects.filter(account=branch.account).order_by("pk"):
            if sender.name == names.used:
                senders.approve(sender=sender, actor_id=actor_id, now=now)
                senders.set_default(account=branch.account, sender=sender, actor_id=branch.owner.pk, now=now)
                registers.enter_in_italy(branch, sender, staff_id=actor_id, now=now)
            elif names.refused:
                senders.refuse(sender=sender, reason=names.refused[2], actor_id=actor_id, now=now)

    def _live(self, branch: Branch) -> None:
        """Plan everything that the account will do from its first purchase until now."""
        self.branches[branch.firm.key] = branch
        at, firm, last = self._past.timeline.at, branch.firm, self._now.date()
        start = days_ago(self._now, firm.starts)
        minute = self._past.chance.randrange(40)
        at(local(branch, start, 11, minute), lambda now: self.purse.stock(branch, 0, now))
        at(local(branch, start, 11, minute + 15), partial(alerts.set_up, branch))
        if firm.welcome:
            at(local(branch, days_ago(self._now, firm.opened - 1), 9), lambda now: welcome(branch, now=now))
        routine = plan(branch, first=start + timedelta(days=1), last=last, rates=self.rates, chance=self._past.chance)
        for planned in routine:
            at(planned.at, partial(send, self._past, branch, planned))
        self._plan_mornings(branch, routine)
        self._plan_opt_outs(branch)
        if firm.key in _SPECIALS:
            _SPECIALS[firm.key](self, branch)

    def _plan_mornings(self, branch: Branch, routine: list[Planned]) -> None:
        """Each day on which something is to be sent somebody looks in the morning whether the credits last."""
        need: Counter[date] = Counter()
        for planned in routine:
            need[planned.at.date()] += planned.units
        start, last = days_ago(self._now, branch.firm.starts - 1), self._now.date()
        # A branch looks after its parent has; in Torino nobody has looked since the last messages.
        early = 30 if branch.parent else 0
        for day in days(start, last - timedelta(days=branch.firm.key == "torino")):
            if day in need:
                moment = local(branch, day, 8, early + self._past.chance.randrange(30))
                self._past.timeline.at(moment, partial(self.purse.stock, branch, need[day]))

    def _plan_opt_outs(self, branch: Branch) -> None:
        chance, start = self._past.chance, days_ago(self._now, branch.firm.starts)
        for number in chance.sample(branch.numbers, _OPT_OUTS):
            moment = local(branch, start + timedelta(days=chance.randrange(1, 60)), 18, chance.randrange(60))
            self._past.timeline.at(moment, partial(_opt_out, branch, number))

    def sale(self, branch: Branch) -> None:
        """Three weeks ago a message was cancelled after its first half had left."""
        name, text = habits.CANCELLED
        recipients = tuple(branch.numbers[:_SALE])
        day = days_ago(self._now, 24)
        planned = Planned(local(branch, day, 12, 10), name, text, recipients, cost(text, recipients, self.rates))
        at = self._past.timeline.at
        at(planned.at - timedelta(minutes=9), lambda now: self.purse.stock(branch, planned.units, now))
        at(planned.at, lambda now: send(self._past, branch, planned, now, cancelled=True))

    def running_low(self, branch: Branch) -> None:
        """Yesterday evening Torino spent nearly all it had left."""

        def spend(now: datetime) -> None:
            name, text = habits.LAST_OF_TORINO
            price = cost(text, (branch.numbers[0],), self.rates)
            count = (available(branch) - units(_LEFT_IN_TORINO)) // price
            recipients = tuple(branch.numbers[: max(count, 0)])
            if recipients:
                send(self._past, branch, Planned(now, name, text, recipients, price * len(recipients)), now)

        self._past.timeline.at(local(branch, days_ago(self._now, 1), 17, 40), spend)

    def silent_bank(self, branch: Branch) -> None:
        """Since yesterday nobody knows whether Annecy has paid for its pack."""
        moment = local(branch, days_ago(self._now, 1), 15, 7)
        self._past.timeline.at(moment, partial(self.purse.leave_unknown, branch))

    def loyalty(self, branch: Branch) -> None:
        """The British customer's credits come back by themselves; yesterday it was given some that expire."""
        at, past = self._past.timeline.at, self._past
        at(local(branch, days_ago(self._now, replenishing.DAYS), 9, 30), partial(replenishing.switch_on, branch))
        for day in days(days_ago(self._now, replenishing.DAYS), self._now.date()):
            at(local(branch, day, 19), partial(replenishing.look, past, branch))
        at(local(branch, days_ago(self._now, 1), 9), lambda now: thank(branch, now=now))


_SPECIALS: Final[dict[str, Callable[[History, Branch], None]]] = {
    "belvedere": History.sale,
    "torino": History.running_low,
    "annecy": History.silent_bank,
    "harbour": History.loyalty,
}


def _night(now: datetime) -> None:
    """What a sweep does while nobody looks: credits expire."""
    for wallet in credits_selectors.wallets_with_lots_due(now):
        credits.expire(wallet=wallet, now=now)


def _count_rows(now: datetime) -> None:
    """Let PostgreSQL look at what was written: nobody else sees it before the commit, and it plans by what it knows."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {_GROWING}")


def _opt_out(branch: Branch, number: str, now: datetime) -> None:
    contacts.opt_out_all(account=branch.account, numbers=[number], actor_id=None, now=now)
