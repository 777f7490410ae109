"""Importing in the browser."""

import socket
import uuid
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from messaging.contacts import services as contacts
from messaging.contacts.faults import FAULTS
from messaging.contacts.models import Contact, ContactList, OptOut
from messaging.encoding.numbers import NumberFault
from messaging.imports.columns import Plan
from messaging.imports.models import ContactImport, State
from portal.accounts.models import Account, User
from tests.conftest import SignedIn
from tests.messaging.imports.conftest import CSV, Step, Upload, xlsx

MESSY = """Nome;Cellulare;Città
Anna;+39 347 123 4567;=1+1
Anna;3471234567;Roma
Bruno;3471234568;
Excel;3,93E+11;y
Niente;=cmd|'/C calc'!A0;z
Londra;+44 7400 123456;London
"""


@pytest.fixture
def browser(alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


def send(browser: Client, account: Account, content: bytes | str, name: str = "clienti.csv", **more: Any) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    query = more.pop("query", "")
    form = {"file": SimpleUploadedFile(name, raw), "reference": uuid.uuid4(), **more}
    return browser.post(reverse("import_new", args=[account.public_id]) + query, form)


def plan_of(page: Any) -> dict[str, Any]:
    """What the form of the columns proposes."""
    form = page.context["form"]
    values = {field.html_name: field.value() for field in form}
    return {name: value for name, value in values.items() if value not in (None, False, "")}


def at(name: str, contact_import: ContactImport) -> str:
    return reverse(name, args=[contact_import.account.public_id, contact_import.public_id])


def test_a_messy_file_becomes_a_list_and_is_taken_back(acme: Account, browser: Client) -> None:
    answer = send(browser, acme, MESSY)
    mine = ContactImport.objects.get()
    assert answer["Location"] == at("import_columns", mine)
    page = browser.get(answer["Location"])
    assert "Text in UTF-8, separated by semicolons" in page.text
    answer = browser.post(at("import_columns", mine), plan_of(page))
    assert answer["Location"] == at("import", mine)
    report = browser.get(at("import", mine)).text
    for sentence in (
        "1 number was shortened by a spreadsheet",
        "1 number is of another country",
        "Save 3 numbers",
        "United Kingdom",
        "3,93E+11",
    ):
        assert sentence in report
    assert not Contact.objects.exists()
    for _ in range(2):
        assert browser.post(at("import_confirmation", mine))["Location"] == at("import", mine)
    assert "3 numbers added." in browser.get(at("import", mine)).text
    made = ContactList.objects.get()
    assert (made.name, made.contacts.count()) == ("clienti", 3)
    removed = browser.post(at("import_withdrawal", mine), follow=True).text
    assert "3 contacts were taken out." in removed
    assert made.contacts.count() == 0


def test_refused_rows_come_back_as_a_file_without_formulas(upload: Upload, read: Step, browser: Client) -> None:
    mine = read(upload(MESSY))
    answer = browser.get(at("import_refused", mine))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.getvalue().decode().splitlines() == [
        "\ufeffRow,Reason,Nome,Cellulare,Città",
        "3,This number stands further up in the file already.,Anna,3471234567,Roma",
        f'5,{FAULTS[NumberFault.EXCEL_EXPONENT]},Excel,"3,93E+11",y',
        "6,This is not a telephone number.,Niente,'=cmd|'/C calc'!A0,z",
    ]


def test_the_file_of_refused_rows_speaks_the_persons_language(
    upload: Upload, read: Step, alice: User, signed_in: SignedIn
) -> None:
    alice.language = "fr"
    alice.save()
    content = signed_in(alice).get(at("import_refused", read(upload(MESSY)))).getvalue().decode()
    assert content.count(";") >= 4 * 4


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "leer.csv", "There is nothing in this file."),
        (xlsx([["3471234567"]]), "macro.xlsm", "This file holds macros"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", "old.xls", "old Excel (.xls)"),
        (b"%PDF-1.7", "a.pdf", "This is not a table"),
        (b";".join([b"3471234567"] * 16_384), "wide.csv", "more than 100 columns"),
        (xlsx([["3471234567"]])[:900], "half.xlsx", "damaged or was not uploaded whole"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(
    acme: Account, browser: Client, content: bytes, name: str, sentence: str
) -> None:
    answer = send(browser, acme, content, name)
    assert (answer.status_code, ContactImport.objects.count()) == (422, 0)
    assert sentence in answer.text


def test_two_gigabytes_are_refused_before_they_are_read(live_server: LiveServer, browser: Client) -> None:
    host, port = live_server.url.removeprefix("http://").split(":")
    account = Account.objects.get(members__user__email="alice@acme.example")
    path = reverse("import_new", args=[account.public_id])
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}:{port}",
        f"Cookie: sessionid={browser.cookies['sessionid'].value}; csrftoken={'a' * 32}",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 2147483648",
        "Connection: close",
    ]
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n--x\r\n").encode())
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(65_536), b"")).decode()
    assert answer.startswith("HTTP/1.1 400")
    assert "at most 60 MB at once" in answer


def test_the_form_sent_twice_is_one_import(acme: Account, browser: Client) -> None:
    reference = uuid.uuid4()
    places = {send(browser, acme, CSV, reference=reference)["Location"] for _ in range(2)}
    assert len(places) == ContactImport.objects.count() == 1


