"""Credits that come back by themselves: at night, when a card expires, and after a question.

Fields and addresses lead the way; what the pages and mails say is asked of the catalogues.
"""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.conftest import SetOut
from tests.journeys.past import Company, begin
from tests.journeys.sentences import euros, said
from tests.journeys.stack import Saldo
from tests.journeys.walker import TELEPHONE, Walker

pytestmark = pytest.mark.journey

# The simulated network delivers what ends in 0003 with every receipt twice, in 0007 soon.
TAKEN = [f"+39 315 5{middle} {last}" for middle in (71, 72, 73) for last in ("0003", "0007")]
STARTED, ENOUGH = "The recharge started.", "There were enough credits."


def in_main(walker: Walker, text: str) -> Locator:
    return walker.page.locator("main").get_by_text(text).first


def come(walker: Walker, company: Company, saldo: Saldo) -> None:
    walker.sign_in(company.owner, saldo.password)
    assert walker.path == company.home


def add_card(walker: Walker, language: str, behaviour: str, name: str) -> None:
    form = walker.page.locator("form[aria-labelledby=add-card]")
    form.locator("[name=token]").select_option(behaviour)
    form.locator("[name=label]").fill(name)
    form.locator("button.primary").click()
    expect(in_main(walker, said(language, "The card has been added."))).to_be_visible()


def set_up(walker: Walker, home: str, *, threshold: str) -> None:
    """Save the automatic recharge: at this threshold a hundred. It is looked at at once."""
    walker.page.goto(f"{home}auto-recharge/")
    walker.page.locator("[name=threshold]").fill(threshold)
    walker.page.locator("[name=quantity]").select_option("1000000")
    walker.page.locator("form.card button.primary").click()
    walker.page.wait_for_url("**/auto-recharge/")
    walker.look()


def follow_the_mail(walker: Walker, part: str) -> None:
    """Follow the link of the letter whose address has this part."""
    walker.page.locator(f"main a[href*='{part}']").first.click()
    walker.page.wait_for_url(f"**{part}**")
    walker.look()


def answers(walker: Walker, language: str, english: str) -> Locator:
    """The rows of the why page with this answer."""
    return walker.page.locator("main tbody tr").filter(has=walker.page.get_by_text(said(language, english), exact=True))


def test_credits_run_out_at_night_and_come_back_by_themselves(saldo: Saldo, set_out: SetOut) -> None:
    language = "it"
    company = begin(saldo, "few credits", language)
    nora = set_out(language)
    come(nora, company, saldo)
    assert nora.balance() == "52"
    be_told_what_is_missing(nora, company.home, language)
    set_up(nora, company.home, threshold="50")
    send_through_the_night(nora, company.home)
    recharge = read_why_it_started(nora, company.home, language)
    try_it_on_the_past(nora, company.home, language)
    read_the_mails_of_the_night(nora, company, language, recharge)
    nora.arrive()


def be_told_what_is_missing(nora: Walker, home: str, language: str) -> None:
    """One condition is not met; the page says which, and leads to where it can be."""
    page = nora.page
    nora.go(f"{home}auto-recharge/")
    expect(in_main(nora, said(language, "It cannot be switched on yet"))).to_be_visible()
    missing = page.get_by_role("listitem").filter(has_text=said(language, "Not met"))
    expect(missing).to_have_count(1)
    expect(missing).to_contain_text(
        said(language, "Add a payment method, or wait until the bank has validated the mandate.")
    )
    nora.look_on_a_telephone()
    nora.follow(said(language, "Payment methods"), within=missing)
    add_card(nora, language, "sandbox_succeeds", "Visa 4242")
    nora.look()
    nora.go(f"{home}auto-recharge/")
    expect(missing).to_have_count(0)


def send_through_the_night(nora: Walker, home: str) -> None:
    """In a tab beside, of which others look at every page."""
    tab = nora.page.context.new_page()
    tab.goto(f"{home}campaigns/new/")
    tab.locator("[name=text]").fill("La Lanterna apre alle nove.")
    tab.locator("[name=pasted]").fill("\n".join(TAKEN))
    tab.locator("main form button.primary").click()
    tab.wait_for_url("**/drafts/**")
    tab.locator("main form button.primary").click()
    tab.wait_for_url(re.compile("/campaigns/[0-9a-f-]{36}/$"))
    tab.close()


