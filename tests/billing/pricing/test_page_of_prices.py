"""The page of prices: public, searchable, shareable, and true to the smallest message."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from billing.pricing.models import CreditPack, Rate
from portal.accounts.models import User
from tests.conftest import SignedIn

PRICES = "/prices/"


def text_of(response: object) -> str:
    content: bytes = response.content  # type: ignore[attr-defined]
    return " ".join(re.sub(r"<[^>]+>", " ", content.decode()).split())


@pytest.fixture
def page(client: Client, prices: None) -> Client:
    return client


def test_everybody_may_see_the_prices(page: Client, signed_in: SignedIn, alice: User) -> None:
    assert reverse("prices") == PRICES
    assert page.get(PRICES).status_code == 200
    assert signed_in(alice).get(PRICES).status_code == 200


def test_the_pack_of_100_says_142_messages_to_italy_and_250_to_india(page: Client) -> None:
    text = text_of(page.get(PRICES))
    assert "Credits Price Each Messages Italy India 100 €4.20 €0.042 142 250 " in text
    assert "Italy Vatican City +39 142 0.70 €0.02940" in text
    assert "India +91 250 0.40 €0.01680" in text


def test_every_pack_of_both_lists_is_shown_without_vat(page: Client) -> None:
    response = page.get(PRICES)
    text = text_of(response)
    assert response.content.count(b'type="radio"') == CreditPack.objects.count() == 9
    for offer in ("500 €40.00 €0.080 714 1,250", "1,000 €70.00 €0.070 1,428 2,500", "2,500 €170.00 €0.068 3,571 6,250"):
        assert offer in text
    assert "All prices are without VAT." in text


def test_a_chosen_pack_says_what_it_is_worth_everywhere(page: Client) -> None:
    text = text_of(page.get(PRICES, {"pack": "communications-2500", "q": "ital"}))
    assert "Messages of one segment with 2,500 credits for €170.00, and what each costs without VAT" in text
    assert "Italy Vatican City +39 3,571 0.70 €0.04760" in text
    assert "India +91" not in text
    assert "1 destination " in text


@pytest.mark.parametrize("pack", ["", "standard-101", "../..", "standard-100'--", "é" * 500, "\x00"])
def test_an_unknown_pack_shows_the_first(page: Client, pack: str) -> None:
    response = page.get(PRICES, {"pack": pack})
    assert response.status_code == 200
    assert "with 100 credits for €4.20" in text_of(response)


def test_prefixes_of_one_country_that_cost_the_same_share_a_line(page: Client) -> None:
    assert "Dominican Republic +1809 +1829 +1849 95 1.05" in text_of(page.get(PRICES))


@pytest.mark.parametrize("query", ["Atlantis", "***", "<script>alert(1)</script>", "\x00", "x" * 5000])
def test_a_search_without_a_result_says_what_to_try(page: Client, query: str) -> None:
    response = page.get(PRICES, {"q": query})
    assert response.status_code == 200
    assert "Try the beginning of the country’s name" in text_of(response)
    assert "<script>alert" not in response.content.decode()


def test_the_live_search_gets_the_table_alone_and_a_return_the_whole_page(page: Client) -> None:
    live = page.get(PRICES, {"q": "39"}, headers={"HX-Request": "true"})
    assert "<html" not in live.content.decode()
    assert "Italy Vatican City +39 142" in text_of(live)
    assert "HX-Request" in live.headers["Vary"]
    back = page.get(PRICES, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in back.content.decode()


def test_destinations_are_called_and_found_in_the_readers_language(page: Client) -> None:
    with translation.override("it"):
        text = text_of(page.get(PRICES, {"q": "germ"}, headers={"Accept-Language": "it"}))
    assert "Germania +49 57 1,75 0,07350" in text


def test_the_page_asks_the_database_twice(page: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]
        page.get(PRICES)


def test_without_prices_the_page_says_so(client: Client, db: None) -> None:
    assert "Nothing is for sale at the moment" in text_of(client.get(PRICES))


def test_with_packs_and_no_rates_the_page_still_opens(page: Client) -> None:
    Rate.objects.update(valid_until=datetime(2024, 2, 1, tzinfo=UTC))
    text = text_of(page.get(PRICES))
    assert "100 €4.20 €0.042 – –" in text
    assert "No destination has a rate at the moment" in text


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_page_only_reads(page: Client, method: str) -> None:
    assert getattr(page, method)(PRICES).status_code == 405
