"""Somebody who walks through Saldo in a browser and looks closely at every page they come to."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Frame, Locator, Page, ViewportSize

AXE = Axe().axe_script
AA = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
LIGHT = {"runOnly": AA, "resultTypes": ["violations"]}
# Of what axe looks at, the theme changes nothing but colours.
DARK = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, "resultTypes": ["violations"]}
NARROW = (320, 390)
TELEPHONE: ViewportSize = {"width": 390, "height": 800}
# Django's own admin is kept as it comes.
NOT_OURS = "/desk/data/"
WIDE: ViewportSize = {"width": 1360, "height": 900}
# What differs in each answer, and the pages this worker has looked at.
TOKEN = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w+')
SEEN: set[tuple[object, ...]] = set()
# Receipts of the simulated network take a few seconds each, the sweeps at most twenty.
PATIENCE = 60_000


@dataclass
class Walker:
    """A person with a browser of their own; `came_to` and `looked_at` hold the addresses of pages."""

    page: Page
    address: str
    came_to: set[str] = field(default_factory=set)
    looked_at: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    size: ViewportSize = field(default_factory=lambda: WIDE)

    @classmethod
    def set_out(cls, browser: Browser, address: str, *, locale: str) -> "Walker":
        """Open a browser window in which nobody is signed in."""
        context: BrowserContext = browser.new_context(
            base_url=address, locale=locale, viewport=WIDE, color_scheme="light", reduced_motion="reduce"
        )
        context.set_default_timeout(15_000)
        walker = cls(context.new_page(), address)
        walker.page.on("framenavigated", walker._note)
        walker.page.on("console", walker._hear)
        walker.page.on("pageerror", lambda error: walker.complaints.append(f"{walker.path}: {error}"))
        return walker

    def take(self, size: ViewportSize) -> None:
        """Walk on with a screen of this size."""
        self.size = size
        self.page.set_viewport_size(size)

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.address).partition("?")[0].partition("#")[0]

    def go(self, path: str, *, found_on: str = "") -> None:
        """Open an address by hand, and look at it."""
        answer = self.page.goto(path)
        assert answer is not None
        if not answer.ok:
            self.complaints.append(f"{path}: {answer.status}, found on {found_on}")
        self.look()

    def come_in(self, email: str, password: str) -> None:
        """Sign in, in Italian, and look at both sides of the door."""
        if self.path == "/login/":
            self.look()
        else:
            self.go("/login/")
        self.page.get_by_label("E-mail", exact=True).fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.press("Accedi")
        self.page.wait_for_url(re.compile("/(a|desk)/"))
        self.look()

    def sign_in(self, email: str, password: str) -> None:
        """Sign in, in whatever language the door speaks."""
        self.go("/login/")
        self.page.locator("[name=login]").fill(email)
        self.page.locator("[name=password]").fill(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(re.compile("/(a|desk)/"))
        self.look()

    def be_refused(self, path: str, status: int) -> None:
        """Open an address that is not for everybody or not for ever, and look at the page that says so."""
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == status, path
        self.look()
        # The browser reports it as a failure; to us it is an answer.
        self.complaints = [each for each in self.complaints if f"status of {status}" not in each]

    def press(self, name: str, *, within: Locator | None = None) -> None:
        """Press a button; where it leads is looked at by whoever knows where that is."""
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str | re.Pattern[str], *, within: Locator | None = None) -> None:
        """Follow a link to another page, and look at that."""
        link = (within or self.page).get_by_role("link", name=name, exact=isinstance(name, str))
        with self.page.expect_navigation():
            link.first.click()
        self.look()

    def by_the_side(self, name: str) -> None:
        """Follow an entry of the side navigation."""
        self.follow(name, within=self.page.locator(".side"))

    def download(self, link: Locator, folder: Path) -> Path:
        """Follow a link that leads to a file, and keep it in `folder` under the name it brings."""
        with self.page.expect_download() as waiting:
            link.click()
        file = folder / waiting.value.suggested_filename
        waiting.value.save_as(file)
        return file

    def wait_for(self, sight: Locator) -> None:
        """Open the page again until it shows what happens behind it."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not sight.is_visible():
            assert time.monotonic() < deadline, f"{self.path} never showed {sight}"
            self.page.wait_for_timeout(500)
            self.page.reload()

    def send_at_once(self, home: str) -> None:
        """Have what the account at `home` sends leave at once: undoing is for those who try that."""
        self.go(f"{home}campaigns/rules/")
        self.page.locator("[name=undo_seconds]").select_option("0")
        self.page.locator("main form .submit-row button.primary").click()
        self.page.wait_for_url("**/campaigns/")
        self.look()

    def letter(self, subject: str, to: str) -> str:
        """The newest e-mail to somebody whose subject begins so, as text, from the demo's outbox."""
        if "/outbox/" in self.looked_at:
            self.page.goto("/outbox/")
        else:
            self.go("/outbox/")
        row = self.page.get_by_role("row").filter(has_text=to).filter(has_text=subject)
        self.wait_for(row.first)
        self.follow(re.compile("."), within=row.first)
        return self.page.locator("main").inner_text()

    def fact(self, term: str) -> str:
        """What a definition list says of a term: the number, without the hint that may follow it."""
        found = self.page.locator("dt", has_text=re.compile(f"^{re.escape(term)}$")).locator("+ dd").first
        return found.inner_text().replace("\N{NO-BREAK SPACE}", " ").strip().partition("\n")[0]

    def balance(self) -> str:
        """What the top bar says one can spend."""
        return self.page.locator(".balance strong").inner_text()

    def look(self) -> None:
        """Look at the page in light and in dark, and whether it fits this screen and two small telephones."""
        # A click waits until another page begins to come, not until it is there: for a moment it has not even a root.
        self.page.wait_for_load_state()
        self.looked_at.add(self.path)
        # The same page to the letter would be found as it was: whoever signs in comes through the same door.
        page = (TOKEN.sub("", self.page.content()), *self.size.values())
        if page in SEEN:
            return
        SEEN.add(page)
        self._look_with_axe(LIGHT)
        self.page.emulate_media(color_scheme="dark")
        self._look_with_axe(DARK)
        self.page.emulate_media(color_scheme="light")
        for width in (*NARROW, self.size["width"]):
            self.page.set_viewport_size({"width": width, "height": 800})
            over = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if over > 0:
                self.complaints.append(f"{self.path}: {over} px too wide at {width} px")
        self.page.set_viewport_size(self.size)

    def look_on_a_telephone(self) -> None:
        """Look at the page as somebody does who has come to it with a telephone."""
        before = self.size
        self.take(TELEPHONE)
        self.look()
        self.take(before)

    def arrive(self) -> None:
        """Say that the walk is over: every page was looked at, and nothing was found."""
        assert self.complaints == [], "\n".join(self.complaints)
        missed = sorted(self.came_to - self.looked_at)
        assert missed == [], missed
        self.page.context.close()

    def _look_with_axe(self, options: dict[str, Any]) -> None:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found = self.page.evaluate("options => axe.run(options)", options)
        for violation in found["violations"]:
            nodes = [
                f"{node['target']} {node['html'][:160]} {node['failureSummary']}" for node in violation["nodes"][:3]
            ]
            self.complaints.append(f"{self.path}: {violation['id']} {violation['help']}: {nodes}")

    def _note(self, frame: Frame) -> None:
        if frame == self.page.main_frame and frame.url.startswith(self.address) and NOT_OURS not in frame.url:
            self.came_to.add(self.path)

    def _hear(self, message: ConsoleMessage) -> None:
        # The browser reports a form that was refused as a failure; to us it is an answer.
        if (
            message.type in {"error", "warning"}
            and "status of 422" not in message.text
            and NOT_OURS not in self.page.url
        ):
            self.complaints.append(f"{self.path}: {message.text}")
