"""Moving, lending and taking back in the browser; what cannot be is refused with a sentence."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.subaccounts import selectors, services
from tests.conftest import Grant
from tests.portal.subaccounts.conftest import SPACE, available, books_agree


def transfer_form(source: Account, target: Account, amount: str = "4") -> dict[str, str]:
    ends = {"source": str(source.public_id), "target": str(target.public_id)}
    return {"reference": str(uuid.uuid4()), "credits_units": amount, **ends}


def test_with_one_wallet_alone_there_is_nothing_to_transfer(acme: Account, browser: Client) -> None:
    page = browser.get(reverse("transfer_new", args=[acme.public_id])).content.decode()
    assert "Only one wallet so far" in page
    assert reverse("subaccount_new", args=[acme.public_id]) in page


def test_an_owner_moves_credits_either_way(acme: Account, acme_milano: Account, browser: Client, grant: Grant) -> None:
    grant(acme_milano, "10")
    url = reverse("transfer_new", args=[acme.public_id])
    assert browser.get(url).status_code == 200
    form = transfer_form(acme_milano, acme)
    for _ in range(2):
        page = browser.post(url, form, follow=True).content.decode()
        assert "Moved to Acme: 4 credits." in page
    assert (available(acme), available(acme_milano)) == (40_000, 60_000)
    for account in (acme, acme_milano):
        page = browser.get(reverse("transfers", args=[account.public_id])).content.decode()
        assert page.count("Transfer between wallets") == 1
        assert "Alice Cast" in page


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("10.0001", "10 credits are available. Move no more than that."),
        ("0.00001", "Enter no more than four decimals."),
        ("0", "Enter more than zero credits."),
        ("-1", "Enter more than zero credits."),
        ("1e9", "Enter a number of credits"),
        ("1000000000", "10 credits are available."),
        ("9" * 30, "Enter no more than"),
        ("", "This field is required."),
    ],
)
def test_what_cannot_move_stays(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant, amount: str, sentence: str
) -> None:
    grant(acme, "10")
    response = browser.post(reverse("transfer_new", args=[acme.public_id]), transfer_form(acme, acme_milano, amount))
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert (available(acme), available(acme_milano)) == (100_000, 0)


def test_nothing_moves_to_itself_or_between_customers(
    acme: Account, acme_milano: Account, globex: Account, browser: Client, grant: Grant
) -> None:
    grant(acme, "10")
    grant(globex, "10")
    url = reverse("transfer_new", args=[acme.public_id])
    own = browser.post(url, transfer_form(acme, acme))
    assert (own.status_code, "Choose another wallet" in own.content.decode()) == (422, True)
    below = Account.objects.create(name="Globex below", parent=globex)
    nobody = Account(public_id=uuid.uuid4())
    answers = set()
    for source, target in ((acme, globex), (globex, acme), (acme, below), (acme, nobody)):
        response = browser.post(url, transfer_form(source, target))
        assert response.status_code == 422
        page = response.content.decode()
        assert "Globex" not in page
        answers.add(page.count("Select a valid choice"))
    # A stranger's account and none at all are answered alike.
    assert len(answers) == 1
    assert (available(acme), available(globex)) == (100_000, 100_000)


@pytest.mark.parametrize("end", ["nobody", "", "1", "\x00"])
def test_an_end_that_is_no_account_is_refused(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant, end: str
) -> None:
    grant(acme, "10")
    form = {**transfer_form(acme, acme_milano), "target": end}
    assert browser.post(reverse("transfer_new", args=[acme.public_id]), form).status_code == 422
    assert available(acme) == 100_000


def test_an_unlimited_subaccount_is_no_end_of_a_transfer(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant
) -> None:
    credits.draw_on(wallet=credits.open_wallet(account=acme_milano), other=grant(acme, "10"))
    response = browser.post(reverse("transfer_new", args=[acme.public_id]), transfer_form(acme, acme_milano))
    assert response.status_code == 422
    url = reverse("subaccount_credit", args=[acme.public_id, acme_milano.public_id])
    assert browser.get(url).status_code == 404
    page = browser.get(reverse("subaccounts", args=[acme.public_id])).content.decode()
    assert "Unlimited" in page
    assert "0 used" in page


def test_lending_says_until_when_to_both_sides(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant
) -> None:
    grant(acme, "10")
    day = timezone.localtime().date() + timedelta(days=10)
    url = reverse("subaccount_credit", args=[acme.public_id, acme_milano.public_id])
    form = {"reference": str(uuid.uuid4()), "credits_units": "4", "until": day.isoformat()}
    assert browser.post(url, form).status_code == 302
    [loan] = selectors.loans(acme_milano)
    assert (loan.units, loan.last_day) == (40_000, day)
    for account in (acme, acme_milano):
        page = browser.get(reverse("transfers", args=[account.public_id])).content.decode()
        assert "Lent credits" in page
        assert page.count(f'datetime="{day.isoformat()}"') == 1
    assert "4 lent until" in browser.get(reverse("subaccounts", args=[acme.public_id])).content.decode()


@pytest.mark.parametrize(
    ("days", "sentence"), [(-1, "Choose today or a later day."), (400, "Credits can be lent for a year at most.")]
)
def test_a_loan_ends_neither_before_today_nor_in_years(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant, days: int, sentence: str
) -> None:
    grant(acme, "10")
    day = timezone.localtime().date() + timedelta(days=days)
    url = reverse("subaccount_credit", args=[acme.public_id, acme_milano.public_id])
    form = {"reference": str(uuid.uuid4()), "credits_units": "4", "until": day.isoformat()}
    response = browser.post(url, form)
    assert (response.status_code, sentence in response.content.decode()) == (422, True)
    assert available(acme) == 100_000


@pytest.mark.parametrize("day", ["soon", "9999-12-31", "0001-01-01"])
def test_a_day_that_is_none_is_refused(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant, day: str
) -> None:
    grant(acme, "10")
    url = reverse("subaccount_credit", args=[acme.public_id, acme_milano.public_id])
    form = {"reference": str(uuid.uuid4()), "credits_units": "4", "until": day}
    assert browser.post(url, form).status_code == 422
    assert available(acme) == 100_000


def test_the_reset_page_says_how_much_goes_where_and_what_stays_held(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant, now: datetime
) -> None:
    wallet = grant(acme_milano, "10")
    credits.reserve(wallet=wallet, amount=25_000, cause=credits.Cause(TransferCode.CAMPAIGN, "test:hold"), now=now)
    url = reverse("subaccount_reset", args=[acme.public_id, acme_milano.public_id])
    page = browser.get(url).content.decode().translate(SPACE)
    assert "7.5 credits leave Acme Milano and return to Acme at once." in page
    assert "2.5 credits are held for messages under way. They stay held" in page
    form = {"reference": str(uuid.uuid4())}
    for _ in range(2):
        page = browser.post(url, form, follow=True).content.decode()
        assert "Moved to Acme: 7.5 credits." in page
    assert (available(acme), available(acme_milano)) == (75_000, 0)
    page = browser.post(url, {"reference": str(uuid.uuid4())}, follow=True).content.decode()
    assert "had nothing available to take back" in page
    assert "nothing available that could be taken back" in browser.get(url).content.decode()
    assert books_agree()


def test_a_subaccount_is_renamed_and_made_unlimited_on_one_page(
    acme: Account, acme_milano: Account, alice: User, browser: Client, grant: Grant, now: datetime
) -> None:
    grant(acme_milano, "10")
    services.open_subaccount(
        parent=acme, name="Acme Roma", credits_units=0, reference=uuid.uuid4(), actor_id=alice.pk, now=now
    )
    url = reverse("subaccount", args=[acme.public_id, acme_milano.public_id])
    page = browser.get(url).content.decode().translate(SPACE)
    assert "the 10 credits that it has available come back to you" in page
    form = {"name": "acme ROMA", "spending": "unlimited"}
    taken = browser.post(url, form)
    assert (taken.status_code, "of this name already" in taken.content.decode()) == (422, True)
    form["name"] = "ACME MILANO"
    assert browser.post(url, form).status_code == 302
    acme_milano.refresh_from_db()
    assert acme_milano.name == "ACME MILANO"
    assert (available(acme), available(acme_milano)) == (100_000, 100_000)
    told = AuditEvent.objects.filter(action="subaccount.changed").order_by("pk").values_list("before", "after")
    assert list(told) == [
        ({"name": "Acme Milano"}, {"name": "ACME MILANO"}),
        ({"is_unlimited": False}, {"is_unlimited": True}),
    ]


def test_the_parents_people_without_the_right_only_look(
    acme: Account, acme_milano: Account, bob: User, client: Client
) -> None:
    client.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(reverse("transfers", args=[acme.public_id]))
    assert page.status_code == 200
    assert reverse("transfer_new", args=[acme.public_id]) not in page.content.decode()
    for name, args in (
        ("transfer_new", []),
        ("subaccount", [acme_milano.public_id]),
        ("subaccount_person", [acme_milano.public_id]),
        ("subaccount_reset", [acme_milano.public_id]),
        ("subaccount_activity", [acme_milano.public_id]),
    ):
        assert client.post(reverse(name, args=[acme.public_id, *args]), {"active": "no"}).status_code == 403


def test_a_foreign_subaccount_is_not_there(acme: Account, globex: Account, browser: Client, grant: Grant) -> None:
    below = Account.objects.create(name="Globex below", parent=globex)
    grant(below, "10")
    for name in ("subaccount", "subaccount_person", "subaccount_reset", "subaccount_activity", "subaccount_credit"):
        for target in (below, globex, acme):
            url = reverse(name, args=[acme.public_id, target.public_id])
            form = {"reference": str(uuid.uuid4()), "active": "no", "credits_units": "1"}
            assert (browser.get(url).status_code, browser.post(url, form).status_code) == (404, 404)
    assert available(below) == 100_000
