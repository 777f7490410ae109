"""Alerts of Acme, and a mail server that listens on loopback and does as it is told."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

import pytest
from pytest_django import Settings

from billing.amounts import to_units
from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from messaging.alerts import services
from messaging.alerts.models import BalanceAlert
from portal.accounts.models import Account

MOBILE = "+393471234567"

SetUp = Callable[..., BalanceAlert]
Spend = Callable[[Account, str], None]


@pytest.fixture
def set_up(now: datetime) -> SetUp:
    """Set up an alert: threshold ("50"), e-mail on unless told otherwise."""

    def create(account: Account, threshold: str, **terms: object) -> BalanceAlert:
        given = {"email_on": True, "email": "desk@acme.example", "sms_on": False, "number": "", **terms}
        wanted = services.Terms(threshold_units=to_units(Decimal(threshold)), **given)  # type: ignore[arg-type]
        return services.create(account=account, terms=wanted, actor_id=None, now=now)

    return create


@pytest.fixture
def spend(now: datetime) -> Spend:
    """Let an account use credits ("0.7")."""
    spent = iter(range(1_000_000))

    def use(account: Account, amount: str) -> None:
        cause = credits.Cause(TransferCode.CAMPAIGN, f"test:spend:{account.pk}:{next(spent)}", "test")
        wallet = credits.open_wallet(account=account)
        credits.spend(wallet=wallet, amount=to_units(Decimal(amount)), cause=cause, now=now)

    return use


class Conversation(socketserver.StreamRequestHandler):
    """One SMTP session; the answer to the recipient is the server's to choose."""

    server: "MailServer"

    def handle(self) -> None:
        self._say("220 mail.example")
        for line in self.rfile:
            word = line.strip().upper()
            if word.startswith(b"RCPT"):
                self.server.asked += 1
                self.server.may_speak.wait()
                self._say(self.server.answer)
            elif word == b"DATA":
                self._say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.taken.append(text.decode())
                if self.server.drops:
                    return
                self._say("250 taken")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 mail.example")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """Takes every mail, until `answer` says something else, it is told to be silent, or it `drops` whoever has handed one over."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.answer = "250 fine"
        self.drops = False
        self.asked = 0
        self.taken: list[str] = []
        self.may_speak = threading.Event()
        self.may_speak.set()

    def silence(self) -> None:
        """Let whoever names a recipient wait for the answer."""
        self.may_speak.clear()

    def speak(self) -> None:
        self.may_speak.set()


@contextmanager
def serving() -> Iterator[MailServer]:
    """A mail server on a free port."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.speak()
        server.shutdown()


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    with serving() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        yield server
