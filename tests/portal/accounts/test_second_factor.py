"""Nobody touches money with a password alone, where the operator requires more."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from portal.accounts import adapters
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from tests.conftest import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = 30  # seconds that a code is shown
NOON = 1_772_452_800  # 2 March 2026, 12:00 UTC, where a step begins


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock that codes are checked by: it stands, so that no step ends between an app and Saldo."""
    still = SimpleNamespace(seconds=NOON)
    still.time = lambda: still.seconds
    monkeypatch.setattr(totp, "time", still)
    return still


@pytest.fixture(autouse=True)
def required(settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


def code(secret: str = SECRET, *, at: int = NOON) -> str:
    """What the authenticator app shows at that second."""
    return str(format_hotp_value(hotp_value(secret, at // STEP)))


def sign_in(client: Client, user: User) -> str:
    return client.post("/login/", {"login": user.email, "password": PASSWORD}).headers.get("Location", "")


def buy(account: Account) -> str:
    return f"/a/{account.public_id}/recharges/new/"


def test_an_owner_with_the_password_alone_is_led_to_set_one_up(acme: Account, alice: User, client: Client) -> None:
    sign_in(client, alice)

    response = client.get(buy(acme), follow=True)

    assert response.redirect_chain == [("/2fa/", 302)]
    assert "needs a second factor" in response.content.decode()


def test_a_password_alone_does_not_complete_a_login_that_has_one(alice: User, client: Client) -> None:
    TOTP.activate(alice, SECRET)

    assert sign_in(client, alice) == "/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


def test_the_code_of_the_app_opens_the_money_pages(acme: Account, alice: User, client: Client) -> None:
    TOTP.activate(alice, SECRET)
    sign_in(client, alice)

    client.post("/2fa/authenticate/", {"code": code()})

    assert client.get(buy(acme)).status_code == 200


@pytest.mark.parametrize(("late", "taken"), [(-31, False), (-1, True), (59, True), (60, False)])
def test_a_code_holds_for_a_step_either_way(
    acme: Account, alice: User, client: Client, clock: SimpleNamespace, late: int, taken: bool
) -> None:
    TOTP.activate(alice, SECRET)
    sign_in(client, alice)
    shown = code()

    clock.seconds += late
    client.post("/2fa/authenticate/", {"code": shown})

    assert (client.get(buy(acme)).status_code == 200) == taken


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}-"])
def test_a_code_is_taken_once_as_long_as_it_holds(
    acme: Account, alice: User, client: Client, clock: SimpleNamespace, typed: str
) -> None:
    factor = TOTP.activate(alice, SECRET)
    sign_in(client, alice)
    client.post("/2fa/authenticate/", {"code": code()})
    clock.seconds += STEP
    cache.delete(factor._get_used_cache_key(code()))  # by now allauth has forgotten it

    again = Client()
    sign_in(again, alice)
    page = again.post("/2fa/authenticate/", {"code": typed.format(code())})
    assert "_auth_user_id" not in again.session
    assert "Incorrect code" in page.content.decode()

    page = client.post("/2fa/reauthenticate/", {"code": typed.format(code())})
    assert "Incorrect code" in page.content.decode()


def test_a_recovery_code_opens_them_once(acme: Account, alice: User, client: Client) -> None:
    TOTP.activate(alice, SECRET)
    recovery = RecoveryCodes.activate(alice).get_unused_codes()[0]
    sign_in(client, alice)
    client.post("/2fa/authenticate/", {"code": recovery})
    again = Client()
    sign_in(again, alice)
    again.post("/2fa/authenticate/", {"code": recovery})

    assert client.get(buy(acme)).status_code == 200
    assert "_auth_user_id" not in again.session


@pytest.mark.django_db(transaction=True)
def test_setting_up_the_app_counts_for_this_session(acme: Account, alice: User, client: Client) -> None:
    sign_in(client, alice)
    client.post("/reauthenticate/", {"password": PASSWORD})
    page = client.get("/2fa/totp/activate/")
    response = client.post("/2fa/totp/activate/", {"code": code(page.context["form"].secret)})

    assert response.status_code == 302
    assert client.get(buy(acme)).status_code == 200
    assert AuditEvent.objects.filter(action="second_factor.added", actor=alice, after={"type": "totp"}).exists()


def test_another_session_of_hers_is_asked_for_the_code(acme: Account, alice: User, client: Client) -> None:
    sign_in(client, alice)
    TOTP.activate(alice, SECRET)

    response = client.get(buy(acme))
    assert response.headers["Location"].startswith("/2fa/reauthenticate/?next=")

    back = client.post(response.headers["Location"], {"code": code()})
    assert back.headers["Location"] == buy(acme)
    assert client.get(buy(acme)).status_code == 200


def test_a_factor_that_was_removed_since_no_longer_counts(acme: Account, alice: User, client: Client) -> None:
    TOTP.activate(alice, SECRET)
    sign_in(client, alice)
    client.post("/2fa/authenticate/", {"code": code()})
    Authenticator.objects.filter(user=alice).delete()

    assert client.get(buy(acme)).headers["Location"] == "/2fa/"


def test_a_set_up_by_somebody_else_in_the_same_browser_does_not_count(
    acme: Account, alice: User, bob: User, client: Client
) -> None:
    TOTP.activate(alice, SECRET)
    sign_in(client, alice)
    session = client.session
    session["second_factor_set_up_by"] = str(bob.pk)
    session.save()

    assert client.get(buy(acme)).status_code == 302


def test_staff_reach_the_tables_only_with_it(olga: User, client: Client) -> None:
    sign_in(client, olga)
    for path in ("/desk/data/", "/desk/data/accounts/account/", "/desk/data/login/"):
        assert client.get(path, follow=True).redirect_chain[-1][0] == "/2fa/"

    TOTP.activate(olga, SECRET)
    asked = client.get("/desk/data/", follow=True).redirect_chain[-1][0]
    client.post(asked, {"code": code()})

    assert client.get("/desk/data/").status_code == 200


def test_the_admins_own_login_takes_no_password(olga: User, client: Client) -> None:
    response = client.post("/desk/data/login/", {"username": olga.email, "password": PASSWORD})

    assert response.headers["Location"].startswith("/login/?next=")
    assert "_auth_user_id" not in client.session


def test_a_customer_does_not_learn_that_there_are_tables(alice: User, client: Client) -> None:
    TOTP.activate(alice, SECRET)
    client.force_login(alice)

    assert client.get("/desk/data/", follow=True).status_code == 404


def test_the_demo_goes_without(acme: Account, alice: User, client: Client, settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    sign_in(client, alice)

    assert client.get(buy(acme)).status_code == 200


@pytest.fixture
def fresh_cipher() -> Iterator[None]:
    adapters._cipher.cache_clear()
    yield
    adapters._cipher.cache_clear()


def test_secrets_are_encrypted_at_rest(alice: User) -> None:
    TOTP.activate(alice, SECRET)
    RecoveryCodes.activate(alice)

    for authenticator in Authenticator.objects.filter(user=alice):
        assert SECRET not in str(authenticator.data)
        assert all(str(value).startswith("gAAAA") for value in authenticator.data.values() if isinstance(value, str))


def test_a_key_can_be_replaced_while_the_old_one_still_opens(fresh_cipher: None, settings: Settings) -> None:
    settings.MFA_ENCRYPTION_KEYS = ["old"]
    kept = get_adapter().encrypt(SECRET)
    adapters._cipher.cache_clear()
    settings.MFA_ENCRYPTION_KEYS = ["new", "old"]

    assert get_adapter().decrypt(kept) == SECRET
    assert get_adapter().encrypt(SECRET) != kept


@pytest.mark.django_db(transaction=True)
def test_a_new_factor_is_told_by_mail(alice: User, client: Client) -> None:
    sign_in(client, alice)
    client.post("/reauthenticate/", {"password": PASSWORD})
    page = client.get("/2fa/totp/activate/")
    client.post("/2fa/totp/activate/", {"code": code(page.context["form"].secret)})

    subjects = [message.subject for message in mail.outbox]
    assert "An authenticator app was added" in subjects
