"""A company opens a branch, funds it, the branch sends, the parent reads its report and takes the rest back.

Once in Italian, and once in French on a telephone. Fields and addresses lead the way, so that both go the same.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, ViewportSize, expect

from tests.journeys.conftest import SetOut
from tests.journeys.stack import Saldo
from tests.journeys.walker import PATIENCE, TELEPHONE, WIDE, Walker

pytestmark = pytest.mark.journey

PASSWORD = "pane burro e alici"
# By the last four digits the simulated network refuses the first and takes the others.
REFUSED, *TAKEN = (f"+39 315 555 {last}" for last in ("0000", "0003", "0007"))


@dataclass(frozen=True)
class Walk:
    """"""

    locale: str
    owner: str
    inviter: str
    size: ViewportSize


WALKS = [
    Walk("it-IT", "giulia@otticabelvedere.example", "Giulia Ferrante", WIDE),
    Walk("fr-FR", "camille@velosconfluence.example", "Camille Aubertin", TELEPHONE),
]


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.locale)
def test_a_branch_is_opened_funded_sends_and_gives_the_rest_back(
    saldo: Saldo, set_out: SetOut, tmp_path: Path, walk: Walk
) -> None:
    owner, manager = set_out(walk.locale), set_out(walk.locale)
    for walker in (owner, manager):
        walker.take(walk.size)
    owner.sign_in(walk.owner, saldo.password)
    home = re.sub(r"(/a/[0-9a-f-]{36}/).*", r"\1", owner.path)
    name, email = f"Filiale {uuid.uuid4().hex[:6]}", f"rita.{uuid.uuid4().hex[:8]}@filiale.example"
    open_branch(owner, home, name, email, taken=walk.owner)
    accept(manager, email, walk)
    branch = manager.path
    fund(owner, home, name)
    manager.go(f"{branch}transfers/")
    expect(manager.page.locator("main tbody tr")).to_have_count(3)  # two transfers, one of them a loan
    send(manager, branch)
    read_the_report(owner, home, name, tmp_path)
    take_the_rest_back(owner, home, name)
    manager.go(f"{branch}transfers/")
    assert manager.balance() == "0"
    shut_and_open_again(owner, manager, home, branch, name)
    owner.arrive()
    manager.arrive()


def primary(walker: Walker) -> Locator:
    return walker.page.locator("main form .submit-row button.primary, main form .card-foot button.primary")


def row_of(owner: Walker, home: str, name: str) -> Locator:
    owner.go(f"{home}subaccounts/")
    return owner.page.locator("main tbody tr").filter(has_text=name)


def open_branch(owner: Walker, home: str, name: str, email: str, *, taken: str) -> None:
    """Who manages the company does not manage the branch too: the sentence leads to the field."""
    page = owner.page
    owner.go(f"{home}subaccounts/new/")
    for field, text in {"name": name, "first_name": "Rita", "last_name": "Romano", "email": taken}.items():
        page.locator(f"[name={field}]").fill(text)
    primary(owner).click()
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.locator("[name=email]")).to_be_focused()
    owner.look()
    page.locator("[name=email]").fill(email)
    primary(owner).dblclick()
    page.wait_for_url("**/subaccounts/")
    expect(page.locator("main tbody tr").filter(has_text=name)).to_contain_text("Rita Romano")
    owner.look()


def accept(manager: Walker, email: str, walk: Walk) -> None:
    page = manager.page
    link = re.search(r"/invitations/[0-9a-f-]{36}/", manager.letter(walk.inviter, email))
    assert link is not None
    manager.go(link[0])
    for field, text in {"first_name": "Rita", "last_name": "Romano", "password": PASSWORD}.items():
        page.locator(f"[name={field}]").fill(text)
    page.locator("select[name=language]").select_option(walk.locale[:2])
    page.locator("main .button.primary").click()
    page.wait_for_url(re.compile("/a/[0-9a-f-]{36}/$"))
    manager.look()
    assert manager.balance() == "0"


def fund(owner: Walker, home: str, name: str) -> None:
    """More than there is does not move; twenty credits do, and five more for a while."""
    page = owner.page
    row_of(owner, home, name).locator("a[href$='/credit/']").click()
    owner.look()
    page.locator("[name=credits_units]").fill("900000")
    primary(owner).click()
    expect(page.get_by_role("alert")).to_be_visible()
    owner.look()
    page.locator("[name=credits_units]").fill("15,7")
    primary(owner).dblclick()
    page.wait_for_url("**/subaccounts/")
    row = row_of(owner, home, name)
    expect(row).to_contain_text("15,7")
    row.locator("a[href$='/credit/']").click()
    page.locator("[name=credits_units]").fill("5")
    page.locator("[name=until]").fill((datetime.now(tz=UTC) + timedelta(days=9)).date().isoformat())
    primary(owner).click()
    page.wait_for_url("**/subaccounts/")
    expect(row).to_contain_text("20,7")
    owner.go(f"{home}transfers/")
    expect(page.locator("main tbody tr").filter(has_text=name).first).to_contain_text("5")
    owner.go(f"{home}transfers/new/")


def send(manager: Walker, branch: str) -> None:
    page = manager.page
    manager.send_at_once(branch)
    manager.go(f"{branch}campaigns/new/")
    page.locator("[name=text]").fill("La filiale apre stasera.")
    page.locator("[name=pasted]").fill("\n".join([REFUSED, *TAKEN]))
    page.locator("main form button.primary").click()
    page.wait_for_url("**/drafts/**")
    manager.look()
    expect(page.locator("main")).to_contain_text("2,1")
    page.locator("main form button.primary").dblclick()
    page.wait_for_url(re.compile("/campaigns/[0-9a-f-]{36}/$"))
    expect(page.locator("main")).to_contain_text("1,4", timeout=PATIENCE)
    manager.wait_for(page.locator(".balance strong", has_text="19,3"))
    manager.look()


def read_the_report(owner: Walker, home: str, name: str, folder: Path) -> None:
    """The parent opens the branch's own pages; the total of the file is what the ledger took."""
    page = owner.page
    row = row_of(owner, home, name)
    row.locator("a[href$='/messages/']").click()
    page.wait_for_url("**/messages/")
    owner.look()
    expect(page.locator("main tbody tr")).to_have_count(3)
    page.locator("[name=least]").fill("4")
    page.locator("form.filters button").first.click()
    expect(page.locator("main tbody tr a")).to_have_count(0)
    owner.look()
    page.locator("form.filters a.button[href$='/messages/']").click()  # one button clears the filters
    expect(page.locator("main tbody tr")).to_have_count(3)
    row_of(owner, home, name).locator("a[href$='/reports/']").click()
    page.wait_for_url("**/reports/")
    owner.look()
    page.locator("main a.button[href$='/reports/new/']").first.click()
    owner.look()
    primary(owner).click()
    page.wait_for_url("**/reports/")
    owner.look()
    link = page.locator("main a[href$='/file/']")
    owner.wait_for(link)
    book = load_workbook(owner.download(link, folder))
    numbers = [
        cell for row in book.worksheets[0].iter_rows(values_only=True) for cell in row if isinstance(cell, float)
    ]
    assert 1.4 in [round(each, 4) for each in numbers]
    assert book.worksheets[-1].max_row == 4


