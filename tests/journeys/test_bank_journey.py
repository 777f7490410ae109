"""A bank transfer is matched, in Italian: paid in two parts that quote the reference, and once without it.

The bank's files are made here; staff import them, and decide about the line that says nothing.
"""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from tests.billing.bank.conftest import Paid, camt
from tests.journeys.conftest import SetOut
from tests.journeys.past import Company, begin
from tests.journeys.sentences import euros, said
from tests.journeys.stack import Saldo
from tests.journeys.walker import Walker

pytestmark = pytest.mark.journey

WHOLE, FIRST, REST = 512, 300, 212


def test_a_bank_transfer_is_matched_part_by_part_and_by_hand(saldo: Saldo, set_out: SetOut) -> None:
    company = begin(saldo, "nothing yet", "it")
    nora, olga = set_out("it"), set_out("it")
    nora.sign_in(company.owner, saldo.password)
    bought, reference = buy(nora, company)
    read_what_to_pay(nora, company, reference)
    olga.sign_in("olga@saldo.example", saldo.password)
    import_file(olga, Paid(FIRST, structured=reference, payer=company.name, day=today()))
    read_what_is_missing(nora, company, bought)
    rest = Paid(REST, text=f"saldo {reference}", payer=company.name, day=today())
    mute = Paid(WHOLE, text=f"ricarica {company.name}", payer=company.name, day=today())
    import_file(olga, rest, mute)
    read_that_it_is_paid(nora, bought)
    again, _ = buy(nora, company)
    use_it_for_the_purchase(olga, company)
    nora.go(again)
    assert nora.balance() == "200"
    expect(paid(nora)).to_be_visible()
    nora.arrive()
    olga.arrive()


def today() -> str:
    return timezone.localdate().isoformat()


def paid(nora: Walker) -> Locator:
    return nora.page.get_by_role("heading", name=said("it", "Paid"), exact=True)


def buy(nora: Walker, company: Company) -> tuple[str, str]:
    """The smallest pack, by bank transfer; where the purchase is, and what to quote."""
    page = nora.page
    nora.go(f"{company.home}recharges/new/")
    page.get_by_label(said("it", "Bank transfer")).check()
    page.locator("main form button.primary").click()
    page.wait_for_url(re.compile("/recharges/[0-9a-f-]{36}/$"))
    expect(page.get_by_text(said("it", "Waiting for your bank transfer"))).to_be_visible()
    return nora.path, nora.fact(said("it", "Reference to quote"))


def read_what_to_pay(nora: Walker, company: Company, reference: str) -> None:
    """The page and the mail say the same."""
    nora.look()
    nora.look_on_a_telephone()
    assert nora.fact(said("it", "Amount")) == "5,12 €"
    asked = said("it", "%(account)s: please transfer %(amount)s", account=company.name, amount=euros("it", WHOLE))
    assert reference in nora.letter(asked, company.owner)


def import_file(olga: Walker, *paid: Paid) -> None:
    """Look at what a file of the bank would do, then let it."""
    page = olga.page
    olga.go("/desk/bank/statements/")
    content = camt(paid)
    page.locator("[name=file]").set_input_files({"name": "estratto.xml", "mimeType": "text/xml", "buffer": content})
    page.locator("form[aria-labelledby=upload] button.primary").click()
    page.wait_for_url(re.compile("/statements/[0-9a-f-]{36}/$"))
    expect(page.locator("main")).to_contain_text(said("it", "Pays a purchase"))
    olga.look()
    page.locator("form[action$='/import/'] button").click()
    expect(page.get_by_role("heading", name=said("it", "Imported"))).to_be_visible()
    olga.look()


def read_what_is_missing(nora: Walker, company: Company, bought: str) -> None:
    nora.go(bought)
    title = nora.page.get_by_role("heading", name=said("it", "%(missing)s are still missing", missing="2,12 €"))
    expect(title).to_be_visible()
    nora.look_on_a_telephone()
    told = said("it", "%(account)s: %(missing)s are still missing", account=company.name, missing=euros("it", REST))
    nora.letter(told, company.owner)


def read_that_it_is_paid(nora: Walker, bought: str) -> None:
    """Credits and invoice came together."""
    nora.go(bought)
    expect(paid(nora)).to_be_visible()
    assert nora.balance() == "100"
    expect(nora.page.locator("main a[href*='/invoices/']")).to_be_visible()


def use_it_for_the_purchase(olga: Walker, company: Company) -> None:
    """No reference stands in the line; amount and name speak for the purchase that waits."""
    page = olga.page
    olga.go("/desk/bank/")
    line = page.get_by_role("row").filter(has_text=f"ricarica {company.name}")
    expect(line).to_contain_text(said("it", "It holds none of our references."))
    line.get_by_role("link").click()
    page.wait_for_url("**/lines/**")
    olga.look()
    proposal = page.get_by_role("row").filter(has_text=company.name).filter(has=page.locator("[name=quoted]"))
    expect(proposal).to_contain_text(said("it", "the same amount"))
    proposal.get_by_role("button").click()
    expect(page.get_by_text(said("it", "The money has been used for the purchase."))).to_be_visible()
    olga.look()
