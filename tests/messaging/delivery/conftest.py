"""A gateway simulator in a thread, reached over real HTTP on loopback, and a queue to fill."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from messaging.delivery import services
from messaging.delivery.codes import Purpose
from messaging.delivery.gateways import simulator as supplier
from messaging.delivery.models import Message
from messaging.delivery.simulator.memory import Memory
from messaging.delivery.simulator.network import message_id
from messaging.delivery.simulator.postman import Postman
from messaging.delivery.simulator.server import Manners, Simulator
from messaging.encoding.segments import Encoding
from portal.accounts.models import Account

ITALIAN_RATE = 7000


class Network:
    """The simulator that a test talks to; its manners may change while it runs."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._settings = settings
        self._path = folder / "simulator.jsonl"
        self.memory = Memory(self._path)
        self.postman = self._postman("http://127.0.0.1:9/")
        self._server: Simulator | None = None

    def start(self, **manners: object) -> None:
        """Listen on a free port with these manners; without any everything is taken at once and nothing reported."""
        chosen = Manners(token=self._settings.GATEWAY_TOKEN, **{"receipts": False, "calm": True, **manners})  # type: ignore[arg-type]
        self.stop()
        self._server = Simulator(0, memory=self.memory, postman=self.postman, manners=chosen)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self._settings.GATEWAY_SIMULATOR_URL = f"http://127.0.0.1:{self._server.server_port}"
        supplier.client.cache_clear()

    def stop(self) -> None:
        """Be gone: connections are refused."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def report_to(self, webhook: str, replies: str = "") -> None:
        """Start again, and report there from now on, at once; replies are dropped where they have no address."""
        self.postman = self._postman(webhook, replies)
        self.postman.start()
        self.start(receipts=True)

    def wait_for_receipts(self, count: int) -> None:
        """Wait until so many receipts have been heard."""
        end = time.monotonic() + 20
        while sum(len(each.reported) for each in self.memory) < count:
            assert time.monotonic() < end, "the receipts did not come"
            threading.Event().wait(0.02)

    def id_of(self, message: Message, seed: int) -> str:
        """What the network will call a message."""
        return message_id(str(message.public_id), seed)

    @property
    def log(self) -> str:
        """Everything that happened, a line each."""
        return self._path.read_text()

    @property
    def taken(self) -> set[str]:
        """The recipients of the messages it took."""
        return {each.recipient for each in self.memory if not each.refusal}

    def _postman(self, webhook: str, replies: str = "") -> Postman:
        secret = self._settings.GATEWAY_WEBHOOK_SECRET
        return Postman(self.memory, webhook=webhook, secret=secret, pace=0, replies=replies)


@pytest.fixture
def network(tmp_path: Path, settings: Settings) -> Iterator[Network]:
    network = Network(tmp_path, settings)
    network.start()
    yield network
    network.stop()
    network.postman.dismiss()
    network.memory.close()
    supplier.client.cache_clear()


Queue = Callable[..., list[Message]]


@pytest.fixture
def queue(now: datetime) -> Queue:
    """Put messages to these recipients in an account's queue and return them in that order."""

    def put(account: Account, recipients: list[str], **fields: object) -> list[Message]:
        given = {"campaign": None, "purpose": Purpose.CAMPAIGN, "sender": "Acme", "now": now, **fields}
        drafts = [services.Draft(each, "39", "Ciao", Encoding.GSM7, 1, ITALIAN_RATE) for each in recipients]
        services.enqueue(account=account, drafts=drafts, **given)  # type: ignore[arg-type]
        found = {each.public_id: each for each in Message.objects.all()}
        return [found[draft.public_id] for draft in drafts]

    return put
