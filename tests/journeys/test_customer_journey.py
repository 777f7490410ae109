"""The whole path of a customer, in Italian: from the first visit to the spreadsheet that ties to the ledger."""

import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import SetOut
from tests.journeys.papers import check_invoice, check_report
from tests.journeys.stack import Saldo
from tests.journeys.walker import PATIENCE, Walker

pytestmark = pytest.mark.journey

COMPANY = "Trattoria Aurora"
PASSWORD = "pane burro e alici"
# The simulated network goes by the last four digits: 0000 is refused when it is handed over, 0001 not delivered, 0003
# delivered with every receipt twice, 0006 with the receipt before the answer, 0007 soon, 0008 receipts out of order.
REFUSED, *TAKEN = (f"+39 315 555 {last}" for last in ("0000", "0001", "0003", "0006", "0007", "0008"))
ALERTED = "+39 315 555 0007"
# A spreadsheet that computed what begins like this would show 4.
CAMPAIGN = "=2+2 amici a cena"
TYPED = "L’Aurora riapre stasera: c’è un tavolo per Lei."
SENT = TYPED.replace("’", "'")


def test_a_customer_buys_sends_is_alerted_and_files_the_papers(saldo: Saldo, set_out: SetOut, tmp_path: Path) -> None:
    sofia, olga = set_out(), set_out()
    email = f"sofia.{uuid.uuid4().hex[:8]}@aurora.example"
    sign_up(sofia, email)
    sign_out_and_in(sofia, email)
    say_whom_to_invoice(sofia)
    buy_with_a_card_that_is_declined_and_one_that_pays(sofia)
    file_the_invoice(sofia, tmp_path)
    set_up_an_alert(sofia, email)
    compose(sofia)
    quote_and_send(sofia)
    watch_the_receipts(sofia)
    read_the_messages(sofia)
    read_the_alert(sofia, email)
    read_the_statement(sofia)
    file_the_report(sofia, tmp_path)
    sofia.arrive()
    see_who_paid_for_the_alert(olga, saldo.password)
    olga.arrive()


