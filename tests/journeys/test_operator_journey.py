"""A morning at the operator's desk, in Italian: what waits, who pays, what was sent, and whether the books agree."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from pypdf import PdfReader

from tests.journeys.conftest import SetOut
from tests.journeys.stack import Saldo
from tests.journeys.walker import Walker

pytestmark = pytest.mark.journey

# Of the demo: a customer, one who sends for them, the name they asked for, and one that somebody else asked for.
CUSTOMER = "Ottica Belvedere"
ELENA = "elena@otticabelvedere.example"
WANTED, DOUBTFUL = "OtticaBV", "VelosLyon"


def test_the_operator_reviews_names_and_finds_everything_in_order(
    saldo: Saldo, set_out: SetOut, tmp_path: Path
) -> None:
    olga, elena = set_out(), set_out()
    elena.come_in(ELENA, saldo.password)
    assert WANTED not in offered_senders(elena)
    olga.come_in("olga@saldo.example", saldo.password)
    approve(olga)
    refuse(olga)
    assert WANTED in offered_senders(elena)
    look_at_payments(olga)
    file_an_invoice(olga, tmp_path)
    look_at_gateways(olga)
    audit_the_ledger(olga)
    look_at_a_customer(olga, elena)
    look_at_the_tables(olga)
    olga.arrive()
    elena.arrive()


def test_a_customer_does_not_get_to_the_desk(saldo: Saldo, set_out: SetOut) -> None:
    elena = set_out()
    elena.come_in(ELENA, saldo.password)
    for path in ("/desk/", "/desk/ledger/", "/desk/customers/", "/desk/data/", "/desk/data/ledger/transfer/"):
        answer = elena.page.goto(path)
        assert answer is not None
        assert answer.status in {403, 404}, path
        expect(elena.page.get_by_text("Harbour")).to_have_count(0)


def offered_senders(elena: Walker) -> str:
    elena.by_the_side("Campagne")
    elena.follow("Scrivi un messaggio")
    return elena.page.get_by_label("Mittente", exact=True).inner_text()


def review(olga: Walker, name: str) -> None:
    olga.by_the_side("Nomi mittente")
    row = olga.page.get_by_role("row").filter(has_text=name)
    olga.follow(re.compile("^Esamina"), within=row)


def reviewed(olga: Walker, name: str) -> Locator:
    """The name's row among those that have had their review; its registrations may wait in rows of their own."""
    shown = olga.page.get_by_role("link", name=re.compile("^Mostra"))
    return olga.page.get_by_role("row").filter(has_text=name).filter(has=shown)


def approve(olga: Walker) -> None:
    expect(olga.page.get_by_role("link", name="2 nomi mittente da esaminare")).to_be_visible()
    review(olga, WANTED)
    assert olga.fact("Cliente") == CUSTOMER
    olga.page.get_by_role("radio", name=re.compile("^Approva")).check()
    olga.press("Decidi")
    row = reviewed(olga, WANTED)
    expect(row).to_contain_text("Approvato")
    expect(row).to_contain_text("Olga Conti")
    olga.look()


def refuse(olga: Walker) -> None:
    review(olga, DOUBTFUL)
    olga.page.get_by_role("radio", name="Rifiuta").check()
    olga.press("Decidi")
    # Without a reason the customer would not know what to change.
    expect(olga.page.get_by_role("alert").get_by_role("link")).to_be_visible()
    olga.look()
    # Each registration of the name has a form of its own on this page.
    decision = olga.page.locator("form").filter(has=olga.page.get_by_role("radio"))
    decision.get_by_label(re.compile("^Motivo")).fill("Il nome indica una città, non l’azienda.")
    olga.press("Decidi")
    expect(reviewed(olga, DOUBTFUL)).to_contain_text("Rifiutato")


def look_at_payments(olga: Walker) -> None:
    olga.by_the_side("Pagamenti")
    olga.follow("Esito sconosciuto", within=olga.page.locator("main"))
    rows = olga.page.locator("tbody tr")
    expect(rows).to_have_count(1)
    olga.follow(re.compile("."), within=rows)
    expect(olga.page.get_by_text("Esito sconosciuto").first).to_be_visible()


def file_an_invoice(olga: Walker, folder: Path) -> None:
    olga.by_the_side("Fatture")
    olga.page.get_by_label("Numero o cliente").fill(CUSTOMER)
    olga.press("Cerca")
    row = olga.page.locator("tbody tr").first
    expect(row).to_contain_text(CUSTOMER)
    olga.look()
    link = row.get_by_role("link", name=re.compile("^PDF"))
    olga.wait_for(link)
    text = PdfReader(olga.download(link, folder)).pages[0].extract_text()
    assert "Ottica Belvedere S.r.l." in text


def look_at_gateways(olga: Walker) -> None:
    olga.by_the_side("Gateway")
    card = olga.page.get_by_role("region", name="simulator")
    expect(card).to_contain_text("Attivo")
    assert olga.fact("Errori consecutivi") == "0"


def audit_the_ledger(olga: Walker) -> None:
    olga.by_the_side("Libro contabile")
    expect(olga.page.get_by_text("Differenza: 0")).to_be_visible()
    assert olga.fact("Differenze") == "0"
    assert int(olga.fact("Trasferimenti ripercorsi").replace(".", "")) > 100


def look_at_a_customer(olga: Walker, elena: Walker) -> None:
    olga.by_the_side("Clienti")
    olga.page.get_by_label("Trova un cliente").fill("belvedere")
    olga.press("Cerca")
    olga.look()
    olga.follow(CUSTOMER, within=olga.page.locator("tbody"))
    # The demo's last campaign may be settled between one glance and the other, once.
    seen = [(reloaded(olga).fact("Crediti disponibili"), reloaded(elena).balance()) for _ in range(2)]
    assert any(of_staff == of_customer for of_staff, of_customer in seen), seen
    assert olga.fact("Partita IVA") == "IT09876540379"
    expect(olga.page.get_by_role("row").filter(has_text="Nome mittente approvato").first).to_contain_text("Olga Conti")


def look_at_the_tables(olga: Walker) -> None:
    """Django's admin is there to look, behind the same door, and writes nothing."""
    page = olga.page
    page.locator(".side").get_by_role("link", name="Tabelle").click()
    page.get_by_role("link", name="Trasferimenti", exact=True).click()
    expect(page.locator("#result_list tbody tr").first).to_be_visible()
    expect(page.locator(".addlink")).to_have_count(0)
    page.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    expect(page.locator("main .readonly").first).to_be_visible()
    expect(page.locator("[name=_save], .deletelink")).to_have_count(0)
    answer = page.goto("/desk/data/ledger/transfer/add/")
    assert answer is not None
    assert answer.status == 403


def reloaded(walker: Walker) -> Walker:
    walker.page.reload()
    return walker
