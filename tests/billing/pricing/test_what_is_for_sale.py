"""Who can buy which packs, and when."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from billing.pricing import selectors, services
from billing.pricing.codes import Service
from billing.pricing.models import CreditPack, PriceAgreement, PriceList
from portal.accounts.models import Account
from portal.audit.models import AuditEvent

LONG_AGO = timedelta(days=3650)


def codes(account: Account, now: datetime) -> set[str]:
    return {pack.price_list.code for pack in selectors.packs(account, now)}


@pytest.fixture
def communications(prices: None) -> PriceList:
    return PriceList.objects.get(code="communications")


def test_an_account_buys_from_the_default_list_cheapest_pack_first(prices: None, acme: Account, now: datetime) -> None:
    packs = selectors.packs(acme, now)
    assert codes(acme, now) == {"standard"}
    assert [pack.credits // 10_000 for pack in packs] == [100, 250, 500, 1000, 5000, 10_000]


def test_the_more_credits_in_one_purchase_the_cheaper_each(prices: None, now: datetime) -> None:
    for public in selectors.public_lists(now):
        unit_prices = [pack.unit_price_cents for pack in public.packs]
        assert unit_prices == sorted(set(unit_prices), reverse=True)


def test_a_credit_of_the_pack_of_100_costs_4_2_cents(prices: None, acme: Account, now: datetime) -> None:
    assert selectors.packs(acme, now)[0].unit_price_cents == Decimal("4.2")


def test_a_unit_price_that_has_no_end_is_cut_to_a_millionth() -> None:
    assert CreditPack(credits=30_000, price_cents=1000).unit_price_cents == Decimal("333.333333")


def test_an_agreement_counts_for_the_customer_and_its_subaccounts_and_for_nobody_else(
    communications: PriceList, acme: Account, acme_milano: Account, globex: Account, now: datetime
) -> None:
    services.agree(account=acme, price_list=communications, actor_id=None, now=now)
    assert (codes(acme, now), codes(acme_milano, now), codes(globex, now)) == (
        {"communications"},
        {"communications"},
        {"standard"},
    )


def test_an_agreement_can_be_changed_and_both_are_recorded(
    communications: PriceList, acme: Account, now: datetime
) -> None:
    standard = PriceList.objects.get(code="standard")
    services.agree(account=acme, price_list=communications, actor_id=None, now=now)
    services.agree(account=acme, price_list=standard, actor_id=None, now=now)
    assert PriceAgreement.objects.get().price_list == standard
    event = AuditEvent.objects.filter(action="prices.agreed").latest("pk")
    assert (event.account_id, event.before, event.after) == (
        acme.pk,
        {"price_list": "communications"},
        {"price_list": "standard"},
    )


def test_an_agreed_list_that_has_ended_leaves_the_default(
    communications: PriceList, acme: Account, now: datetime
) -> None:
    services.agree(account=acme, price_list=communications, actor_id=None, now=now)
    communications.valid_until = now
    communications.save()
    assert codes(acme, now) == {"standard"}
    assert codes(acme, now - timedelta(seconds=1)) == {"communications"}


def test_a_list_that_is_not_public_is_shown_to_nobody(communications: PriceList, now: datetime) -> None:
    assert [public.price_list.code for public in selectors.public_lists(now)] == ["standard", "communications"]
    communications.is_public = False
    communications.save()
    assert [public.price_list.code for public in selectors.public_lists(now)] == ["standard"]


def test_before_the_first_day_there_is_nothing_for_sale(prices: None, acme: Account, now: datetime) -> None:
    assert selectors.packs(acme, now - LONG_AGO) == []
    assert selectors.public_lists(now - LONG_AGO) == []
    assert len(selectors.rates(Service.SMS_SEGMENT, now - LONG_AGO)) == 0


def test_rates_of_a_service_that_is_not_sold_are_an_empty_table(prices: None, now: datetime) -> None:
    assert len(selectors.rates(Service.VOICE_MINUTE, now)) == 0
    assert len(selectors.rates(Service.SMS_SEGMENT, now)) == 223
