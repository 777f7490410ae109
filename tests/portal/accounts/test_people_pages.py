"""The pages about oneself, about the account, and about who works in it."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts import services
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, BillingDetails, Member, User
from portal.audit.models import AuditEvent

SignedIn = Callable[[User], Client]

PERSON = {"first_name": "Alice", "last_name": "Cast", "phone": "", "language": "en-gb", "time_zone": "Europe/Rome"}
ITALIAN = {
    "company": "Acme S.p.A.",
    "address": "Via Roma 1",
    "postal_code": "20121",
    "city": "Milano",
    "country": "IT",
    "vat_number": "IT 07643520567",
}
FRENCH = {
    "company": "Acme SAS",
    "address": "1 rue de Lyon",
    "postal_code": "75012",
    "city": "Paris",
    "country": "FR",
    "siret": "732 829 320 00074",
}


def of(account: Account, page: str) -> str:
    return f"/a/{account.public_id}/account/{page}"


def test_a_visitor_is_told_what_saldo_is(client: Client, db: None) -> None:
    response = client.get("/")

    assert response.status_code == 200
    assert "/prices/" in response.content.decode()


def test_a_member_goes_to_their_account(acme: Account, alice: User, signed_in: SignedIn) -> None:
    assert signed_in(alice).get("/").headers["Location"] == f"/a/{acme.public_id}/"


def test_a_customer_comes_before_its_subaccounts(
    acme: Account, acme_milano: Account, alice: User, signed_in: SignedIn
) -> None:
    assert signed_in(alice).get("/").headers["Location"] == f"/a/{acme.public_id}/"


def test_a_subaccount_has_no_subaccounts(acme: Account, acme_milano: Account, alice: User, signed_in: SignedIn) -> None:
    assert "Branches with credits" in signed_in(alice).get(of(acme, "")).content.decode()
    assert "Branches with credits" not in signed_in(alice).get(of(acme_milano, "")).content.decode()


def test_staff_without_an_account_go_to_the_desk(olga: User, signed_in: SignedIn) -> None:
    assert signed_in(olga).get("/").headers["Location"] == "/desk/"


def test_nobodys_member_is_told_whom_to_ask(signed_in: SignedIn, db: None) -> None:
    response = signed_in(User.objects.create_user("dora@nowhere.example")).get("/")

    assert response.status_code == 200
    assert "belongs to no account" in response.content.decode()


def test_a_person_changes_what_is_theirs(alice: User, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    changed = PERSON | {"phone": "+39 02 8736 1234", "language": "it", "time_zone": "America/New_York"}
    response = client.post("/me/", changed)

    alice.refresh_from_db()
    assert response.status_code == 302
    assert (alice.phone, alice.language, alice.time_zone) == ("+390287361234", "it", "America/New_York")
    assert client.get("/me/").headers["Content-Language"] == "it"
    event = AuditEvent.objects.get(action="person.changed")
    assert event.before == {"phone": "", "language": "en-gb", "time_zone": "Europe/Rome"}


def test_the_e_mail_is_not_changed_here(alice: User, signed_in: SignedIn) -> None:
    signed_in(alice).post("/me/", PERSON | {"email": "mallory@evil.example", "is_staff": "on"})

    alice.refresh_from_db()
    assert (alice.email, alice.is_staff) == ("alice@acme.example", False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": "02 1234"},
        {"phone": "+39"},
        {"time_zone": "Mars/Olympus"},
        {"language": "tlh"},
        {"first_name": "x" * 81},
    ],
)
def test_what_is_wrong_about_a_person_is_refused(alice: User, signed_in: SignedIn, wrong: dict[str, str]) -> None:
    response = signed_in(alice).post("/me/", PERSON | wrong)

    assert response.status_code == 422
    assert not AuditEvent.objects.filter(action="person.changed").exists()


def test_my_account_lists_what_the_member_may_use(acme: Account, alice: User, bob: User, signed_in: SignedIn) -> None:
    owners = signed_in(alice).get(of(acme, "")).content.decode()
    viewers = signed_in(bob).get(of(acme, "")).content.decode()

    for page in ("billing-details/", "team/"):
        assert of(acme, page) in owners
        assert of(acme, page) not in viewers
    assert "/me/" in viewers


def test_a_stranger_finds_no_page(acme: Account, charlie: User, signed_in: SignedIn) -> None:
    for page in ("", "billing-details/", "team/", f"team/{charlie.public_id}/"):
        assert signed_in(charlie).get(of(acme, page)).status_code == 404


def test_a_viewer_may_not_change_the_account(acme: Account, bob: User, signed_in: SignedIn) -> None:
    for page in ("billing-details/", "team/", f"team/{bob.public_id}/"):
        refused = signed_in(bob).post(of(acme, page), ITALIAN)
        assert refused.status_code == 403
        assert f'href="/a/{acme.public_id}/"' in refused.content.decode(), "the way out is in the frame"


def test_billing_details_begin_with_what_is_known(
    acme: Account, acme_milano: Account, alice: User, signed_in: SignedIn
) -> None:
    assert "Via Roma 1" in signed_in(alice).get(of(acme, "billing-details/")).content.decode()
    assert "Via Roma 1" in signed_in(alice).get(of(acme_milano, "billing-details/")).content.decode()
    BillingDetails.objects.all().delete()
    assert 'value="Acme"' in signed_in(alice).get(of(acme, "billing-details/")).content.decode()


def test_a_subaccounts_own_details_leave_its_parents_alone(
    acme: Account, acme_milano: Account, alice: User, signed_in: SignedIn
) -> None:
    signed_in(alice).post(of(acme_milano, "billing-details/"), ITALIAN | {"company": "Acme Milano S.r.l."})

    assert BillingDetails.objects.get(account=acme).company == "Acme"
    assert BillingDetails.objects.get(account=acme_milano).company == "Acme Milano S.r.l."


def test_billing_details_of_an_italian_company(acme: Account, alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).post(of(acme, "billing-details/"), ITALIAN | {"siret": "nonsense"})

    details = BillingDetails.objects.get(account=acme)
    assert response.headers["Location"] == of(acme, "")
    assert (details.company, details.vat_number, details.sdi_code) == ("Acme S.p.A.", "IT07643520567", "0000000")
    assert details.siret == ""
    event = AuditEvent.objects.get(action="billing_details.changed")
    assert (event.before["company"], event.after["company"]) == ("Acme", "Acme S.p.A.")
    assert event.actor == alice


@pytest.mark.parametrize(
    ("needed_for", "back"),
    [("purchase", "recharge_new"), ("automatic-recharge", "auto_recharge"), ("https://example.org", "my_account")],
)
def test_billing_details_lead_back_to_what_they_were_needed_for(
    acme: Account, alice: User, signed_in: SignedIn, needed_for: str, back: str
) -> None:
    url = f"{of(acme, 'billing-details/')}?for={needed_for}"
    assert signed_in(alice).post(url, ITALIAN).headers["Location"] == reverse(back, args=[acme.public_id])


def test_moving_to_france_forgets_what_italy_asked(acme: Account, alice: User, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    client.post(of(acme, "billing-details/"), ITALIAN | {"pec": "acme@pec.example"})
    client.post(of(acme, "billing-details/"), FRENCH)

    details = BillingDetails.objects.get(account=acme)
    assert (details.country, details.siret) == ("FR", "73282932000074")
    assert (details.codice_fiscale, details.sdi_code, details.pec, details.vat_number) == ("", "", "", "")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (ITALIAN | {"vat_number": "IT07643520568"}, "vat_number"),
        (ITALIAN | {"vat_number": ""}, "vat_number"),
        (ITALIAN | {"company": "", "first_name": "Ada", "last_name": "Rossi", "vat_number": ""}, "codice_fiscale"),
        (ITALIAN | {"sdi_code": "12"}, "sdi_code"),
        (ITALIAN | {"pec": "no address"}, "pec"),
        (ITALIAN | {"postal_code": "2012"}, "postal_code"),
        (ITALIAN | {"postal_code": "\uff12\uff10\uff11\uff12\uff11"}, "postal_code"),
        (ITALIAN | {"country": "XX"}, "country"),
        (ITALIAN | {"company": "", "first_name": "Ada"}, "company"),
        (ITALIAN | {"company": "   "}, "company"),
        (ITALIAN | {"address": "x" * 161}, "address"),
        (FRENCH | {"siret": ""}, "siret"),
        (FRENCH | {"siret": "73282932000075"}, "siret"),
        ({}, "address"),
    ],
)
def test_wrong_billing_details_change_nothing(
    acme: Account, alice: User, signed_in: SignedIn, given: dict[str, str], field: str
) -> None:
    response = signed_in(alice).post(of(acme, "billing-details/"), given or {"company": ""})

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert BillingDetails.objects.get(account=acme).company == "Acme"
    assert not AuditEvent.objects.filter(action="billing_details.changed").exists()


def test_countries_are_named_in_the_readers_language(acme: Account, alice: User, signed_in: SignedIn) -> None:
    User.objects.filter(pk=alice.pk).update(language="fr")

    assert "Allemagne" in signed_in(alice).get(of(acme, "billing-details/")).content.decode()


def test_an_owner_gives_a_member_another_role(acme: Account, alice: User, bob: User, signed_in: SignedIn) -> None:
    page = of(acme, f"team/{bob.public_id}/")
    response = signed_in(alice).post(page, {"role": "sender", "may_spend": "on"})

    member = Member.objects.get(account=acme, user=bob)
    assert response.headers["Location"] == of(acme, "team/")
    assert (member.role, member.may_spend) == ("sender", True)
    event = AuditEvent.objects.get(action="member.changed")
    assert (event.before, event.after) == (
        {"role": "viewer", "may_spend": False},
        {"role": "sender", "may_spend": True},
    )


def test_the_last_owner_stays(acme: Account, alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).post(of(acme, f"team/{alice.public_id}/"), {"role": "viewer"})

    assert response.status_code == 422
    assert "last owner" in response.content.decode()
    assert Member.objects.get(account=acme, user=alice).role == Role.OWNER


def test_an_owner_who_cannot_sign_in_is_no_owner_left(acme: Account, alice: User, bob: User, now: datetime) -> None:
    Member.objects.filter(user=bob).update(role=Role.OWNER)
    User.objects.filter(pk=bob.pk).update(is_active=False)

    with pytest.raises(services.LastOwner):
        services.change_member(
            member=Member.objects.get(user=alice), role=Role.VIEWER, may_spend=False, actor_id=alice.pk, now=now
        )


def test_an_owner_may_go_when_another_remains(acme: Account, alice: User, bob: User, signed_in: SignedIn) -> None:
    Member.objects.filter(user=bob).update(role=Role.OWNER)
    response = signed_in(alice).post(of(acme, f"team/{alice.public_id}/"), {"role": "viewer", "may_spend": "on"})

    assert response.headers["Location"] == "/"
    assert Member.objects.get(account=acme, user=alice).role == Role.VIEWER


def test_an_unknown_role_or_person_is_refused(
    acme: Account, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)

    assert client.post(of(acme, f"team/{bob.public_id}/"), {"role": "emperor"}).status_code == 422
    assert client.post(of(acme, f"team/{charlie.public_id}/"), {"role": "viewer"}).status_code == 404
    assert client.post(of(acme, f"team/{uuid4()}/"), {"role": "viewer"}).status_code == 404


def test_the_team_lists_its_people(acme: Account, alice: User, bob: User, charlie: User, signed_in: SignedIn) -> None:
    page = signed_in(alice).get(of(acme, "team/")).content.decode()

    assert bob.email in page
    assert charlie.email not in page


def test_a_subaccount_without_people_of_its_own_says_so(acme_milano: Account, alice: User, signed_in: SignedIn) -> None:
    assert "People of the parent account" in signed_in(alice).get(of(acme_milano, "team/")).content.decode()


def test_saving_what_is_there_already_records_nothing(acme: Account, alice: User, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    for _ in range(2):
        client.post(of(acme, "billing-details/"), ITALIAN)
    client.post("/me/", PERSON)

    assert AuditEvent.objects.filter(action="billing_details.changed").count() == 1
    assert not AuditEvent.objects.filter(action="person.changed").exists()
