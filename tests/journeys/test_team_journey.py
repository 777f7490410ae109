"""An owner invites, limits and removes a colleague, in Italian; and somebody signs in with a passkey."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import SetOut
from tests.journeys.stack import Saldo
from tests.journeys.walker import Walker

pytestmark = pytest.mark.journey

# Of the demo: who owns a customer, who writes its messages, who owns another; and who works for the operator.
OWNER = "giulia@otticabelvedere.example"
SENDER = "elena@otticabelvedere.example"
FRENCH_OWNER = "camille@velosconfluence.example"
STAFF = "paolo@saldo.example"
PASSWORD = "pane burro e alici"
# A key inside the machine, which knows its owner by the finger and keeps what it signs in with.
PASSKEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_an_owner_invites_limits_and_removes_a_colleague(saldo: Saldo, set_out: SetOut) -> None:
    giulia, dora = set_out(), set_out()
    email = f"dora.{uuid.uuid4().hex[:8]}@otticabelvedere.example"
    giulia.come_in(OWNER, saldo.password)
    invite(giulia, email)
    join(dora, email)
    assert may_send(dora)
    limit(giulia, email)
    assert not may_send(dora)
    keep_oneself(giulia)
    remove(giulia, email)
    lose_access(dora)
    giulia.arrive()
    dora.arrive()


def test_a_passkey_signs_in_by_itself(saldo: Saldo, set_out: SetOut) -> None:
    paolo = set_out()
    paolo.come_in(STAFF, saldo.password)
    page = paolo.page
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = devices.send("WebAuthn.addVirtualAuthenticator", {"options": PASSKEY})["authenticatorId"]
    add_passkey(paolo, saldo.password)
    held = devices.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert [key["isResidentCredential"] for key in held] == [True]
    read_recovery_codes(paolo)
    sign_out(paolo)
    page.locator("#passkey_login").click()
    page.wait_for_url("**/desk/")
    paolo.look()
    sign_out(paolo)
    # Another machine holds no such key: the password alone does not do any more.
    devices.send("WebAuthn.clearCredentials", {"authenticatorId": device})
    page.get_by_label("E-mail", exact=True).fill(STAFF)
    page.get_by_label("Password", exact=True).fill(saldo.password)
    paolo.press("Accedi")
    page.wait_for_url("**/2fa/authenticate/**")
    paolo.look()
    paolo.arrive()


def test_a_colleague_joins_in_french_on_a_telephone_by_the_keyboard_alone(saldo: Saldo, set_out: SetOut) -> None:
    camille, elise = set_out(locale="fr-FR"), set_out(locale="fr-FR")
    email = f"elise.{uuid.uuid4().hex[:8]}@velosconfluence.example"
    camille.go("/login/")
    fill_by_keyboard(camille, {"login": FRENCH_OWNER, "password": saldo.password})
    camille.page.wait_for_url(re.compile("/a/"))
    camille.look()
    camille.go(f"{camille.path}account/invitations/new/")
    fill_by_keyboard(camille, {"email": email})
    camille.page.wait_for_url("**/team/")
    camille.look()
    letter = elise.letter("Camille Aubertin", email)
    assert "vous invite" in letter
    elise.go(link_in(letter))
    fill_by_keyboard(elise, {"first_name": "Élise", "last_name": "Morel", "password": PASSWORD})
    elise.page.wait_for_url(re.compile("/a/[0-9a-f-]{36}/$"))
    elise.look()
    camille.arrive()
    elise.arrive()


def fill_by_keyboard(walker: Walker, form: dict[str, str]) -> None:
    """Go from field to field with the tabulator, on a telephone's screen; send with the return key."""
    page = walker.page
    page.set_viewport_size({"width": 390, "height": 800})
    for name, text in form.items():
        for _ in range(40):
            if page.evaluate("document.activeElement.name") == name:
                break
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == name
        page.keyboard.type(text)
    page.keyboard.press("Enter")


def link_in(letter: str) -> str:
    found = re.search(r"/invitations/[0-9a-f-]{36}/", letter)
    assert found is not None
    return found[0]


def team(giulia: Walker) -> None:
    giulia.by_the_side("Il mio account")
    giulia.follow(re.compile("^Team"), within=giulia.page.locator("main"))


