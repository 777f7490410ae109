"""The British customer's credits come back by themselves: switched on two weeks ago, looked at each evening since."""

from datetime import datetime
from typing import Final

from billing.auto_recharge import selectors
from billing.auto_recharge import services as auto_recharge
from billing.payments import selectors as payments_selectors
from portal.demo.alerts import watch
from portal.demo.cast import units
from portal.demo.opening import Branch
from portal.demo.past import Past

DAYS: Final = 15
# Above what a day of reminders and the recall of the week need together.
THRESHOLD: Final = 900
QUANTITY: Final = 500


def switch_on(branch: Branch, now: datetime) -> None:
    """Switch automatic recharge on, with the card that pays first."""
    method = payments_selectors.usable_methods(branch.account, now.date())[0]
    terms = auto_recharge.Terms(units(THRESHOLD), units(QUANTITY), method)
    auto_recharge.switch_on(account=branch.account, terms=terms, revision=0, actor_id=branch.buyer.pk, now=now)


def look(past: Past, branch: Branch, now: datetime) -> None:
    """Look once, as the sweep does every few minutes."""
    for auto_id in selectors.of_account(branch.account.pk):
        auto_recharge.evaluate(auto_id=auto_id, now=now)
    watch(past, branch, now)
