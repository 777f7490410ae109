"""The cast. Acme (with Acme Milano below) is the customer, Globex the stranger; Alice owns, Bob reads, Charlie is
Globex's, Olga is the operator's."""

import gc
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client, TransactionTestCase
from django.utils import timezone
from httpx._transports import default as transports
from hypothesis import HealthCheck
from hypothesis import settings as examples

from billing.amounts import to_units
from billing.credits import services as credits
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from billing.ledger.services import Cause
from portal.accounts.capabilities import Role
from portal.accounts.models import Account, BillingDetails, Member, User
from tests.databases import sweep, use_template
from tests.pages import PageClient, keep_the_first_context, share_middleware
from tests.rows import open_account, put_prices

PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
# How long an example takes says how much else the machine has to do: 200 ms is soon over.
examples.register_profile("saldo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("saldo")
# What takes longest begins first: nobody waits at the end for a worker that began it last.
LONGEST = (
    "tests/billing/credits/test_machine.py",
    "tests/faults/test_faults_short.py",
    "tests/portal/demo/test_demo.py",
    "tests/faults/test_recharges_killed.py",
    "tests/faults/test_delivery_killed.py",
    "tests/house/test_doors.py",
    "tests/messaging/delivery/test_smpp_gateway.py",
    "tests/messaging/delivery/smpp/test_session.py",
    "tests/portal/backoffice/test_admin.py",
    "tests/faults/test_alerts_killed.py",
    "tests/faults/test_import_killed.py",
    "tests/portal/services_embedded/test_embedded_services.py",
    "tests/portal/ops/test_production.py",
    "tests/portal/launcher/test_launcher.py",
    "tests/billing/credits/test_concurrency.py",
    "tests/billing/auto_recharge/test_storm.py",
    "tests/messaging/delivery/smpp/test_hostile.py",
    "tests/journeys/test_sending_journey.py",
    "tests/journeys/test_every_page.py",
    "tests/journeys/test_customer_journey.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others stay as they are."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(LONGEST)))


@pytest.fixture(scope="session", autouse=True)
def files_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests upload or render stays out of the folder of the portal that runs here."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("files")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The hook pytest-django leaves for this, before it makes the database."""
    use_template()


@pytest.fixture(scope="session", autouse=True)
def quick_housekeeping() -> None:
    """What Django does anew for every test or client, done in less time."""
    TransactionTestCase._fixture_teardown = sweep  # type: ignore[attr-defined]
    share_middleware()
    keep_the_first_context()
    # pytest keeps what is logged, and shows it where a test fails; nobody reads the lines as production writes them.
    logging.getLogger().handlers = [each for each in logging.getLogger().handlers if each.name != "console"]
    # A client of httpx reads every authority the machine trusts; a worker has one, here each test of a gateway has two.
    transports.create_ssl_context = cache(transports.create_ssl_context)  # type: ignore[attr-defined]
    # What was imported and collected stays until the end: no need to look through it again and again.
    gc.freeze()
    # What a test leaves is little: looked for less often than after every 700 new objects.
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


@pytest.fixture
def now() -> datetime:
    """A quiet Friday morning."""
    return NOW


Clock = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stop the clock that pages and tasks read at a moment. PostgreSQL, Redis and other processes keep their own."""

    def stop(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return stop


def open_operator() -> Account:
    return open_account(name="Saldo", is_operator=True)


@pytest.fixture
def operator(db: None) -> Account:
    return open_operator()


def _customer(name: str, **details: str) -> Account:
    return open_account(BillingDetails(company=name, **details), name=name)


def open_acme() -> Account:
    return _customer(
        "Acme", address="Via Roma 1", postal_code="20121", city="Milano", country="IT", vat_number="IT07643520567"
    )


@pytest.fixture
def acme(operator: Account) -> Account:
    return open_acme()


@pytest.fixture
def acme_milano(acme: Account) -> Account:
    return open_account(name="Acme Milano", parent=acme)


def open_globex() -> Account:
    return _customer("Globex", address="1 rue de Lyon", postal_code="75012", city="Paris", country="FR")


@pytest.fixture
def globex(operator: Account) -> Account:
    return open_globex()


def _person(email: str, first_name: str, **fields: object) -> User:
    user = User.objects.create_user(email, PASSWORD, first_name=first_name, last_name="Cast", **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def let_in_an_owner(account: Account, email: str, first_name: str) -> User:
    user = _person(email, first_name)
    Member.objects.create(account=account, user=user, role=Role.OWNER, may_spend=True)
    return user


@pytest.fixture
def alice(acme: Account) -> User:
    return let_in_an_owner(acme, "alice@acme.example", "Alice")


@pytest.fixture
def bob(acme: Account) -> User:
    user = _person("bob@acme.example", "Bob")
    Member.objects.create(account=acme, user=user, role=Role.VIEWER)
    return user


@pytest.fixture
def charlie(globex: Account) -> User:
    return let_in_an_owner(globex, "charlie@globex.example", "Charlie")


@pytest.fixture
def olga(operator: Account) -> User:
    return _person("olga@saldo.example", "Olga", is_staff=True, is_superuser=True)


Grant = Callable[[Account, str], Wallet]


@pytest.fixture
def grant(now: datetime) -> Grant:
    """Give an account credits ("100", "0.7") at EUR 0.042 each, and return its wallet."""
    given = iter(range(1_000_000))

    def give(account: Account, amount: str) -> Wallet:
        wallet = credits.open_wallet(account=account)
        cause = Cause(TransferCode.PURCHASE, f"test:grant:{account.pk}:{next(given)}", "test")
        terms = credits.Terms(Decimal("4.2"))
        credits.grant(wallet=wallet, amount=to_units(Decimal(amount)), terms=terms, cause=cause, now=now)
        return wallet

    return give


@pytest.fixture
def client() -> Client:
    """A browser in which nobody is signed in."""
    return PageClient()


SignedIn = Callable[[User], Client]


@pytest.fixture
def signed_in() -> SignedIn:
    """Return a browser in which the person is signed in."""

    def sign_in(user: User) -> Client:
        client = PageClient()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def prices(db: None, now: datetime) -> None:
    """The prices that come with Saldo, valid since long ago."""
    put_prices(now)
