"""A far end that speaks as Stripe does, remembers keys as Stripe does, and fails as networks do.

It listens on loopback in a thread of the test. What it has booked is the truth that the portal is measured against.
"""

import contextlib
import hashlib
import hmac
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECRET = "whsec_far_end"

REPLIES = ("good", "lost_before", "lost_after", "error_before", "error_after", "sticky_error", "slow")
WEBHOOKS = ("prompt", "before_the_reply", "late", "doubled", "lost")


@dataclass
class Plan:
    """What goes wrong with the next charge: its reply, its webhooks; and how the bank decides."""

    reply: str = "good"
    webhooks: str = "prompt"
    bank: str = "pays"


@dataclass
class FarEnd:
    """The far end's books, and how it behaves next."""

    post: Callable[[bytes, str], int]
    plan: Plan = field(default_factory=Plan)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    disputes: list[dict[str, Any]] = field(default_factory=list)
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: list[bytes] = field(default_factory=list)
    answers: dict[str, tuple[str, int, dict[str, Any]]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    url: str = ""
    mandates: str = "active"
    charge_requests: int = 0
    webhooks_sent: int = 0

    def charged(self) -> list[dict[str, Any]]:
        """The charges whose money moved."""
        return [each for each in self.intents.values() if each["status"] == "succeeded"]

    def advance(self) -> None:
        """The banks behind debits do the next thing: pay, and where they are so minded return it."""
        for intent in list(self.intents.values()):
            bank = intent["bank"]
            if intent["status"] == "processing":
                self.settle(intent, pays=bank != "fails")
            elif intent["status"] == "succeeded" and bank == "returns" and not self._dispute(intent["id"]):
                dispute = {
                    "id": f"dp_{uuid.uuid4().hex[:12]}",
                    "object": "dispute",
                    "payment_intent": intent["id"],
                    "amount": intent["amount"],
                    "status": "lost",
                }
                self.disputes.append(dispute)
                self.tell("charge.dispute.created", dispute)

    def settle(self, intent: dict[str, Any], *, pays: bool) -> None:
        """Book the end of a charge, and tell of it."""
        intent["status"] = "succeeded" if pays else "requires_payment_method"
        intent["amount_received"] = intent["amount"] if pays else 0
        if not pays:
            intent["last_payment_error"] = {"code": "card_declined", "decline_code": "generic_decline"}
        self.tell("payment_intent.succeeded" if pays else "payment_intent.payment_failed", intent)

    def tell(self, kind: str, about: dict[str, Any]) -> None:
        """Queue a webhook as the plan says."""
        event = {"id": f"evt_{uuid.uuid4().hex[:16]}", "type": kind, "livemode": False, "data": {"object": about}}
        body = json.dumps(event).encode()
        copies = {"lost": 0, "doubled": 2}.get(self.plan.webhooks, 1)
        self.waiting += [body] * copies

    def deliver(self, chance: random.Random) -> None:
        """Post the webhooks that wait, in any order; what is not answered with 2xx stays."""
        with self.lock:
            bodies, self.waiting = self.waiting, []
        chance.shuffle(bodies)
        for body in bodies:
            stamp = str(int(time.time()))
            signature = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
            self.webhooks_sent += 1
            if not 200 <= self.post(body, f"t={stamp},v1={signature}") < 300:
                self.waiting.append(body)

    def create(self, order: dict[str, str], key: str) -> tuple[int, dict[str, Any]]:
        """Charge once for each key: the same key with the same order gets the same answer, with another an error."""
        print_of_order = hashlib.sha256(json.dumps(sorted(order.items())).encode()).hexdigest()
        with self.lock:
            if key in self.answers:
                known, status, answer = self.answers[key]
                if known != print_of_order:
                    return 400, {"error": {"type": "idempotency_error", "message": "one key, two orders"}}
                return status, answer
            status, answer = self._charge(order)
            if self.plan.reply == "sticky_error":
                status, answer = 500, {"error": {"type": "api_error", "message": "try later"}}
            self.answers[key] = (print_of_order, status, answer)
            return status, answer

    def _charge(self, order: dict[str, str]) -> tuple[int, dict[str, Any]]:
        intent: dict[str, Any] = {
            "id": f"pi_{uuid.uuid4().hex[:16]}",
            "object": "payment_intent",
            "created": int(time.time()),
            "amount": int(order["amount"]),
            "amount_received": 0,
            "currency": order["currency"],
            "customer": order["customer"],
            "payment_method_types": [order["payment_method_types[0]"]],
            "metadata": {"attempt": order["metadata[attempt]"]},
            "status": "processing",
            "bank": self.plan.bank,
        }
        self.intents[intent["id"]] = intent
        if order["payment_method_types[0]"] == "sepa_debit":
            return 200, json.loads(json.dumps(intent))
        self.settle(intent, pays=self.plan.bank != "fails")
        if self.plan.bank == "fails":
            error = {"type": "card_error", "code": "card_declined", "message": "declined", "payment_intent": intent}
            return 402, {"error": json.loads(json.dumps(error))}
        return 200, json.loads(json.dumps(intent))

    def give_back(self, order: dict[str, str], key: str) -> tuple[int, dict[str, Any]]:
        """Refund once for each key."""
        with self.lock:
            if key not in self.answers:
                refund = {
                    "id": f"re_{uuid.uuid4().hex[:12]}",
                    "object": "refund",
                    "payment_intent": order["payment_intent"],
                    "amount": int(order["amount"]),
                    "status": "succeeded",
                    "metadata": {"refund": order["metadata[refund]"]},
                }
                self.refunds.append(refund)
                self.answers[key] = ("", 200, refund)
            return self.answers[key][1:]

    def set_up(self, order: dict[str, str]) -> dict[str, Any]:
        """A page for a card or a bank account, which is filled in as soon as it is opened."""
        kind = order["payment_method_types[0]"]
        method: dict[str, Any] = {"id": f"pm_{uuid.uuid4().hex[:8]}", "object": "payment_method", "type": kind}
        if kind == "card":
            method["card"] = {"brand": "visa", "last4": "4242", "exp_month": 2, "exp_year": 2096}
        else:
            method |= {"sepa_debit": {"last4": "3456"}, "billing_details": {"name": "Acme S.r.l."}}
        page = {
            "id": f"cs_{uuid.uuid4().hex[:8]}",
            "mode": "setup",
            "object": "checkout.session",
            "url": f"{self.url}/page",
            "status": "complete",
            "client_reference_id": order["client_reference_id"],
            "customer": order["customer"],
            "setup_intent": {"object": "setup_intent", "mandate": "mandate_1", "payment_method": method},
        }
        self.pages[str(page["id"])] = page
        return page

    def listed(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """What a GET of the API finds."""
        if path.startswith("/v1/payment_intents/"):
            return 200, self.expanded(self.intents[path.rsplit("/", 1)[1]])
        if path.startswith("/v1/checkout/sessions/"):
            page = self.pages.get(path.rsplit("/", 1)[1])
            return (200, page) if page else (404, {"error": {"type": "invalid_request_error", "message": "none"}})
        if path.startswith("/v1/mandates/"):
            return 200, {"id": path.rsplit("/", 1)[1], "object": "mandate", "status": self.mandates}
        if path == "/v1/payment_intents":
            found = [each for each in self.intents.values() if each["customer"] == query["customer"]]
            found = [each for each in found if each["created"] >= int(query.get("created[gte]", 0))]
            found = [self.expanded(each) for each in reversed(found)]
        else:
            rows = self.refunds if path == "/v1/refunds" else self.disputes
            found = [each for each in rows if each["payment_intent"] == query["payment_intent"]]
        after = query.get("starting_after")
        if after:
            found = found[[each["id"] for each in found].index(after) + 1 :]
        most = int(query.get("limit", 10))
        return 200, {"object": "list", "url": path, "has_more": len(found) > most, "data": found[:most]}

    def expanded(self, intent: dict[str, Any]) -> dict[str, Any]:
        """An intent with its charge in full, as it is shown to who asks for that."""
        charge = {"object": "charge", "created": intent["created"], "disputed": self._dispute(intent["id"])}
        return {**intent, "latest_charge": charge if intent["status"] == "succeeded" else None}

    def _dispute(self, intent: str) -> bool:
        return any(each["payment_intent"] == intent for each in self.disputes)


def handler_of(far_end: FarEnd) -> type[BaseHTTPRequestHandler]:
    """How requests reach the far end, and how their answers get lost."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            self._answer(*far_end.listed(address.path, dict(parse_qsl(address.query))))

        def do_POST(self) -> None:
            order = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            key, plan = self.headers["Idempotency-Key"], far_end.plan
            if self.path == "/v1/refunds":
                self._answer(*far_end.give_back(order, key))
                return
            if self.path == "/v1/customers":
                self._answer(200, {"id": "cus_1", "object": "customer"})
                return
            if self.path == "/v1/checkout/sessions":
                self._answer(200, far_end.set_up(order))
                return
            far_end.charge_requests += 1
            is_first = key not in far_end.answers
            if is_first and plan.reply == "lost_before":
                plan.reply = "good"
                self._hang_up()
                return
            if is_first and plan.reply == "error_before":
                plan.reply = "good"
                self._answer(500, {"error": {"type": "api_error", "message": "not today"}})
                return
            status, answer = far_end.create(order, key)
            if plan.webhooks == "before_the_reply":
                far_end.deliver(random.Random(1))
            if is_first and plan.reply == "lost_after":
                self._hang_up()
            elif is_first and plan.reply == "error_after":
                self._answer(502, {"error": {"type": "api_error", "message": "the reply got lost inside"}})
            else:
                if is_first and plan.reply == "slow":
                    time.sleep(0.8)
                self._answer(status, answer)

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.close()

        def _answer(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

    return Handler


class QuietServer(ThreadingHTTPServer):
    """A server that takes a caller who hung up, or was killed, for what it is."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def running(post: Callable[[bytes, str], int]) -> Iterator[FarEnd]:
    """Run a far end on loopback; `post` takes its webhooks (body, signature) and returns the status."""
    far_end = FarEnd(post)
    server = QuietServer(("127.0.0.1", 0), handler_of(far_end))
    far_end.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield far_end
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