def invite(giulia: Walker, email: str) -> None:
    """The first address is in the team already: the sentence leads to the field."""
    page = giulia.page
    team(giulia)
    page.locator("a[href$='/account/invitations/new/']").click()
    giulia.look()
    page.locator("[name=email]").fill(SENDER)
    page.locator("[name=role][value=sender]").check(force=True)
    page.locator("[name=may_spend]").check(force=True)
    page.locator("main .button.primary").click()
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("[name=email]")).to_be_focused()
    giulia.look()
    page.locator("[name=email]").fill(email)
    page.locator("main .button.primary").click()
    expect(page.get_by_role("row").filter(has_text=email)).to_be_visible()
    giulia.look()


def join(dora: Walker, email: str) -> None:
    """She has no login: the link gives her one, and has verified her address."""
    page = dora.page
    dora.go(link_in(dora.letter("Giulia Ferrante", email)))
    page.get_by_label("Nome", exact=True).fill("Dora")
    page.get_by_label("Cognome", exact=True).fill("Verdi")
    page.locator("select[name=language]").select_option("it")
    page.get_by_label("Password", exact=True).fill("1234567890")
    page.locator("main .button.primary").click()
    expect(page.get_by_role("alert")).to_be_visible()
    dora.look()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main .button.primary").click()
    page.wait_for_url(re.compile("/a/[0-9a-f-]{36}/$"))
    dora.look()
    expect(page.locator(".side").get_by_role("link", name="Ricariche")).to_have_count(0)


def may_send(dora: Walker) -> bool:
    dora.by_the_side("Campagne")
    return dora.page.get_by_role("link", name="Scrivi un messaggio").count() > 0


def limit(giulia: Walker, email: str) -> None:
    page = giulia.page
    member(giulia, email)
    page.locator("[name=may_spend]").uncheck(force=True)
    page.locator("main form.form .button.primary").click()
    expect(page.get_by_role("status")).to_be_visible()
    giulia.look()


def keep_oneself(giulia: Walker) -> None:
    """An owner cannot lock herself out: neither by the right to spend, nor by leaving as the last one."""
    page = giulia.page
    member(giulia, OWNER)
    page.locator("[name=may_spend]").uncheck(force=True)
    page.locator("main form.form .button.primary").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    giulia.look()
    page.locator("[popovertarget=remove-member]").first.click()
    page.locator("#remove-member .button.primary").click()
    expect(page.locator(".notice.bad")).to_be_visible()
    giulia.look()


def remove(giulia: Walker, email: str) -> None:
    page = giulia.page
    member(giulia, email)
    page.locator("[popovertarget=remove-member]").first.click()
    expect(page.locator("#remove-member")).to_contain_text("Dora Verdi")
    page.locator("#remove-member .button.primary").click()
    expect(page.get_by_role("row").filter(has_text=email)).to_have_count(0)
    giulia.look()


def member(giulia: Walker, email: str) -> None:
    team(giulia)
    giulia.page.get_by_role("row").filter(has_text=email).get_by_role("link").click()
    expect(giulia.page.locator("main .lede")).to_have_text(email)
    giulia.look()


def lose_access(dora: Walker) -> None:
    """Her session goes on, but the account is not there for her any more."""
    answer = dora.page.reload()
    assert answer is not None
    assert answer.status == 404
    dora.look()
    dora.complaints = [complaint for complaint in dora.complaints if "status of 404" not in complaint]
    dora.go("/")
    expect(dora.page.locator(".balance")).to_have_count(0)


def add_passkey(paolo: Walker, password: str) -> None:
    page = paolo.page
    page.goto("/2fa/webauthn/add/")
    if "/reauthenticate/" in page.url:
        paolo.look()
        page.get_by_label("Password", exact=True).fill(password)
        page.locator("main form.form .button").first.click()
        page.wait_for_url("**/webauthn/add/")
    paolo.look()
    page.locator("[name=name]").fill("Portatile")
    page.locator("[name=passwordless]").check(force=True)
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "/webauthn/add/" not in url)
    paolo.look()
    paolo.go("/2fa/webauthn/")
    expect(page.get_by_role("row").filter(has_text="Portatile")).to_be_visible()


def read_recovery_codes(paolo: Walker) -> None:
    """They come with the first key, and are shown to whoever has just proved to be the one."""
    paolo.go("/2fa/recovery-codes/")
    assert len(paolo.page.locator("main textarea").input_value().split()) == 10
    paolo.go("/me/activity/")


def sign_out(paolo: Walker) -> None:
    paolo.page.get_by_label("Menu personale").click()
    paolo.press("Esci")
    paolo.page.wait_for_url("**/login/**")
    paolo.look()
