"""What any number of credits costs: by the price of the pack it outgrew, and never more than the next one."""

from datetime import datetime

import pytest

from billing.pricing import selectors
from billing.pricing.models import CreditPack
from portal.accounts.models import Account

CREDIT = 10_000


def cents(account: Account, credits: int, now: datetime) -> int:
    pack = selectors.priced(account, credits * CREDIT, now)
    assert pack is not None
    assert pack.credits == credits * CREDIT
    return pack.price_cents


@pytest.mark.parametrize(
    ("credits", "price"),
    [
        (1, 4),
        (100, 420),
        (200, 840),
        (249, 1_025),  # 1,045.8 by the credit, but 250 cost 1,025
        (250, 1_025),
        (500, 2_000),
        (750, 3_000),
        (1_000, 3_900),
        (5_000, 18_500),
        (10_000, 35_000),
        (30_000, 105_000),
    ],
)
def test_a_credit_costs_what_it_costs_in_the_largest_pack_that_is_not_larger(
    acme: Account, prices: None, now: datetime, credits: int, price: int
) -> None:
    assert cents(acme, credits, now) == price


def test_a_pack_costs_what_it_costs_and_more_never_costs_less(acme: Account, prices: None, now: datetime) -> None:
    for pack in selectors.packs(acme, now):
        assert cents(acme, pack.credits // CREDIT, now) == pack.price_cents
    prices_of_more = [cents(acme, credits, now) for credits in range(10, 1_200, 70)]
    assert prices_of_more == sorted(prices_of_more)


def test_where_nothing_is_for_sale_nothing_has_a_price(acme: Account, prices: None, now: datetime) -> None:
    CreditPack.objects.update(valid_until=now)
    assert selectors.priced(acme, CREDIT, now) is None