def sign_up(sofia: Walker, email: str) -> None:
    page = sofia.page
    sofia.go("/")
    sofia.follow("Crea un account")
    assert page.locator("html").get_attribute("lang") == "it"
    for label, text in {"Azienda": COMPANY, "Nome": "Sofia", "Cognome": "Bianchi"}.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("E-mail", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    sofia.press("Crea l’account")
    code = page.get_by_label("Codice", exact=True)
    expect(code).to_be_visible()
    sofia.look()
    here, text = page.url, sofia.letter("Il codice per Saldo è ", email)
    page.goto(here)
    code.fill(re.findall(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", text, re.MULTILINE)[0])
    sofia.press("Conferma")
    expect(page.get_by_role("heading", name=COMPANY)).to_be_visible()
    sofia.look()


def sign_out_and_in(sofia: Walker, email: str) -> None:
    sofia.page.get_by_label("Menu personale").click()
    sofia.press("Esci")
    sofia.page.wait_for_url("**/login/**")
    sofia.come_in(email, PASSWORD)
    assert sofia.balance() == "0"


def say_whom_to_invoice(sofia: Walker) -> None:
    sofia.by_the_side("Il mio account")
    sofia.follow(re.compile("^Dati di fatturazione"))
    page = sofia.page
    page.get_by_label("Paese", exact=True).select_option(label="Italia")
    form = {
        "Azienda": f"{COMPANY} S.r.l.",
        "Indirizzo": "Via del Pratello 12",
        "CAP": "40122",
        "Città": "Bologna",
        "Partita IVA": "IT07643520568",
    }
    for label, text in form.items():
        page.get_by_label(re.compile(rf"^{label}( \(facoltativo\))?$")).fill(text)
    sofia.press("Conferma")
    # One digit is wrong: the sentence leads to the field.
    wrong = page.get_by_role("alert").get_by_role("link")
    expect(wrong).to_contain_text("Le cifre di controllo non corrispondono")
    wrong.click()
    expect(page.get_by_label(re.compile("^Partita IVA"))).to_be_focused()
    sofia.look()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("IT07643520567")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    sofia.look()


def buy_with_a_card_that_is_declined_and_one_that_pays(sofia: Walker) -> None:
    sofia.by_the_side("Ricariche")
    sofia.follow("Metodi di pagamento")
    add_card(sofia, "Carta che viene rifiutata", "Visa 0002")
    add_card(sofia, "Carta che paga", "Visa 4242")
    sofia.look()
    page = sofia.page
    sofia.follow("Acquista crediti")
    buy(sofia, "Visa 0002")
    expect(page.get_by_text("La banca ha rifiutato la carta.")).to_be_visible()
    expect(page.get_by_text("Non è stato addebitato nulla.")).to_be_visible()
    sofia.look()
    assert sofia.balance() == "0"
    sofia.follow("Riprova")
    buy(sofia, "Visa 4242")
    expect(page.get_by_role("heading", name="Ricarica di 100 crediti")).to_be_visible()
    expect(page.get_by_text("Pagata", exact=True)).to_be_visible()
    sofia.look()
    assert [sofia.fact(term) for term in ("Imponibile", "IVA 22%", "Totale")] == ["4,20 €", "0,92 €", "5,12 €"]
    assert sofia.balance() == "100"


def add_card(sofia: Walker, behaviour: str, name: str) -> None:
    sofia.page.get_by_label("Carta di prova", exact=True).select_option(label=behaviour)
    sofia.page.get_by_label("Nome", exact=True).fill(name)
    sofia.press("Aggiungi carta")
    expect(sofia.page.get_by_text("La carta è stata aggiunta.")).to_be_visible()


def buy(sofia: Walker, card: str) -> None:
    """Buy the smallest pack, clicking twice as impatient people do."""
    sofia.page.get_by_label("100 crediti", exact=False).first.check(force=True)
    sofia.page.get_by_label(card).check()
    sofia.page.get_by_role("button", name="Paga ora").dblclick()
    sofia.page.wait_for_url(re.compile("/recharges/[0-9a-f-]{36}/$"))


def file_the_invoice(sofia: Walker, folder: Path) -> None:
    sofia.by_the_side("Fatture")
    rows = sofia.page.locator("tbody tr")
    expect(rows).to_have_count(1)
    # The PDF is set in the background; the page says so until it is there.
    link = rows.get_by_role("link", name=re.compile("^Scarica la fattura "))
    sofia.wait_for(link)
    expect(rows).to_contain_text("Pagata")
    expect(rows).to_contain_text("4,20")
    buyer, seller, amounts = (
        (f"{COMPANY} S.r.l.", "IT07643520567"),
        "Saldo S.r.l.",
        ("100", "22%", "4,20", "0,92", "5,12"),
    )
    check_invoice(sofia.download(link, folder), "Fattura", *buyer, seller, *amounts)


def set_up_an_alert(sofia: Walker, email: str) -> None:
    sofia.by_the_side("Avvisi di saldo")
    sofia.follow("Crea un avviso")
    page = sofia.page
    page.get_by_label("Soglia").fill("97,5")
    page.get_by_label("Avvisa per e-mail").check()
    page.get_by_label("Indirizzo e-mail").fill(email)
    page.get_by_label("Avvisa per SMS").check()
    page.get_by_label(re.compile("^Numero di cellulare")).fill(ALERTED)
    sofia.press("Crea l’avviso")
    row = page.get_by_role("row").filter(has_text="97,5")
    expect(row).to_contain_text("Attivo")
    sofia.look()


def compose(sofia: Walker) -> None:
    sofia.send_at_once(re.sub(r"(/a/[0-9a-f-]{36}/).*", r"\1", sofia.path))
    sofia.follow("Scrivi un messaggio")
    page, preview = sofia.page, sofia.page.locator("#preview")
    page.get_by_label("Testo", exact=True).press_sequentially(TYPED)
    expect(preview).to_contain_text("1 segmento")
    expect(preview).to_contain_text("Unicode")
    page.get_by_label(re.compile("^Numeri")).fill("\n".join([REFUSED, *TAKEN, TAKEN[0], "tavolo 7"]))
    expect(preview).to_contain_text("4,2")
    # Two signs make a segment half as long: long texts cost twice. One click replaces them.
    page.get_by_label("Testo", exact=True).fill(TYPED + " " + "a" * 40)
    expect(preview).to_contain_text("2 segmenti")
    expect(preview).to_contain_text("8,4")
    sofia.look()
    sofia.press("Sostituiscili", within=preview)
    expect(preview).to_contain_text("1 segmento")
    expect(preview).to_contain_text("Alfabeto GSM")
    expect(page.get_by_label("Testo", exact=True)).to_have_value(SENT + " " + "a" * 40)
    page.get_by_label("Testo", exact=True).fill(SENT)
    page.get_by_label(re.compile("^Nome della campagna")).fill(CAMPAIGN)


def quote_and_send(sofia: Walker) -> None:
    page = sofia.page
    sofia.press("Verifica e preventivo")
    page.wait_for_url("**/drafts/**")
    sofia.look()
    facts = {
        "Destinatari": "6",
        "Destinatari esclusi": "2",
        "Disponibili ora": "100",
        "Impegnati per questa campagna": "4,2",
        "Disponibili dopo l’invio": "95,8",
    }
    assert {term: sofia.fact(term) for term in facts} == facts
    expect(page.get_by_text("tavolo 7")).to_have_count(1)
    page.get_by_role("button", name="Invia ora").dblclick()
    page.wait_for_url(re.compile("/campaigns/[0-9a-f-]{36}/$"))
    sofia.look()


def watch_the_receipts(sofia: Walker) -> None:
    """The page follows by itself what the network reports; nobody reloads it."""
    page = sofia.page
    by_state = page.get_by_role("region", name="Messaggi per stato")
    for state, count in {"Rifiutato": "1", "Non consegnato": "1", "Consegnato": "4"}.items():
        row = by_state.get_by_role("row").filter(has=page.get_by_text(state, exact=True))
        expect(row.get_by_role("link")).to_have_text(count, timeout=PATIENCE)
    expect(page.get_by_text("6 di 6").first).to_be_visible()
    sofia.look()
    figures = {"Impegnati": "4,2", "Addebitati": "3,5", "Restituiti": "0,7"}
    assert {term: sofia.fact(term) for term in figures} == figures


def read_the_messages(sofia: Walker) -> None:
    page = sofia.page
    sofia.follow("Mostra i messaggi")
    assert sofia.balance() == "96,5"
    expect(page.locator("tbody tr")).to_have_count(6)
    page.get_by_label("Stato").select_option(label="Rifiutato")
    sofia.press("Filtra")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(REFUSED)
    sofia.look()
    sofia.follow(re.compile("."), within=page.locator("tbody tr"))
    assert sofia.fact("Addebitati") == "0"


def read_the_alert(sofia: Walker, email: str) -> None:
    page = sofia.page
    sofia.by_the_side("Avvisi di saldo")
    sent = page.get_by_role("region", name="Ultime notifiche").get_by_role("row")
    by_sms = sent.filter(has_text=ALERTED)
    sofia.wait_for(by_sms.get_by_text("Consegnato"))
    expect(sent.filter(has_text=email)).to_contain_text("Inviato")
    expect(by_sms).to_contain_text("95,8")
    expect(page.get_by_role("row").filter(has_text="97,5").first).to_contain_text("Scattato")
    sofia.look()
    text = sofia.letter(f"{COMPANY}: 95,8 crediti rimasti", email)
    assert "97,5" in text
    assert "/recharges/new/" in text


def read_the_statement(sofia: Walker) -> None:
    """The alert's text message is not in it: the operator pays for that."""
    page = sofia.page
    sofia.go("/")
    sofia.by_the_side("Estratto conto")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("−3,5")
    expect(rows.first).to_contain_text("96,5")
    expect(rows.last).to_contain_text("+100")


def file_the_report(sofia: Walker, folder: Path) -> None:
    page = sofia.page
    sofia.by_the_side("Report")
    sofia.follow(re.compile("report", re.IGNORECASE), within=page.locator("main"))
    sofia.press("Prepara il report")
    # It is made in the background; the list asks for itself until it is ready.
    link = page.get_by_role("link", name=re.compile("^Scarica il report "))
    expect(link).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("Corrisponde al libro contabile")).to_be_visible()
    sofia.look()
    check_report(
        sofia.download(link, folder),
        account=COMPANY,
        charged=3.5,
        returned=0.7,
        messages={number.replace(" ", ""): SENT for number in (REFUSED, *TAKEN)},
    )


def see_who_paid_for_the_alert(olga: Walker, password: str) -> None:
    """The alert's text message is booked on the operator's own account."""
    olga.come_in("olga@saldo.example", password)
    rows = olga.page.locator("#result_list tbody tr")
    olga.page.goto("/desk/data/delivery/message/?purpose__exact=alert&q=%2B" + ALERTED[1:].replace(" ", ""))
    expect(rows).to_have_count(1)
    assert olga.page.locator(".field-account").inner_text() == "Saldo"
    olga.page.goto("/desk/data/ledger/transfer/?code__exact=alert")
    assert rows.first.locator(".field-amount").inner_text() == "7000"
