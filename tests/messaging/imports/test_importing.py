"""From a file to contacts: read, counted, confirmed, saved once, taken back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from messaging.contacts import selectors as contacts_selectors
from messaging.contacts import services as contacts
from messaging.contacts.fields import MAX_VALUE
from messaging.contacts.models import MAX_FIELDS, Contact, ContactList, OptOut, Source
from messaging.contacts.paste import Entry
from messaging.imports import claims, reading, saving, selectors, services, tasks
from messaging.imports.columns import Plan
from messaging.imports.faults import FileFault
from messaging.imports.models import ContactImport, ImportRow, Outcome, Purpose, State
from portal.accounts.models import Account, User
from tests.messaging.imports.conftest import CSV, Step, Upload, xlsx

ANNA, BRUNO, CHANDRA = "+393471234567", "+393471234568", "+393471234569"

MESSY = """Nome;Telefono;Città
Anna;+39 347 123 4567;Forlì
Anna ancora;3471234567;Roma
;;
Bruno;347 1234568;Milano
Chandra;3471234569;
Corto;12;x
Excel;3,93E+11;y
Niente;ciao;z
Londra;+44 7400 123456;London
"""


@pytest.fixture
def friends(acme: Account, alice: User, now: datetime) -> ContactList:
    entries = [Entry(BRUNO, "Bruno vecchio")]
    return contacts.create_list(account=acme, name="Friends", entries=entries, actor_id=alice.pk, now=now)


def test_a_file_becomes_a_list(upload: Upload, read: Step, save: Step, acme: Account) -> None:
    saved = save(read(upload()))
    assert (saved.state, saved.added_count, saved.renewed_count) == (State.SAVED, 2, 0)
    made = ContactList.objects.get(account=acme)
    assert (made.name, made.field_names, made.public_id) == ("Clienti", ["Città"], saved.list_public_id)
    assert [(each.number, dict(each.fields)) for each in contacts_selectors.recipients(made)] == [
        (ANNA, {"name": "Anna", "Città": "Forlì"}),
        (BRUNO, {"name": "Bruno"}),
    ]


def test_a_workbook_becomes_a_list(upload: Upload, read: Step, save: Step) -> None:
    content = xlsx([["Cell", "Nome"], [393471234567, "Anna"], ["+39 347 123 4568", "Bruno"]])
    assert save(read(upload(content))).added_count == 2


def test_the_report_counts_everything_before_anything_is_saved(
    upload: Upload, read: Step, acme: Account, friends: ContactList, now: datetime
) -> None:
    contacts.opt_out(account=acme, number=CHANDRA, source=Source.REPLY, now=now)
    was = Contact.objects.count()
    done = read(upload(MESSY, into=friends))
    assert done.state == State.READ
    assert done.report == {
        "rows": 8,
        "new": 3,
        "known": 1,
        "repeated": 1,
        "invalid": 3,
        "shortened": 1,
        "opted_out": 1,
        "faults": [["excel_exponent", 1], ["not_a_number", 1], ["too_short", 1]],
        "countries": [["IT", 3], ["GB", 1]],
    }
    assert [(row.row_number, row.written) for row in selectors.invalid(done)] == [
        (7, "12"),
        (8, "3,93E+11"),
        (9, "ciao"),
    ]
    assert Contact.objects.count() == was


def test_a_known_contact_stays_as_it_is_or_is_renewed(
    upload: Upload, read: Step, save: Step, friends: ContactList
) -> None:
    first = save(read(upload(MESSY, into=friends)))
    assert (first.added_count, first.renewed_count) == (3, 0)
    assert friends.contacts.get(number=BRUNO).name == "Bruno vecchio"
    second = save(read(upload(MESSY, into=friends)), renew=True)
    assert (second.added_count, second.renewed_count) == (0, 4)
    bruno = friends.contacts.get(number=BRUNO)
    assert (bruno.name, bruno.fields) == ("Bruno", {"Città": "Milano"})
    friends.refresh_from_db()
    assert friends.field_names == ["Città"]


def test_what_was_saved_is_taken_out_again(
    upload: Upload, read: Step, save: Step, friends: ContactList, alice: User, now: datetime
) -> None:
    saved = save(read(upload(MESSY, into=friends)))
    assert services.withdraw(contact_import=saved, actor_id=alice.pk, now=now) == 3
    assert contacts_selectors.numbers(friends) == [BRUNO]
    saved.refresh_from_db()
    with pytest.raises(services.NotNow):
        services.withdraw(contact_import=saved, actor_id=alice.pk, now=now)


def test_opt_outs_are_imported_and_say_so(
    upload: Upload, read: Step, save: Step, acme: Account, alice: User, now: datetime
) -> None:
    contacts.opt_out(account=acme, number=ANNA, source=Source.MANUAL, now=now)
    done = read(upload(MESSY, purpose=Purpose.OPT_OUTS))
    assert (done.report["new"], done.report["known"]) == (3, 1)
    saved = save(done)
    assert saved.added_count == 3
    bruno = OptOut.objects.get(number=BRUNO)
    assert (bruno.source, bruno.import_public_id, bruno.created_by) == (Source.IMPORT, saved.public_id, alice)
    with pytest.raises(services.NotNow):
        services.withdraw(contact_import=saved, actor_id=alice.pk, now=now)


def test_confirming_twice_saves_once(upload: Upload, read: Step, save: Step, alice: User, now: datetime) -> None:
    saved = save(read(upload()))
    for _ in range(2):
        with pytest.raises(services.NotNow):
            services.confirm(contact_import=saved, renew=True, actor_id=alice.pk, now=now)
        services.work(import_id=saved.pk, clock=lambda: now)
    assert Contact.objects.count() == 2


def test_the_form_sent_twice_is_one_import(acme: Account, alice: User, now: datetime, upload: Upload) -> None:
    first = upload()
    again = ContactImport.objects.filter(account=acme, reference=first.reference)
    assert [each.pk for each in again] == [first.pk]


def test_a_reader_that_dies_is_followed_where_it_stopped(
    upload: Upload, alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CHUNK", 10)
    lines = "\n".join(f"34712{number:05d}" for number in range(45))
    waiting = upload(f"Telefono\n{lines}\n")
    services.choose_columns(contact_import=waiting, plan=Plan(0, region="IT"), actor_id=alice.pk, now=now)
    times = iter([now] * 3)
    with pytest.raises(StopIteration):  # as if the process had been killed after two chunks
        services.work(import_id=waiting.pk, clock=lambda: next(times))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.done_count, waiting.rows.count()) == (State.READING, 20, 20)
    services.work(import_id=waiting.pk, clock=lambda: now + claims.LEASE / 2)
    assert waiting.rows.count() == 20
    services.work(import_id=waiting.pk, clock=lambda: now + 2 * claims.LEASE)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.report["new"], waiting.report["rows"]) == (State.READ, 45, 45)


@pytest.mark.django_db(transaction=True)
def test_a_saver_that_dies_has_saved_nothing(
    upload: Upload, read: Step, alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = read(upload())
    services.confirm(contact_import=done, renew=False, actor_id=alice.pk, now=now)
    with monkeypatch.context() as patch:
        patch.setattr(claims, "finish", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            services.work(import_id=done.pk, clock=lambda: now)
    assert Contact.objects.count() == 0
    services.work(import_id=done.pk, clock=lambda: now + 2 * claims.LEASE)
    assert Contact.objects.count() == 2


def test_a_worker_whose_lease_has_passed_on_saves_nothing(
    upload: Upload, read: Step, alice: User, now: datetime
) -> None:
    done = read(upload())
    services.confirm(contact_import=done, renew=False, actor_id=alice.pk, now=now)
    slow = claims.claim(done.pk, now)
    assert slow is not None
    services.work(import_id=done.pk, clock=lambda: now + 2 * claims.LEASE)
    with pytest.raises(claims.ClaimLost):
        saving.save(slow, now + 3 * claims.LEASE)
    assert Contact.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_while_one_saves_nobody_else_claims_and_nobody_waits(
    upload: Upload, read: Step, alice: User, now: datetime
) -> None:
    done = read(upload())
    services.confirm(contact_import=done, renew=False, actor_id=alice.pk, now=now)
    mine = claims.claim(done.pk, now)
    assert mine is not None
    late = now + 2 * claims.LEASE

    def claim() -> ContactImport | None:
        try:
            return claims.claim(done.pk, late)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            claims.hold(mine)
            assert other.submit(claim).result(timeout=10) is None
        assert other.submit(claim).result(timeout=10) is not None


def test_what_stops_again_and_again_is_given_up(upload: Upload, alice: User, now: datetime) -> None:
    waiting = upload()
    services.choose_columns(contact_import=waiting, plan=Plan(2, region="IT"), actor_id=alice.pk, now=now)
    for attempt in range(claims.MAX_ATTEMPTS):
        assert claims.claim(waiting.pk, now + attempt * 2 * claims.LEASE) is not None
    services.work(import_id=waiting.pk, clock=lambda: now + timedelta(hours=1))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.fault) == (State.FAILED, FileFault.BROKEN)


def test_the_sweep_finds_what_nobody_was_told_of(upload: Upload, alice: User, now: datetime) -> None:
    waiting = upload()
    services.choose_columns(contact_import=waiting, plan=Plan(2, region="IT"), actor_id=alice.pk, now=now)
    tasks.work_waiting()
    waiting.refresh_from_db()
    assert waiting.state == State.READ


def test_a_file_with_only_headings_and_a_file_that_is_gone_are_called_so(upload: Upload, read: Step) -> None:
    only = read(upload("Nome;Telefono\n"), Plan(1, region="IT"))
    assert (only.state, only.fault) == (State.FAILED, FileFault.ONLY_HEADINGS)
    gone = upload()
    default_storage.delete(str(gone.file.name))
    assert read(gone).fault == FileFault.DAMAGED


@pytest.mark.django_db(transaction=True)
def test_what_has_changed_since_the_report_saves_nothing(
    upload: Upload, read: Step, save: Step, friends: ContactList, acme: Account, alice: User, now: datetime
) -> None:
    full = read(upload(CSV, into=friends))
    friends.field_names = [f"field {place}" for place in range(MAX_FIELDS)]
    friends.save()
    assert save(full).fault == FileFault.TOO_MANY_FIELDS
    gone, taken = read(upload(CSV, into=friends)), read(upload())
    contacts.delete_list(contact_list=friends, actor_id=alice.pk, now=now)
    assert save(gone).fault == FileFault.LIST_GONE
    contacts.create_list(account=acme, name="CLIENTI", entries=[], actor_id=alice.pk, now=now)
    assert save(taken).fault == FileFault.NAME_TAKEN
    assert Contact.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_list_that_would_be_too_long_stays_as_it_was(
    upload: Upload, read: Step, save: Step, friends: ContactList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.contacts.bulk.MAX_CONTACTS", 2)
    refused = save(read(upload(CSV, into=friends)))
    assert refused.fault == ""
    assert save(read(upload(MESSY, into=friends))).fault == FileFault.LIST_FULL
    assert friends.contacts.count() == 2


def test_an_account_has_few_imports_open(upload: Upload, alice: User, now: datetime) -> None:
    for _ in range(services.MAX_OPEN):
        last = upload()
    with pytest.raises(services.TooManyOpen):
        upload()
    services.withdraw(contact_import=last, actor_id=alice.pk, now=now)
    upload()


def test_files_and_rows_do_not_stay_longer_than_they_are_needed(
    upload: Upload, read: Step, save: Step, alice: User, now: datetime
) -> None:
    saved, forgotten, removed = save(read(upload(MESSY))), read(upload()), upload()
    assert not saved.file
    assert {row.outcome for row in saved.rows.all()} == {Outcome.INVALID, Outcome.REPEATED}
    services.withdraw(contact_import=removed, actor_id=alice.pk, now=now)
    names = [str(forgotten.file.name), str(removed.file.name)]
    assert all(map(default_storage.exists, names))
    services.tidy(now=now + services.ROWS_KEPT_FOR)
    assert not any(map(default_storage.exists, names))
    assert not ImportRow.objects.exists()
    forgotten.refresh_from_db()
    assert forgotten.state == State.WITHDRAWN


def test_text_that_a_database_cannot_hold_is_cleaned(upload: Upload, read: Step, save: Step) -> None:
    content = "Nome;Telefono;Nota\nAn\x07na\u202e;\u202a+39 347 123 4567\u202c;" + "x" * 999 + "\n"
    saved = save(read(upload(content.replace("\x07", " "))))
    contact = Contact.objects.get()
    assert (saved.added_count, contact.number, len(contact.fields["Nota"])) == (1, ANNA, MAX_VALUE)


def test_the_tables_refuse_what_an_import_cannot_be(upload: Upload, read: Step, now: datetime) -> None:
    done = read(upload())

    def refuses(sentence: str, **facts: object) -> None:
        with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
            ContactImport.objects.filter(pk=done.pk).update(**facts)

    refuses("an_import_has_a_known_purpose", purpose="fun")
    refuses("an_import_has_a_known_state", state="lost")
    refuses("an_import_is_read_by_a_plan", plan=None)
    refuses("a_saved_import_says_what_it_added", state=State.SAVED)
    refuses("imported_contacts_have_a_list", list_name="")
    with pytest.raises(IntegrityError, match="a_form_uploads_one_file"), transaction.atomic():
        ContactImport.objects.filter(pk=upload().pk).update(reference=done.reference)
    for sentence, facts in (
        ("a_row_is_read_once", {"row_number": 2, "outcome": "new", "number": ANNA}),
        ("a_row_has_a_known_outcome", {"row_number": 9, "outcome": "odd", "number": ANNA}),
        ("a_row_has_a_number_unless_it_is_invalid", {"row_number": 9, "outcome": "new"}),
    ):
        with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
            ImportRow.objects.create(contact_import=done, **facts)


def test_a_stranger_sees_no_import_of_another(upload: Upload, acme: Account, globex: Account) -> None:
    mine = upload()
    assert list(selectors.imports(acme)) == [mine]
    assert not selectors.imports(globex).exists()