def read_why_it_started(nora: Walker, home: str, language: str) -> str:
    """Nobody did anything: the credits are there, and the page says from when to when, and why; where the purchase is."""
    page = nora.page
    page.goto(f"{home}auto-recharge/evaluations/")
    started = answers(nora, language, STARTED)
    nora.wait_for(started.filter(has_text=said(language, "Paid")))
    expect(started.get_by_role("cell").nth(2)).to_have_text("47,8")
    nora.wait_for(nora.page.locator("main tbody tr").first.get_by_text(said(language, ENOUGH), exact=True))
    started.locator("summary").click()
    expect(started).to_contain_text(said(language, "The pause after a declined payment is over."))
    nora.look()
    nora.look_on_a_telephone()
    nora.wait_for(page.locator(".balance strong", has_text="147,8"))
    started.get_by_role("link").first.click()
    page.wait_for_url(re.compile("/recharges/[0-9a-f-]{36}/$"))
    expect(page.locator("main")).to_contain_text("Visa 4242")
    nora.look()
    return nora.path


def try_it_on_the_past(nora: Walker, home: str, language: str) -> None:
    """With what was used, would these settings have been enough, and which would?"""
    nora.page.goto(f"{home}auto-recharge/")
    nora.follow(said(language, "Try it on the last 60 days"))
    expect(nora.page.get_by_role("heading", name=said(language, "What we would recommend"))).to_be_visible()


def read_the_mails_of_the_night(nora: Walker, company: Company, language: str, recharge: str) -> None:
    """It was told before that few were left, then that credits were bought, then that all is clear."""
    few = said(language, "%(account)s: %(balance)s credits left", account=company.name, balance="52")
    assert "60" in nora.letter(few, company.owner)
    bought = "%(account)s: %(credits)s credits bought automatically"
    text = nora.letter(said(language, bought, account=company.name, credits="100"), company.owner)
    assert recharge in text
    assert euros(language, 512) in text


def test_a_card_expires_and_the_backup_pays(saldo: Saldo, set_out: SetOut) -> None:
    company = begin(saldo, "old card", "it")
    nora = set_out("it")
    come(nora, company, saldo)
    be_warned_of_the_card(nora, company)
    keep_the_card_that_is_needed(nora, company.home)
    add_card(nora, "it", "sandbox_succeeds", "Visa 4242")
    # From here on the credits are at or below the threshold.
    set_up(nora, company.home, threshold="50")
    read_of_both_cards(nora, company)
    let_the_old_card_go(nora, company.home)
    nora.arrive()


def be_warned_of_the_card(nora: Walker, company: Company) -> None:
    warned = said("it", "%(account)s: the card %(card)s expires", account=company.name, card="Visa 0027")
    text = nora.letter(warned, company.owner)
    assert said("it", "Add the new card before then, so that no recharge fails.") in text
    follow_the_mail(nora, "/payment-methods/")
    old = nora.page.get_by_role("row").filter(has_text="Visa 0027")
    expect(old).to_contain_text(said("it", "Expires soon"))
    nora.look_on_a_telephone()


def remove(nora: Walker, card: str) -> None:
    row = nora.page.get_by_role("row").filter(has_text=card)
    row.locator("button.danger").first.click()
    row.locator("dialog button.danger").click()


def keep_the_card_that_is_needed(nora: Walker, home: str) -> None:
    """The automatic recharge has no other: the refusal names the two ways out."""
    remove(nora, "Visa 0027")
    refusal = (
        "An automatic recharge pays with this method, and no other could take over. "
        "Add another method first, or switch the automatic recharge off."
    )
    expect(nora.page.get_by_text(said("it", refusal))).to_be_visible()
    expect(nora.page.get_by_role("row").filter(has_text="Visa 0027")).to_be_visible()
    nora.look()


