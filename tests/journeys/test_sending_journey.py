"""An afternoon of somebody who sends, in Italian: a messy file, a costly text, a send taken back, and what became of it.

Meanwhile a campaign for later stands still, and one of its telephones answers STOP.
"""

import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.conftest import SetOut
from tests.journeys.papers import check_control_total, write_table
from tests.journeys.stack import Saldo
from tests.journeys.walker import PATIENCE, TELEPHONE, WIDE, Walker

pytestmark = pytest.mark.journey

OWNER = "giulia@otticabelvedere.example"
# The simulated network goes by the last four digits: 0000 is refused when it is handed over, 0001 not delivered, 0007
# delivered soon, and the telephone of 0009 writes STOP when it has its message.
OPTED_OUT, NOT_DELIVERED, REFUSED = "+39 315 560 0007", "+39 315 561 0001", "+39 315 562 0000"
LATER, ANNOYED = "+39 315 563 0007", "+39 315 564 0009"
CONTACTS = [
    ("Cliente", "Cellulare", "Negozio", "Appunti"),
    ("Anna Bini", "+39 315 556 0007", "Centro", "montatura rossa"),
    ("Bruno Però", "315 557 0007", "Fiera", None),
    ("Carla D’Este", 3155580007, "Centro", "=2+2"),
    ("Dina Bini", "0039 315 556 0007", "Centro", "madre di Anna"),
    ("Elio", "da chiedere", "Fiera", None),
    ("Fabio", "12", "Fiera", None),
    ("Gina", "4.479E+11", "Fiera", "Londra"),
    ("Hugo Petit", "+33 6 39 98 00 07", "Fiera", "scrive in francese"),
    ("Ivo Neri", OPTED_OUT, "Centro", None),
    ("Lia Poli", NOT_DELIVERED, "Fiera", None),
    ("Mino Sala", REFUSED, None, None),
]
CAMPAIGN = "Collezione d’autunno"
TYPED = "“È ARRIVATA LA NUOVA COLLEZIONE…” L’aspettiamo in negozio ({Negozio}) per provare la montatura che Le piace."
FIRST_CUT = TYPED.replace("’", "'")
SENT = '"É ARRIVATA LA NUOVA COLLEZIONE..." L\'aspettiamo in negozio ({Negozio}) per provare la montatura che Le piace.'


def test_a_sender_brings_a_messy_list_takes_a_send_back_and_pauses_another(
    saldo: Saldo, set_out: SetOut, tmp_path: Path
) -> None:
    giulia = set_out()
    giulia.come_in(OWNER, saldo.password)
    home = open_shop(giulia)
    planned, moment = plan_for_later(giulia, home)
    opt_out(giulia, home)
    import_the_list(giulia, home, tmp_path)
    compose(giulia)
    decide_on_the_quote(giulia)
    send_and_undo(giulia, home)
    charged = watch_to_the_end(giulia)
    read_the_failures(giulia, home)
    file_the_report(giulia, home, tmp_path, charged)
    giulia.take(TELEPHONE)
    resume(giulia, planned, moment)
    read_the_reply(giulia, home)
    giulia.take(WIDE)
    giulia.arrive()


def open_shop(giulia: Walker) -> str:
    """Open a sub-account with credits, in which the owner acts like everybody's; return where it is."""
    page, name = giulia.page, f"Negozio {uuid.uuid4().hex[:6]}"
    home = re.sub(r"(/a/[0-9a-f-]{36}/).*", r"\1", giulia.path)
    giulia.go(f"{home}subaccounts/new/")
    person = {"first_name": "Rita", "last_name": "Romano", "email": f"rita.{uuid.uuid4().hex[:8]}@negozio.example"}
    for field, text in {"name": name, **person, "credits_units": "60"}.items():
        page.locator(f"[name={field}]").fill(text)
    page.locator("main form .submit-row button.primary").click()
    page.wait_for_url("**/subaccounts/")
    giulia.look()
    giulia.follow(name)
    assert giulia.balance() == "60"
    return giulia.path


def plan_for_later(giulia: Walker, home: str) -> tuple[str, datetime]:
    """A campaign for the next minute or the one after, paused before it leaves; where it is, and its moment."""
    page = giulia.page
    # Half a minute ahead at least: on a busy machine the pages in between take ten seconds.
    at = (datetime.now(tz=UTC) + timedelta(seconds=90)).replace(second=0, microsecond=0)
    moment = at.astimezone(ZoneInfo("Europe/Rome"))
    giulia.go(f"{home}campaigns/new/")
    page.get_by_label("Testo", exact=True).fill("Le lenti sono pronte.")
    page.get_by_label(re.compile("^Numeri")).fill(f"{LATER}\n{ANNOYED}")
    page.locator("[name=starts]").fill(f"{moment:%Y-%m-%dT%H:%M}")
    giulia.press("Verifica e preventivo")
    page.wait_for_url("**/drafts/**")
    giulia.look()
    giulia.press("Programma")
    page.wait_for_url(re.compile("/campaigns/[0-9a-f-]{36}/$"))
    expect(page.get_by_text("Programmata")).to_be_visible()
    giulia.press("Sospendi")
    expect(page.get_by_text("Sospesa: ")).to_be_visible()
    giulia.look()
    return giulia.path, moment


