"""The core tasks in a browser that runs no scripts, in English: to buy, to send, to see what became of it."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.stack import Saldo
from tests.journeys.walker import PATIENCE

pytestmark = pytest.mark.journey

NUMBER = "+44 7700 900107"


def test_one_can_buy_and_send_without_scripts(saldo: Saldo, chromium: Browser) -> None:
    context = chromium.new_context(base_url=saldo.address, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label(re.compile("^E-?mail$")).fill("oliver@harbourvale.example")
    page.get_by_label("Password", exact=True).fill(saldo.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    before = balance(page)
    bought = buy(page)
    assert balance(page) == before + bought
    send(page)
    # A message to Britain costs more than nothing, and is charged as soon as the network has it.
    assert 0 < before + bought - balance(page) < 10
    page.get_by_label("Your menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/**")
    context.close()


def balance(page: Page) -> float:
    return float(page.locator(".balance strong").inner_text().replace(",", ""))


def buy(page: Page) -> float:
    page.get_by_role("link", name="Buy credits").first.click()
    page.get_by_role("radio").first.check(force=True)
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_text("Paid", exact=True)).to_be_visible()
    heading = page.get_by_role("heading", level=1).inner_text()
    return float(re.sub(r"[^0-9.]", "", heading))


def send(page: Page) -> None:
    page.get_by_role("link", name="Campaigns").first.click()
    page.get_by_role("link", name="Write a message").first.click()
    page.get_by_role("link", name="Sending rules").click()
    page.get_by_label("How long a send can be undone").select_option(label="Not at all")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Write a message").first.click()
    page.get_by_label("Text", exact=True).fill("Your appointment is tomorrow at 9.")
    page.get_by_label(re.compile("^Numbers")).fill(NUMBER)
    page.get_by_role("button", name="Check and quote").click()
    page.get_by_role("button", name="Send now").click()
    # Without scripts nobody asks again but the reader.
    for _ in range(PATIENCE // 500):
        if page.get_by_text("1 of 1").first.is_visible():
            return
        page.wait_for_timeout(500)
        page.reload()
    pytest.fail("The message was never processed.")
