"""The tables refuse what cannot be: each constraint is watched biting."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from billing.pricing import services
from billing.pricing.codes import Service
from billing.pricing.models import CreditPack, PriceList, Rate
from portal.accounts.models import Account

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
LATER = BEGAN + timedelta(days=30)


def price_list(**fields: Any) -> PriceList:
    return PriceList(**{"code": "test", "name": "Test", "valid_from": BEGAN, **fields})


def pack(**fields: Any) -> CreditPack:
    known = PriceList.objects.filter(code="packs").first() or price_list(code="packs")
    known.save()
    return CreditPack(**{"price_list": known, "credits": 1000, "price_cents": 5, "valid_from": BEGAN, **fields})


def rate(**fields: Any) -> Rate:
    values = {"service": "sms_segment", "prefix": "39", "country_names": "Italy", "units": 7000, "valid_from": BEGAN}
    return Rate(**{**values, **fields})


@pytest.mark.parametrize(
    ("make", "fields", "constraint"),
    [
        (price_list, {"valid_until": BEGAN}, "a_price_list_ends_after_it_begins"),
        (price_list, {"currency": "eur"}, "a_price_list_has_a_currency"),
        (price_list, {"name": ""}, "a_price_list_has_a_name"),
        (price_list, {"credits_expire_after_months": 0}, "bought_credits_last_a_month_or_more"),
        (price_list, {"credits_expire_after_months": 121}, "bought_credits_last_a_month_or_more"),
        (pack, {"valid_until": BEGAN}, "a_pack_ends_after_it_begins"),
        (pack, {"credits": 0}, "a_pack_has_credits"),
        (pack, {"credits": -1}, "a_pack_has_credits"),
        (pack, {"price_cents": 0}, "a_pack_costs_something"),
        (rate, {"valid_until": BEGAN}, "a_rate_ends_after_it_begins"),
        (rate, {"prefix": "039"}, "a_prefix_is_one_to_seven_digits"),
        (rate, {"prefix": ""}, "a_prefix_is_one_to_seven_digits"),
        (rate, {"units": 0}, "a_rate_costs_something"),
        (rate, {"service": "fax"}, "a_rate_is_for_a_known_service"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(
    db: None, make: Callable[..., PriceList | CreditPack | Rate], fields: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=re.escape(f'"{constraint}"')), transaction.atomic():
        make(**fields).save()


def test_there_is_one_default_price_list(db: None) -> None:
    price_list(is_default=True).save()
    with pytest.raises(IntegrityError, match="there_is_one_default_price_list"), transaction.atomic():
        price_list(code="second", is_default=True).save()
    price_list(code="third").save()


def test_a_pack_has_one_price_at_a_time(db: None) -> None:
    pack(valid_until=LATER).save()
    with pytest.raises(IntegrityError, match="a_pack_has_one_price_at_a_time"), transaction.atomic():
        pack(price_cents=6, valid_from=LATER - timedelta(microseconds=1)).save()
    pack(price_cents=6, valid_from=LATER).save()
    pack(credits=2000).save()


@pytest.mark.parametrize(
    ("service", "constraint"),
    [
        (Service.SMS_SEGMENT, "a_prefix_has_one_sms_segment_rate_at_a_time"),
        (Service.VOICE_MINUTE, "a_prefix_has_one_voice_minute_rate_at_a_time"),
    ],
)
def test_a_prefix_has_one_rate_at_a_time(db: None, service: Service, constraint: str) -> None:
    rate(service=service).save()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        rate(service=service, valid_from=LATER).save()
    rate(service=service, prefix="390").save()


def test_the_same_prefix_has_a_rate_for_each_service(db: None) -> None:
    for service in Service:
        rate(service=service).save()


def test_a_form_hears_of_a_clash_and_of_a_prefix_that_is_none_in_words(db: None) -> None:
    rate().save()
    with pytest.raises(ValidationError, match="another rate in the same period"):
        rate(valid_from=LATER).full_clean()
    with pytest.raises(ValidationError, match="one to seven digits"):
        rate(prefix="+39").full_clean()


def test_prices_are_agreed_with_customers_only(prices: None, acme_milano: Account, now: datetime) -> None:
    with pytest.raises(services.NotACustomer):
        services.agree(account=acme_milano, price_list=PriceList.objects.all()[0], actor_id=None, now=now)