def opt_out(giulia: Walker, home: str) -> None:
    giulia.go(f"{home}opt-outs/")
    giulia.page.locator("[name=pasted]").fill(OPTED_OUT)
    giulia.press("Aggiungi")
    expect(giulia.page.get_by_role("row").filter(has_text=OPTED_OUT)).to_be_visible()


def import_the_list(giulia: Walker, home: str, folder: Path) -> None:
    """Nothing is saved before the report has been read; what cannot be sent to is named there."""
    page = giulia.page
    giulia.go(f"{home}lists/imports/new/")
    page.locator("[name=file]").set_input_files(write_table(folder / "Clienti autunno.xlsx", CONTACTS))
    giulia.press("Carica")
    page.wait_for_url("**/columns/")
    giulia.look()
    # The columns are recognised by their headings; the notes are nobody's business in a message.
    notes = page.get_by_role("group", name="Appunti")
    notes.locator("select").select_option("")
    giulia.press("Leggi il file")
    expect(page.get_by_role("heading", name="Che cosa verrebbe salvato")).to_be_visible()
    giulia.look()
    giulia.look_on_a_telephone()
    report = {
        "Nuovi": "7",
        "Già nella lista": "0",
        "Doppi nel file": "1",
        "Non è un numero di telefono": "3",
        "Righe": "11",
    }
    assert {term: giulia.fact(term) for term in report} == report
    expect(page.get_by_text("1 numero è stato abbreviato da un foglio di calcolo")).to_be_visible()
    expect(page.get_by_text("1 numero è di un altro paese")).to_be_visible()
    expect(page.get_by_text("1 di questi numeri ha un’opposizione.")).to_be_visible()
    for written in ("da chiedere", "12", "4.479E+11"):
        expect(page.get_by_role("cell", name=written, exact=True)).to_be_visible()
    giulia.press("Salva 7 numeri")
    giulia.follow("Apri la lista")
    giulia.follow("Scrivi a questa lista")


def compose(giulia: Walker) -> None:
    """Replace one character, think better of it, and replace all of them."""
    page, preview = giulia.page, giulia.page.locator("#preview")
    text = page.get_by_label("Testo", exact=True)
    text.fill(TYPED)
    page.get_by_label(re.compile("^Nome della campagna")).fill(CAMPAIGN)
    surgeon = preview.get_by_role("region", name="Caratteri costosi")
    expect(surgeon.get_by_role("listitem")).to_have_count(5)
    expect(preview).to_contain_text("Unicode")
    expect(preview).to_contain_text("1 destinatario non ha “Negozio”")
    giulia.look()
    giulia.look_on_a_telephone()
    giulia.press("Scrivi '", within=surgeon)
    expect(text).to_have_value(FIRST_CUT)
    expect(surgeon.get_by_role("listitem")).to_have_count(4)
    giulia.press("Annulla la sostituzione")
    expect(text).to_have_value(TYPED)
    expect(surgeon.get_by_role("listitem")).to_have_count(5)
    giulia.press("Sostituiscili", within=surgeon)
    expect(text).to_have_value(SENT)
    expect(surgeon).to_have_count(0)
    expect(preview).to_contain_text("Alfabeto GSM")
    giulia.press("Verifica e preventivo")
    page.wait_for_url("**/drafts/**")


def decide_on_the_quote(giulia: Walker) -> None:
    """Say what stands where a field is missing, read what telephones will show, and write to nobody abroad."""
    page, send = giulia.page, giulia.page.get_by_role("button", name="Invia ora")
    expect(page.get_by_text("1 destinatario non ha “Negozio”.")).to_be_visible()
    expect(send).to_be_disabled()
    giulia.look()
    page.get_by_label("Testo al posto di “Negozio”").fill("Centro")
    giulia.press("Usa questo testo")
    expect(send).to_be_enabled()
    countries = page.get_by_role("region", name="Costo per paese").first
    italy, france = (countries.get_by_role("row").filter(has_text=name) for name in ("Italia", "Francia"))
    expect(italy).to_contain_text("+44 7700 900100")
    expect(france).to_contain_text("Francia: le reti mostrano al suo posto un proprio numero.")
    giulia.look()
    giulia.look_on_a_telephone()
    france.get_by_role("checkbox", name="Escludi Francia").check()
    giulia.press("Escludi i paesi selezionati")
    expect(france).to_have_count(0)
    facts = {"Destinatari": "5", "Destinatari esclusi": "2", "Impegnati per questa campagna": "3,5"}
    assert {term: giulia.fact(term) for term in facts} == facts
    left_out = page.get_by_role("region", name="Destinatari esclusi")
    expect(left_out).to_contain_text("Hanno chiesto di non ricevere messaggi: 1")
    expect(left_out).to_contain_text("In un paese escluso: 1")