def take_the_rest_back(owner: Walker, home: str, name: str) -> None:
    row = row_of(owner, home, name)
    before = owner.balance()
    row.locator("a[href$='/reset/']").click()
    expect(owner.page.locator("main form")).to_contain_text("19,3")
    owner.look()
    primary(owner).dblclick()
    owner.page.wait_for_url("**/subaccounts/")
    row = row_of(owner, home, name)
    expect(row.locator("a[href$='/reset/']")).to_have_count(0)
    assert owner.balance() != before


def shut_and_open_again(owner: Walker, manager: Walker, home: str, branch: str, name: str) -> None:
    page = owner.page
    row_of(owner, home, name).locator("a[href$='/activity/']").click()
    owner.look()
    primary(owner).click()
    page.wait_for_url("**/subaccounts/")
    # Whoever was inside is shut out at once.
    assert manager.page.request.get(branch).status == 404
    row_of(owner, home, name).locator("a[href$='/activity/']").click()
    owner.look()
    primary(owner).click()
    page.wait_for_url("**/subaccounts/")
    manager.go(branch)
    row = row_of(owner, home, name)
    edit = row.locator("a[href^='" + home + "subaccounts/']").last
    owner.go(re.sub("(subaccounts/[0-9a-f-]{36}/).*", r"\1", str(edit.get_attribute("href"))))
