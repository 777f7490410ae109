"""How the demo's customers keep themselves in credit: they buy packs, and move credits to their branches."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from billing.credits import selectors as credits_selectors
from billing.payments.models import Attempt, PaymentMethod
from billing.payments.providers import sandbox
from billing.pricing import selectors as pricing_selectors
from billing.recharge import refunds
from billing.recharge import services as recharge
from billing.recharge.models import Recharge
from portal.demo.alerts import watch
from portal.demo.cast import units
from portal.demo.opening import Branch, add_card, key
from portal.demo.past import Past
from portal.subaccounts import services as subaccounts

# Which purchase of whom did not go smoothly, and with which card.
MISHAPS: Final = {
    ("confluence", 3): ("Mastercard 8210", sandbox.DECLINED),
    ("harbour", 2): ("Visa 7710", sandbox.TIMEOUT_AFTER),
}
# Of which purchase of whom half was given back, and why.
SECOND_THOUGHTS: Final = {("belvedere", 4): "Pacchetto più grande del necessario: si restituisce la metà"}
_SECOND_TRY = timedelta(minutes=6)
_TALKED_OVER = timedelta(hours=2)


class Purse:
    """Buys for every account, each with its own card."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._cards: dict[str, PaymentMethod] = {}
        self._bought: Counter[str] = Counter()

    def stock(self, branch: Branch, need: int, now: datetime) -> None:
        """See that the account has more than its first alert's threshold and `need` (both in units) to spend."""
        missing = max(need, units(branch.firm.alarms[0].threshold)) - available(branch)
        if missing < 0:
            return
        wanted = max(missing, units(branch.firm.pack))
        if branch.parent is None:
            self.buy(branch, wanted, now)
        else:
            self._move(branch, branch.parent, wanted, now)

    def buy(self, branch: Branch, units: int, now: datetime) -> None:
        """Buy the smallest pack with so many units; what goes wrong with it goes wrong now."""
        self._bought[branch.firm.key] += 1
        which = (branch.firm.key, self._bought[branch.firm.key])
        mishap = MISHAPS.get(which)
        if mishap is None:
            bought = self._pay(branch, units, self._card(branch, now), now)
            if reason := SECOND_THOUGHTS.get(which):
                self._past.timeline.at(now + _TALKED_OVER, lambda then: self._give_back(branch, bought, reason, then))
            return
        label, token = mishap
        bought = self._pay(branch, units, add_card(branch, label=label, token=token, now=now), now)
        if bought.state == Recharge.State.FAILED:
            usual = self._card(branch, now)
            self._past.timeline.at(now + _SECOND_TRY, lambda then: self._pay(branch, units, usual, then))

    def leave_unknown(self, branch: Branch, now: datetime) -> None:
        """Buy with a card whose bank is not heard of any more."""
        card = add_card(branch, label=branch.firm.card, token=sandbox.SILENT, now=now)
        self._pay(branch, units(branch.firm.pack), card, now)

    def _pay(self, branch: Branch, units: int, card: PaymentMethod, now: datetime) -> Recharge:
        packs = sorted(pricing_selectors.packs(branch.account, now), key=lambda pack: pack.credits)
        pack = next((pack for pack in packs if pack.credits >= units), packs[-1])
        bought = recharge.buy(
            account=branch.account,
            pack=pack,
            method=card,
            reference=key(self._past.chance),
            actor_id=branch.buyer.pk,
            now=now,
        )
        self._follow(bought)
        watch(self._past, branch, now)
        return bought

    def _give_back(self, branch: Branch, bought: Recharge, reason: str, now: datetime) -> None:
        """Give half of the money back, as staff do who were called; half of the credits go with it."""
        refunds.refund(
            recharge=bought,
            amount_cents=bought.gross_cents // 2,
            reason=reason,
            reference=uuid5(NAMESPACE_URL, "saldo:demo:refund"),
            actor_id=self._past.operator.olga.pk,
            now=now,
        )
        watch(self._past, branch, now)

    def _follow(self, bought: Recharge) -> None:
        """Ask again later what became of a payment that was not heard of."""
        attempt = Attempt.objects.unresolved().filter(payment_id=bought.payment_id).first()
        if attempt:
            self._past.timeline.at(
                attempt.ask_again_at, lambda then: self._follow(recharge.pursue(recharge=bought, now=then))
            )

    def _card(self, branch: Branch, now: datetime) -> PaymentMethod:
        if branch.firm.key not in self._cards:
            self._cards[branch.firm.key] = add_card(branch, label=branch.firm.card, now=now)
        return self._cards[branch.firm.key]

    def _move(self, branch: Branch, parent: Branch, units: int, now: datetime) -> None:
        self.stock(parent, units, now)
        subaccounts.credit(
            subaccount=branch.account,
            credits_units=units,
            reference=key(self._past.chance),
            actor_id=parent.owner.pk,
            now=now,
        )
        watch(self._past, branch, now)
        watch(self._past, parent, now)


def available(branch: Branch) -> int:
    """What the account may spend, in units."""
    return credits_selectors.balance(branch.account).available