def send_and_undo(giulia: Walker, home: str) -> None:
    """Send, take it back while nothing has left, make that time shorter, and send the same again."""
    page = giulia.page
    giulia.press("Invia ora")
    page.wait_for_url(re.compile("/campaigns/[0-9a-f-]{36}/$"))
    expect(page.get_by_text("Nulla parte prima di")).to_be_visible()
    giulia.look()
    giulia.press("Ritira l’invio", within=page.locator("#undo"))
    page.wait_for_url("**/drafts/**")
    expect(page.get_by_text("Non è stato inviato nulla e i crediti vengono restituiti.")).to_be_visible()
    giulia.look()
    assert giulia.fact("Impegnati per questa campagna") == "3,5"
    draft = giulia.path
    giulia.go(f"{home}campaigns/rules/")
    page.locator("[name=undo_seconds]").select_option("10")
    giulia.press("Salva")
    page.wait_for_url("**/campaigns/")
    giulia.look()
    giulia.go(draft)
    expect(page.get_by_text("10 secondi dopo l’invio")).to_be_visible()
    giulia.press("Invia ora")
    page.wait_for_url(re.compile("/campaigns/[0-9a-f-]{36}/$"))


def counted(giulia: Walker, state: str) -> Locator:
    """How many messages of the campaign on the page are in a state."""
    by_state = giulia.page.get_by_role("region", name="Messaggi per stato").first
    row = by_state.get_by_role("row").filter(has=giulia.page.get_by_text(state, exact=True))
    return row.get_by_role("link")


def watch_to_the_end(giulia: Walker) -> float:
    """Watch until every message is decided; return what the page says was charged."""
    for state, count in {"Consegnato": "3", "Non consegnato": "1", "Rifiutato": "1"}.items():
        expect(counted(giulia, state)).to_have_text(count, timeout=PATIENCE)
    expect(giulia.page.get_by_text("5 di 5").first).to_be_visible()
    giulia.look()
    giulia.look_on_a_telephone()
    figures = {"Impegnati": "3,5", "Addebitati": "2,8", "Restituiti": "0,7"}
    assert {term: giulia.fact(term) for term in figures} == figures
    return float(giulia.fact("Addebitati").replace(",", "."))


def read_the_failures(giulia: Walker, home: str) -> None:
    """The coach says why and what to do; who can never be reached is written to no more."""
    page = giulia.page
    giulia.follow("Dati ed errori")
    failure = page.get_by_role("row").filter(has_text="Questo numero non è attivo.")
    expect(failure).to_contain_text("Definitivo")
    expect(failure.get_by_role("cell").nth(2)).to_have_text("2")
    expect(page.get_by_text("2 numeri sono definitivamente irraggiungibili")).to_be_visible()
    expect(page.get_by_text("vi spende 0,7 crediti per nulla")).to_be_visible()
    giulia.look_on_a_telephone()
    giulia.press("Escludi d’ora in poi")
    expect(page.get_by_text("2 numeri di questa campagna sono esclusi da ogni invio")).to_be_visible()
    giulia.go(f"{home}opt-outs/")
    for number in (NOT_DELIVERED, REFUSED):
        expect(page.get_by_role("row").filter(has_text=number)).to_contain_text("I messaggi non arrivavano")


def file_the_report(giulia: Walker, home: str, folder: Path, charged: float) -> None:
    page = giulia.page
    giulia.go(f"{home}reports/new/")
    giulia.press("Prepara il report")
    link = page.get_by_role("link", name=re.compile("^Scarica il report "))
    expect(link).to_be_visible(timeout=PATIENCE)
    giulia.look()
    check_control_total(giulia.download(link, folder), campaign=CAMPAIGN, charged=charged)


def resume(giulia: Walker, planned: str, moment: datetime) -> None:
    """The moment has come and gone, and nothing has left; it leaves when somebody says so."""
    page = giulia.page
    page.wait_for_function("moment => Date.now() > moment", arg=moment.timestamp() * 1000, timeout=PATIENCE)
    giulia.go(planned)
    expect(counted(giulia, "In attesa")).to_have_text("2")
    giulia.press("Riprendi")
    expect(counted(giulia, "Consegnato")).to_have_text("2", timeout=PATIENCE)
    expect(page.get_by_text("2 di 2").first).to_be_visible()
    giulia.look()


def read_the_reply(giulia: Walker, home: str) -> None:
    """STOP is in the inbox, and the number among the opt-outs, with the reply as the cause."""
    page = giulia.page
    page.goto(f"{home}replies/")
    reply = page.get_by_role("row").filter(has_text=ANNOYED)
    giulia.wait_for(reply)
    expect(reply).to_contain_text("STOP")
    expect(reply).to_contain_text("Opposizione")
    giulia.look()
    with page.expect_navigation():
        reply.get_by_role("link").first.click()
    expect(page.get_by_text("Questo numero ha chiesto di non ricevere altri messaggi")).to_be_visible()
    giulia.look()
    giulia.follow("Vedi le opposizioni")
    cause = page.get_by_role("row").filter(has_text=ANNOYED)
    expect(cause).to_contain_text("Richiesto con una risposta: STOP")
    expect(cause.get_by_role("link", name="La risposta")).to_be_visible()
