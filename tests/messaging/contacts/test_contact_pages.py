"""Lists and opt-outs in the browser."""

import uuid
from datetime import datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from messaging.contacts import selectors, services
from messaging.contacts.models import Contact, ContactList, OptOut, Source
from messaging.contacts.paste import Entry
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from tests.conftest import SignedIn

ANNA, BRUNO = "+393471234567", "+393471234568"


@pytest.fixture
def friends(acme: Account, alice: User, now: datetime) -> ContactList:
    return services.create_list(account=acme, name="Friends", entries=[Entry(ANNA, "Anna")], actor_id=alice.pk, now=now)


def test_a_list_is_made_with_the_contacts_that_could_be_read(acme: Account, alice: User, signed_in: SignedIn) -> None:
    url = reverse("contact_list_new", args=[acme.public_id])
    answer = signed_in(alice).post(url, {"name": "Friends", "pasted": f"Anna;{ANNA}\nhello\n{ANNA}"}, follow=True)
    assert answer.status_code == 200
    assert list(Contact.objects.values_list("number", "name")) == [(ANNA, "Anna")]
    assert "+39 347 123 4567" in answer.text
    assert "1 line could not be read" in answer.text


def test_a_list_may_begin_empty(acme: Account, alice: User, signed_in: SignedIn) -> None:
    answer = signed_in(alice).post(reverse("contact_list_new", args=[acme.public_id]), {"name": "Later"}, follow=True)
    assert "This list is empty" in answer.text


@pytest.mark.parametrize(
    ("name", "pasted"),
    [("", ANNA), ("  ", ANNA), ("x" * 81, ANNA), ("friends", ANNA), ("New", "nonsense"), ("New", "1\n" * 10_001)],
)
def test_what_cannot_be_a_list_is_refused(
    acme: Account, alice: User, signed_in: SignedIn, friends: ContactList, name: str, pasted: str
) -> None:
    url = reverse("contact_list_new", args=[acme.public_id])
    assert signed_in(alice).post(url, {"name": name, "pasted": pasted}).status_code == 422
    assert ContactList.objects.get() == friends


def test_contacts_are_added_once(acme: Account, alice: User, signed_in: SignedIn, friends: ContactList) -> None:
    url = reverse("contacts", args=[acme.public_id, friends.public_id])
    answer = signed_in(alice).post(url, {"pasted": f"{ANNA}\n{BRUNO}"}, follow=True)
    assert "1 number added" in answer.text
    assert selectors.numbers(friends) == [ANNA, BRUNO]
    assert signed_in(alice).post(url, {"pasted": "nonsense"}).status_code == 422


def test_a_list_has_a_limit_and_nothing_is_added_beyond_it(
    acme: Account,
    alice: User,
    friends: ContactList,
    now: datetime,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "MAX_CONTACTS", 10_000)  # a million would take a minute
    many = [Entry(f"+39347{number:07d}", "") for number in range(10_000)]
    with pytest.raises(services.ListFull) as full:
        services.add_contacts(contact_list=friends, entries=many, actor_id=alice.pk, now=now)
    assert full.value.room == 9_999
    url = reverse("contacts", args=[acme.public_id, friends.public_id])
    answer = signed_in(alice).post(url, {"pasted": "\n".join(entry.number for entry in many)})
    assert answer.status_code == 422
    assert "room for 9,999 more" in answer.text
    assert friends.contacts.count() == 1


def test_a_contact_is_found_by_name_or_number(
    acme: Account, alice: User, signed_in: SignedIn, friends: ContactList, now: datetime
) -> None:
    services.add_contacts(contact_list=friends, entries=[Entry(BRUNO, "Bruno")], actor_id=alice.pk, now=now)
    browser, url = signed_in(alice), reverse("contact_list", args=[acme.public_id, friends.public_id])
    for wanted, found, other in (("anna", "Anna", "Bruno"), ("347 123 4568", "Bruno", "Anna")):
        page = browser.get(url, {"q": wanted}).text
        assert f"Select {found}" in page
        assert f"Select {other}" not in page
    assert "No contact matches" in browser.get(url, {"q": "%\x00"}).text


def test_chosen_contacts_are_removed(
    acme: Account, globex: Account, alice: User, charlie: User, signed_in: SignedIn, friends: ContactList, now: datetime
) -> None:
    theirs = services.create_list(
        account=globex, name="Theirs", entries=[Entry(BRUNO, "")], actor_id=charlie.pk, now=now
    )
    url = reverse("contact_removal", args=[acme.public_id, friends.public_id])
    browser = signed_in(alice)
    for hostile in (theirs.contacts.get().public_id, "nonsense"):
        browser.post(url, {"contact": [hostile]})
        assert Contact.objects.count() == 2
    browser.post(url, {"contact": [friends.contacts.get().public_id]})
    assert not friends.contacts.exists()
    assert theirs.contacts.exists()


def test_a_deleted_list_is_gone(acme: Account, alice: User, signed_in: SignedIn, friends: ContactList) -> None:
    signed_in(alice).post(reverse("contact_list_removal", args=[acme.public_id, friends.public_id]))
    assert not ContactList.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.parametrize("name", ["contacts", "contact_removal", "contact_list_removal"])
