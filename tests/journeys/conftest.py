"""One Saldo for all journeys and a browser for each worker; every walker has a window of their own."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.stack import Saldo, shared
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
    own = tmp_path_factory.getbasetemp()
    with shared(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) as found:
        yield found


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