def read_of_both_cards(nora: Walker, company: Company) -> None:
    """The bank takes the old card no more; the other is charged at once, and the page and a mail say why."""
    page = nora.page
    page.goto(f"{company.home}auto-recharge/evaluations/")
    started = answers(nora, "it", STARTED)
    nora.wait_for(started.filter(has_text=said("it", "Paid")))
    expect(started).to_have_count(2)
    expect(started.last).to_contain_text(said("it", "Failed"))
    nora.look()
    nora.look_on_a_telephone()
    reason = said("it", "The card has expired. Add the new one and try again.")
    text = nora.letter(said("it", "%(account)s: the recharge failed", account=company.name), company.owner)
    assert reason in text
    follow_the_mail(nora, "/recharges/")
    expect(in_main(nora, reason)).to_be_visible()
    bought = "%(account)s: %(credits)s credits bought automatically"
    nora.letter(said("it", bought, account=company.name, credits="100"), company.owner)
    follow_the_mail(nora, "/recharges/")
    expect(nora.page.locator("main")).to_contain_text("Visa 4242")
    assert nora.balance() == "120"


def let_the_old_card_go(nora: Walker, home: str) -> None:
    """Now another could take over."""
    nora.page.goto(f"{home}payment-methods/")
    remove(nora, "Visa 0027")
    expect(nora.page.get_by_text(said("it", "The payment method has been removed."))).to_be_visible()
    expect(nora.page.get_by_role("row").filter(has_text="Visa 0027")).to_have_count(0)
    nora.look()


def test_the_breaker_asks_by_mail_and_is_answered_on_a_telephone(saldo: Saldo, set_out: SetOut) -> None:
    company = begin(saldo, "asked days ago", "fr")
    nora, ugo = set_out("fr"), set_out("fr")
    for walker in (nora, ugo):
        walker.take(TELEPHONE)
    come(nora, company, saldo)
    find_the_link_too_old(nora, company)
    approve(nora, company.home, "201")
    # What is there now is below what the owner wants from now on: a second purchase within hours.
    set_up(nora, company.home, threshold="201")
    link = read_the_question(nora, company)
    ugo.sign_in(company.viewer, saldo.password)
    ugo.be_refused(link, 403)
    nora.go(link)
    assert nora.fact(said("fr", "Available now")) == "201"
    expect(nora.page.locator("main")).to_contain_text("Visa 4242")
    approve(nora, company.home, "301")
    nora.go(link)
    answer = said("fr", "Approved and bought", "question")
    answered = said("fr", "This question needs no answer any more: %(answer)s", answer=answer)
    expect(in_main(nora, answered)).to_be_visible()
    nora.go(f"{company.home}auto-recharge/evaluations/")
    expect(answers(nora, "fr", STARTED)).to_have_count(3)
    nora.arrive()
    ugo.arrive()


def find_the_link_too_old(nora: Walker, company: Company) -> None:
    """The mail of four days ago leads to where the question still waits, and changes nothing."""
    nora.be_refused(company.link, 410)
    expect(in_main(nora, said("fr", "This link is too old"))).to_be_visible()
    nora.follow(said("fr", "Automatic recharge"), within=nora.page.locator("main p"))
    assert nora.balance() == "101"


def approve(nora: Walker, home: str, balance: str) -> None:
    """Say yes; the credits come with it."""
    nora.press(said("fr", "Approve the purchase"))
    nora.page.wait_for_url(f"**{home}auto-recharge/")
    expect(in_main(nora, said("fr", "Approved: the credits are being bought."))).to_be_visible()
    nora.look()
    nora.wait_for(nora.page.locator(".balance strong", has_text=balance))


def read_the_question(nora: Walker, company: Company) -> str:
    """The page asks and so does the mail; return where the mail's link leads."""
    expect(nora.page.get_by_role("button", name=said("fr", "Approve the purchase"))).to_be_visible()
    asked = said("fr", "%(account)s: may we buy %(credits)s credits?", account=company.name, credits="100")
    text = nora.letter(asked, company.owner)
    assert said("fr", "Credits were bought automatically a short time ago already.") in text
    found = re.search(r"/a/\S+/questions/\S+", text)
    assert found is not None
    return found[0]
