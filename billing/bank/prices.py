"""A purchase that was closed is credited at the price it had only while the same credits cost no more today."""

from datetime import datetime

from billing.invoices.selectors import BillingDetailsMissing
from billing.pricing import selectors as pricing_selectors
from billing.recharge import services as recharges
from billing.recharge.models import Recharge


class PriceHasRisen(Exception):
    """The credits cost more today, or are not for sale any more; `gross_cents` is today's price, None without one."""

    def __init__(self, gross_cents: int | None) -> None:
        super().__init__(gross_cents)
        self.gross_cents = gross_cents


def check_price(*, recharge: Recharge, now: datetime) -> None:
    """Raise `PriceHasRisen` when what `recharge` buys would cost its account more today, VAT included."""
    packs = pricing_selectors.packs(recharge.account, now)
    same = next((pack for pack in packs if pack.credits == recharge.credits_units), None)
    if same is None:
        raise PriceHasRisen(None)
    try:
        today = recharges.cost(account=recharge.account, pack=same)
    except BillingDetailsMissing:
        raise PriceHasRisen(None) from None
    if today.gross_cents > recharge.gross_cents:
        raise PriceHasRisen(today.gross_cents)