def test_a_list_can_be_chosen_or_named(
    acme: Account, globex: Account, alice: User, browser: Client, now: datetime
) -> None:
    mine = contacts.create_list(account=acme, name="Clienti", entries=[], actor_id=alice.pk, now=now)
    theirs = contacts.create_list(account=globex, name="Loro", entries=[], actor_id=alice.pk, now=now)
    assert "You already have a list called “clienti”." in send(browser, acme, CSV).text
    assert send(browser, acme, CSV, contact_list=theirs.public_id).status_code == 422
    send(browser, acme, CSV, contact_list=mine.public_id)
    send(browser, acme, CSV, list_name="Nuovi")
    found = ContactImport.objects.order_by("pk").values_list("list_public_id", "list_name")
    assert list(found) == [(mine.public_id, ""), (None, "Nuovi")]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"role_0": "number"}, "only of one, that it holds the telephone numbers"),
        ({"role_2": ""}, "only of one, that it holds the telephone numbers"),
        ({"role_0": "name", "role_1": "name"}, "Only one column can be the name."),
        ({"role_1": "field", "field_1": " {} "}, "Give this field a name."),
        ({"role_1": "field", "field_1": "NAME"}, "Another column has this name already."),
        (
            {"role_0": "field", "field_0": "x", "role_1": "field", "field_1": "X"},
            "Another column has this name already.",
        ),
        ({"region": "XX"}, "Select a valid choice."),
        ({"role_1": "fun"}, "Select a valid choice."),
    ],
)
def test_columns_that_make_no_sense_are_refused(
    upload: Upload, browser: Client, changes: dict[str, str], sentence: str
) -> None:
    mine = upload()
    form = plan_of(browser.get(at("import_columns", mine)))
    answer = browser.post(at("import_columns", mine), {**form, **changes})
    assert answer.status_code == 422
    assert sentence in answer.text
    mine.refresh_from_db()
    assert mine.state == State.UPLOADED


def test_columns_can_be_chosen_again(upload: Upload, read: Step, browser: Client) -> None:
    mine = read(upload())
    form = plan_of(browser.get(at("import_columns", mine)))
    browser.post(at("import_columns", mine), {**form, "role_1": "", "region": ""})
    mine.refresh_from_db()
    assert mine.plan is not None
    assert (mine.plan["fields"], mine.plan["region"], mine.report["invalid"]) == ({}, "", 1)


def test_a_large_file_is_read_in_the_background_and_the_page_follows(
    upload: Upload, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.imports.services.SMALL", 0)
    mine = upload()
    browser.post(at("import_columns", mine), plan_of(browser.get(at("import_columns", mine))))
    page = browser.get(at("import", mine)).text
    assert "The file is being read" in page
    assert 'hx-trigger="every 1s"' in page
    part = browser.get(at("import", mine), headers={"HX-Request": "true", "HX-Target": "import"}).text
    assert "<html" not in part
    assert browser.get(at("import_columns", mine)).status_code == 302
    assert "clienti.csv" in browser.get(reverse("imports", args=[mine.account.public_id])).text


def test_opt_outs_are_imported(acme: Account, browser: Client) -> None:
    send(browser, acme, MESSY, query="?into=opt_outs")
    mine = ContactImport.objects.get()
    page = browser.get(at("import_columns", mine))
    assert "Field for messages" not in page.text
    browser.post(at("import_columns", mine), plan_of(page))
    browser.post(at("import_confirmation", mine))
    assert OptOut.objects.count() == 3
    assert "Imported from a file" in browser.get(reverse("opt_outs", args=[acme.public_id])).text
    assert "cannot be removed now" in browser.post(at("import_withdrawal", mine), follow=True).text


def test_a_file_of_known_contacts_offers_to_renew_them(upload: Upload, read: Step, save: Step, browser: Client) -> None:
    list_id = save(read(upload())).list_public_id
    assert list_id is not None
    made = ContactList.objects.get(public_id=list_id)
    again = read(upload(CSV.replace("Anna", "Annalisa"), into=made))
    assert "Renew 2 contacts" in browser.get(at("import", again)).text
    browser.post(at("import_confirmation", again), {"renew": "on"})
    assert "0 numbers added, 2 renewed." in browser.get(at("import", again)).text
    assert made.contacts.filter(name="Annalisa").exists()
    none = read(upload("Telefono\nciao\n"), Plan(0, region="IT"))
    assert "There is nothing to save." in browser.get(at("import", none)).text


def test_a_failed_import_says_why(upload: Upload, browser: Client) -> None:
    mine = upload("Nome;Telefono\n")
    browser.post(at("import_columns", mine), {"role_1": "number", "has_headings": "on", "region": "IT"})
    assert "headings and no rows below" in browser.get(at("import", mine)).text


def test_before_the_columns_are_chosen_nothing_can_be_confirmed(upload: Upload, browser: Client) -> None:
    mine = upload()
    assert "choose the columns first" in browser.post(at("import_confirmation", mine), follow=True).text
    assert browser.get(at("import", mine))["Location"] == at("import_columns", mine)
