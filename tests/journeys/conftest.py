"""One Saldo and one browser for all journeys; every walker has a window of their own."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.stack import Saldo, running
from tests.journeys.walker import Walker

CHROMIUM = "/usr/bin/chromium"
# Chromium asks the world for updates and names at every start; the journeys need nothing but this machine.
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)


@pytest.fixture(scope="session")
def saldo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saldo]:
    """Saldo, running, with the demo's data."""
    with running(tmp_path_factory.mktemp("saldo")) as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser without windows."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


SetOut = Callable[..., Walker]


@pytest.fixture
def set_out(saldo: Saldo, chromium: Browser) -> SetOut:
    """Return somebody at the door, with a browser that speaks `locale`."""
    return lambda locale="it-IT": Walker.set_out(chromium, saldo.address, locale=locale)
