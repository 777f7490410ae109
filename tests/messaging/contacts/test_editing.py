"""A list's name and fields, one contact, everything of a number, and files to take away."""

import csv
import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from messaging.contacts import editing, exports, selectors, services
from messaging.contacts.editing import Details, Field
from messaging.contacts.models import MAX_FIELDS, Contact, ContactList, OptOut, Source
from messaging.contacts.paste import Entry
from messaging.imports import services as imports
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from tests.conftest import SignedIn

ANNA, BRUNO, CHANDRA = "+393471234567", "+393471234568", "+393471234569"


@pytest.fixture
def friends(acme: Account, alice: User, now: datetime) -> ContactList:
    made = services.create_list(account=acme, name="Friends", entries=[], actor_id=alice.pk, now=now)
    made.field_names = ["city", "day"]
    made.save()
    for number, name, fields in ((ANNA, "Anna", {"city": "Roma", "day": "Monday"}), (BRUNO, "", {"city": "=1+1"})):
        made.contacts.create(number=number, name=name, fields=fields, created_at=now)
    return made


@pytest.fixture
def browser(alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


def at(name: str, contact_list: ContactList, *more: Any) -> str:
    return reverse(name, args=[contact_list.account.public_id, contact_list.public_id, *more])


def change(friends: ContactList, actor: User, now: datetime, *fields: Field, name: str = "Friends") -> ContactList:
    return editing.change_list(contact_list=friends, name=name, fields=fields, actor_id=actor.pk, now=now)


def test_fields_are_renamed_exchanged_added_and_deleted(friends: ContactList, alice: User, now: datetime) -> None:
    changed = change(friends, alice, now, Field("city", "day"), Field("day", "city"), Field("", "shop"), name="Mates")
    assert (changed.name, changed.field_names) == ("Mates", ["day", "city", "shop"])
    assert Contact.objects.get(number=ANNA).fields == {"day": "Roma", "city": "Monday"}
    change(changed, alice, now, Field("day", ""), Field("city", "weekday"), Field("shop", "shop"))
    assert [contact.fields for contact in selectors.contacts(friends)] == [{"weekday": "Monday"}, {}]


def test_a_list_cannot_take_the_name_of_another(
    acme: Account, globex: Account, friends: ContactList, alice: User, charlie: User, now: datetime
) -> None:
    services.create_list(account=acme, name="Other", entries=[], actor_id=alice.pk, now=now)
    services.create_list(account=globex, name="Theirs", entries=[], actor_id=charlie.pk, now=now)
    with pytest.raises(services.NameTaken):
        change(friends, alice, now, name="OTHER")
    assert change(friends, alice, now, name="Theirs").name == "Theirs"


def test_the_settings_of_a_list_are_changed_on_its_page(friends: ContactList, browser: Client) -> None:
    url = at("contact_list_settings", friends)
    assert "Field “city”" in browser.get(url).text
    for form, sentence in (
        ({"name": "", "field_0": "city"}, "This field is required."),
        ({"name": "Friends", "field_0": "day", "field_1": "DAY"}, "There is another field with this name."),
        ({"name": "Friends", "field_0": "city", "new_field": "name"}, "There is another field with this name."),
    ):
        answer = browser.post(url, form)
        assert answer.status_code == 422
        assert sentence in answer.text
    browser.post(url, {"name": "Mates", "field_0": "{town}", "field_1": "", "new_field": "shop"})
    friends.refresh_from_db()
    assert (friends.name, friends.field_names) == ("Mates", ["town", "shop"])
    assert Contact.objects.get(number=ANNA).fields == {"town": "Roma"}


def test_a_list_with_all_its_fields_offers_no_new_one(friends: ContactList, browser: Client) -> None:
    friends.field_names = [f"f{place}" for place in range(MAX_FIELDS)]
    friends.save()
    assert "New field" not in browser.get(at("contact_list_settings", friends)).text


def test_one_contact_is_added_with_its_fields(friends: ContactList, browser: Client) -> None:
    url = at("contact_new", friends)
    for number, sentence in (("12", "The number is too short."), (ANNA, "This number is in the list already.")):
        answer = browser.post(url, {"number": number})
        assert answer.status_code == 422
        assert sentence in answer.text
    browser.post(url, {"number": "347 123 4569", "name": "Chandra", "field_0": "Torino", "field_1": ""})
    chandra = friends.contacts.get(number=CHANDRA)
    assert (chandra.name, chandra.fields) == ("Chandra", {"city": "Torino"})


def test_a_full_list_takes_no_more(friends: ContactList, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "MAX_CONTACTS", 2)
    answer = browser.post(at("contact_new", friends), {"number": CHANDRA})
    assert (answer.status_code, friends.contacts.count()) == (422, 2)
    assert "The list would become too long" in answer.text


def test_a_contact_is_changed_on_its_page(friends: ContactList, browser: Client) -> None:
    anna = friends.contacts.get(number=ANNA)
    url = at("contact", friends, anna.public_id)
    assert (
        reverse("contact", args=[friends.account.public_id, friends.public_id, anna.public_id])
        in browser.get(at("contact_list", friends)).text
    )
    assert "Roma" in browser.get(url).text
    assert browser.post(url, {"number": BRUNO}).status_code == 422
    browser.post(url, {"number": CHANDRA, "name": "Anna B.", "field_0": "", "field_1": "Friday"})
    anna.refresh_from_db()
    assert (anna.number, anna.name, anna.fields) == (CHANDRA, "Anna B.", {"day": "Friday"})


def test_a_number_is_forgotten_everywhere_but_stays_opted_out(
    acme: Account, globex: Account, alice: User, charlie: User, friends: ContactList, browser: Client, now: datetime
) -> None:
    services.create_list(account=acme, name="Work", entries=[Entry(ANNA, "")], actor_id=alice.pk, now=now)
    theirs = services.create_list(
        account=globex, name="Theirs", entries=[Entry(ANNA, "")], actor_id=charlie.pk, now=now
    )
    services.opt_out(account=acme, number=ANNA, source=Source.REPLY, now=now)
    anna = friends.contacts.get(number=ANNA)
    assert "Work" in browser.get(at("contact", friends, anna.public_id)).text
    answer = browser.post(at("contact_erasure", friends, anna.public_id), follow=True)
    assert "Deleted from 2 lists." in answer.text
    assert list(Contact.objects.filter(number=ANNA).values_list("contact_list", flat=True)) == [theirs.pk]
    assert OptOut.objects.filter(number=ANNA).exists()
    assert ANNA not in str(AuditEvent.objects.get(action="contact.erased").__dict__)
    assert imports.erase(account=acme, number=ANNA, actor_id=alice.pk, now=now) == 0


def test_a_list_is_taken_away_as_text_and_as_a_workbook(friends: ContactList, browser: Client) -> None:
    answer = browser.get(at("contact_list_csv", friends))
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert rows == [["Number", "Name", "city", "day"], [ANNA, "Anna", "Roma", "Monday"], [BRUNO, "", "'=1+1", ""]]
    assert 'filename="saldo-friends.csv"' in answer["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(browser.get(at("contact_list_xlsx", friends)).getvalue()))
    sheet = book["Friends"]
    assert [[cell.value for cell in row] for row in sheet.rows][1:] == [
        [ANNA, "Anna", "Roma", "Monday"],
        [BRUNO, None, "=1+1", None],
    ]
    assert {cell.data_type for cell in sheet[3] if cell.value} == {"s"}


def test_a_list_that_is_too_long_for_a_workbook_is_offered_as_text(
    friends: ContactList, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MAX_ROWS", 1)
    assert "take the .csv file" in browser.get(at("contact_list_xlsx", friends), follow=True).text
    assert browser.get(at("contact_list_csv", friends)).getvalue()


def test_opt_outs_are_taken_away_with_their_cause(acme: Account, browser: Client, now: datetime) -> None:
    cause = services.Cause("STOP")
    services.opt_out(account=acme, number=ANNA, source=Source.REPLY, cause=cause, now=now)
    rows = browser.get(reverse("opt_outs_csv", args=[acme.public_id])).getvalue().decode("utf-8-sig").splitlines()
    assert rows == ["Number,Cause,What was said,Since", f'{ANNA},Asked by reply,STOP,"20 Nov 2026, 10:30"']
    assert browser.get(reverse("opt_outs_xlsx", args=[acme.public_id])).getvalue().startswith(b"PK")


def test_a_stranger_finds_no_contact(friends: ContactList, charlie: User, signed_in: SignedIn) -> None:
    anna = friends.contacts.get(number=ANNA)
    browser = signed_in(charlie)
    for name in ("contact", "contact_erasure"):
        assert browser.post(at(name, friends, anna.public_id), {"number": CHANDRA}).status_code == 404


def test_details_that_belong_to_nobody_change_nothing(friends: ContactList, alice: User, now: datetime) -> None:
    anna = friends.contacts.get(number=ANNA)
    with pytest.raises(editing.NumberTaken):
        editing.change_contact(contact=anna, details=Details(BRUNO, "", {}), actor_id=alice.pk, now=now)