def test_a_stranger_finds_no_list_to_change(
    acme: Account, globex: Account, charlie: User, signed_in: SignedIn, friends: ContactList, name: str
) -> None:
    browser = signed_in(charlie)
    for account in (acme, globex):
        url = reverse(name, args=[account.public_id, friends.public_id])
        assert browser.post(url, {"pasted": BRUNO}).status_code == 404
    assert selectors.numbers(friends) == [ANNA]


def test_an_opt_out_is_kept_once_and_can_be_withdrawn(acme: Account, alice: User, signed_in: SignedIn) -> None:
    browser = signed_in(alice)
    for _ in range(2):
        browser.post(reverse("opt_out_new", args=[acme.public_id]), {"pasted": f"Anna;{ANNA}"})
    assert "+39 347 123 4567" in browser.get(reverse("opt_outs", args=[acme.public_id])).text
    assert selectors.opted_out(acme, [ANNA, BRUNO]) == {ANNA}
    mine = OptOut.objects.get()
    url = reverse("opt_out_withdrawal", args=[acme.public_id, mine.public_id])
    assert "Added by hand" in browser.get(url).text
    for silent in ({}, {"reason": "  "}):
        assert browser.post(url, silent).status_code == 422
        assert OptOut.objects.exists()
    browser.post(url, {"reason": "Asked again at the till"})
    assert not OptOut.objects.exists()
    event = AuditEvent.objects.get(action="opt_out.withdrawn")
    assert (event.actor, event.before["number"], event.after["reason"]) == (alice, ANNA, "Asked again at the till")
    with pytest.raises(services.NoReason):
        services.withdraw_opt_out(opt_out=mine, reason=" ", actor_id=alice.pk, now=mine.created_at)


def test_an_opt_out_says_which_message_caused_it(
    acme: Account, alice: User, signed_in: SignedIn, now: datetime
) -> None:
    message = uuid.uuid4()
    cause = services.Cause("STOP grazie", message=message)
    for new in (True, False):
        assert services.opt_out(account=acme, number=ANNA, source=Source.REPLY, cause=cause, now=now) is new
    page = signed_in(alice).get(reverse("opt_outs", args=[acme.public_id])).text
    assert "Asked by reply: <q>STOP grazie</q>" in page
    assert reverse("message", args=[acme.public_id, message]) in page
    assert AuditEvent.objects.filter(action="opt_out.added").count() == 1


def test_an_opt_out_holds_for_its_own_account_only(
    acme: Account, globex: Account, charlie: User, now: datetime, signed_in: SignedIn
) -> None:
    services.opt_out_all(account=acme, numbers=[ANNA], actor_id=None, now=now)
    assert selectors.opted_out(globex, [ANNA]) == frozenset()
    url = reverse("opt_out_withdrawal", args=[globex.public_id, OptOut.objects.get().public_id])
    assert signed_in(charlie).post(url).status_code == 404
    assert OptOut.objects.exists()


def test_numbers_without_a_prefix_belong_to_the_customers_country(
    acme: Account, acme_milano: Account, globex: Account
) -> None:
    assert [selectors.region(account) for account in (acme, acme_milano, globex)] == ["IT", "IT", "FR"]


def test_the_tables_refuse_what_is_no_number_or_there_already(
    acme: Account, friends: ContactList, now: datetime
) -> None:
    def refuses(sentence: str, **number: str) -> None:
        with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
            Contact.objects.create(contact_list=friends, created_at=now, **number)

    refuses("a_contact_has_a_number_in_e164", number="347")
    refuses("a_number_is_in_a_list_once", number=ANNA)
    OptOut.objects.create(account=acme, number=BRUNO, created_at=now)
    for number, sentence in (("0", "an_opt_out_has_a_number_in_e164"), (BRUNO, "a_number_opts_out_once")):
        with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
            OptOut.objects.create(account=acme, number=number, created_at=now)
    with pytest.raises(IntegrityError, match="an_opt_out_has_a_known_source"), transaction.atomic():
        OptOut.objects.create(account=acme, number=ANNA, source="hearsay", created_at=now)
    for name, sentence in (("", "a_contact_list_has_a_name"), ("FRIENDS", "a_contact_list_has_a_name_of_its_own")):
        with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
            ContactList.objects.create(account=acme, name=name, created_at=now)
    friends.field_names = [f"field {place}" for place in range(21)]
    with pytest.raises(IntegrityError, match="a_contact_list_has_at_most_20_fields"), transaction.atomic():
        friends.save()


def test_a_recipient_carries_the_fields_that_are_filled_in(friends: ContactList, now: datetime) -> None:
    friends.field_names = ["city"]
    friends.save()
    friends.contacts.create(number=BRUNO, fields={"city": "Roma"}, created_at=now)
    assert selectors.merge_fields(friends) == ["name", "city"]
    assert list(selectors.recipients(friends)) == [
        selectors.Recipient(ANNA, {"name": "Anna"}),
        selectors.Recipient(BRUNO, {"city": "Roma"}),
    ]
