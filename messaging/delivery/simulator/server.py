"""The simulator's door: `POST /messages` hands messages over, `POST /lookup` asks what became of keys.

Both take and give JSON, want the bearer token, and answer for each key with "accepted" and an id, or "refused" and a
code. A key that was never taken is left out of a lookup's answer. A key that is offered again is answered as before.

`POST /manners` changes how it behaves from now on, by the fields of `Manners` and, under "weather", of `Weather`, and
answers with all of them. `POST /replies` has the telephone "from" write "text" to "to".
"""

import hmac
import json
import random
import threading
import time
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from messaging.delivery.simulator.memory import Memory, Taken
from messaging.delivery.simulator.network import CLEAR, Fate, Weather, fate, message_id
from messaging.delivery.simulator.postman import Answer, Postman

_MOST_BYTES = 20_000_000
_MOST_MESSAGES = 1000


@dataclass(frozen=True, slots=True)
class Manners:
    """How the network behaves: what it asks for, how slow it is, how often it fails.

    `latency` is in seconds a request, `rate` in messages a second (0: as fast as it can); `drop_responses` and
    `fail_rate` are shares of the requests that are taken and never answered, and that are turned away. A calm network
    delivers everything whose number does not say otherwise.
    """

    token: str
    seed: int = 1
    latency: float = 0.0
    rate: int = 0
    drop_responses: float = 0.0
    fail_rate: float = 0.0
    receipts: bool = True
    calm: bool = False
    weather: Weather = CLEAR


class Simulator(ThreadingHTTPServer):
    """The network behind one loopback port."""

    daemon_threads = True

    def __init__(self, port: int, *, memory: Memory, postman: Postman, manners: Manners) -> None:
        super().__init__(("127.0.0.1", port), _Door)
        self._memory, self._postman, self.manners = memory, postman, manners
        self._faults = random.Random(manners.seed)  # noqa: S311 - a simulation that can be repeated
        self._faults_lock = threading.Lock()
        for taken in memory:
            self._plan(taken, self._fate(taken.key, taken.recipient))

    def happens(self, share: float) -> bool:
        """Whether a fault of this share strikes the request at hand."""
        with self._faults_lock:
            return self._faults.random() < share

    def hand_over(self, messages: list[dict[str, str]]) -> list[dict[str, str]]:
        """Decide on messages and answer for each, after the time it takes."""
        fates = {each["key"]: self._fate(each["key"], each["to"]) for each in messages}
        offered = [self._taken(each, fates[each["key"]]) for each in messages]
        new = self._memory.take(offered)
        early = [
            (taken, number, receipt)
            for taken in new
            for number, receipt in enumerate(fates[taken.key].receipts)
            if receipt.early and self.manners.receipts
        ]
        if early:
            self._postman.send_now(early)
        for taken in new:
            self._plan(taken, fates[taken.key])
        time.sleep(self.manners.latency + (len(messages) / self.manners.rate if self.manners.rate else 0))
        return self.lookup([each["key"] for each in messages])

    def lookup(self, keys: list[str]) -> list[dict[str, str]]:
        """Answer for the keys that were taken."""
        return [_answer(taken) for key in keys if (taken := self._memory.find(key))]

    def behave(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Change the manners, and return all that may be changed. `TypeError` for a name that is none, or its value."""
        weather = replace(self.manners.weather, **_checked(changes.get("weather", {}), CLEAR))
        given = {name: value for name, value in changes.items() if name != "weather"}
        self.manners = replace(self.manners, weather=weather, **_checked(given, self.manners))
        return {name: value for name, value in asdict(self.manners).items() if name != "token"}

    def write(self, source: str, destination: str, text: str) -> str:
        """Have a telephone write, and return what the network calls its message."""
        return self._postman.bring(Answer(source, destination, text))

    def _fate(self, key: str, recipient: str) -> Fate:
        return fate(key, recipient, self.manners.seed, calm=self.manners.calm, weather=self.manners.weather)

    def _taken(self, each: dict[str, str], fate: Fate) -> Taken:
        id = "" if fate.refusal else message_id(each["key"], self.manners.seed)
        return Taken(each["key"], id, each["to"], fate.refusal, time.time(), sender=each.get("from", ""))

    def _plan(self, taken: Taken, fate: Fate) -> None:
        if self.manners.receipts and not taken.refusal:
            self._postman.plan(taken, fate.receipts, fate.answer)


def _checked(changes: dict[str, Any], manners: Manners | Weather) -> dict[str, Any]:
    """The changes, each of the kind that the manners have there."""
    for name, value in changes.items():
        kind = type(getattr(manners, name, None))
        if name == "token" or not isinstance(value, (int, float) if kind is float else kind):
            raise TypeError(name)
    return changes


def _answer(taken: Taken) -> dict[str, str]:
    if taken.refusal:
        return {"key": taken.key, "status": "refused", "code": taken.refusal}
    return {"key": taken.key, "status": "accepted", "id": taken.message_id}


class _Door(BaseHTTPRequestHandler):
    """Reads a request, asks the simulator, writes the answer."""

    server: Simulator
    server_version = "SaldoGatewaySimulator"
    sys_version = ""
    timeout = 30

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        try:
            if self.path == "/messages":
                self._hand_over(body["messages"])
            elif self.path == "/lookup":
                self._answer(HTTPStatus.OK, {"results": self.server.lookup(body["keys"])})
            elif self.path == "/manners":
                self._answer(HTTPStatus.OK, self.server.behave(body))
            elif self.path == "/replies":
                id = self.server.write(str(body["from"]), str(body["to"]), str(body["text"]))
                self._answer(HTTPStatus.OK, {"id": id})
            else:
                self._answer(HTTPStatus.NOT_FOUND, {"error": "there is nothing here"})
        except (KeyError, TypeError, AttributeError):
            self._answer(HTTPStatus.BAD_REQUEST, {"error": "not what the protocol says"})

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the memory is the log."""

    def _hand_over(self, messages: list[dict[str, str]]) -> None:
        if len(messages) > _MOST_MESSAGES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "too many messages at once"})
            return
        if self.server.happens(self.server.manners.fail_rate):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "too busy"})
            return
        results = self.server.hand_over(messages)
        if self.server.happens(self.server.manners.drop_responses):
            self.close_connection = True
            return
        self._answer(HTTPStatus.OK, {"results": results})

    def _body(self) -> dict[str, Any] | None:
        """The JSON object that was sent; None when the request has been turned away."""
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.server.manners.token}".encode()):
            self._answer(HTTPStatus.UNAUTHORIZED, {"error": "the token is wrong"})
            return None
        size = self.headers.get("Content-Length", "")
        if not size.isdecimal() or int(size) > _MOST_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "too much at once"})
            return None
        try:
            body = json.loads(self.rfile.read(int(size)))
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self._answer(HTTPStatus.BAD_REQUEST, {"error": "a JSON object is wanted"})
            return None
        return body

    def _answer(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
