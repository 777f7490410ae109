"""The HTTP supplier: what it answers becomes one of four outcomes, and its webhooks are believed only when signed.

The far end is a server of our own on loopback that keeps its book; the official package checks the signatures.
"""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.test import Client
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from messaging.delivery import handover, health, resolution
from messaging.delivery.codes import State
from messaging.delivery.gateways import twilio
from messaging.delivery.health import Standing
from messaging.delivery.models import DeliveryReceipt, GatewayState, Message, Reply
from messaging.delivery.reasons import REASONS
from portal.accounts.models import Account

Queue = Callable[..., list[Message]]
SITE, TOKEN = "https://saldo.example", "s3cret/token"
REPLIES = "/gateways/world/replies/"


class FarEnd(ThreadingHTTPServer):
    """A Twilio of our own. What it does with a number depends on its last digits; `book` is what it took."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.book: list[dict[str, str]] = []
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]] | None:
        status, said = self.answers.get(form["To"][-4:], (201, {}))
        if status == 0:
            self.book.append(form)
            return None
        if status == 201:
            self.book.append(form)
            return 201, {"sid": f"SM{len(self.book):032x}", "status": "queued", "error_code": None}
        return status, said


class _Door(BaseHTTPRequestHandler):
    server: FarEnd

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        assert self.path == "/2010-04-01/Accounts/AC1/Messages.json"
        assert self.headers["Authorization"].startswith("Basic ")
        answer = self.server.answer(dict(parse_qsl(body, keep_blank_values=True)))
        if answer is None:
            self.close_connection = True
            return
        said = json.dumps(answer[1]).encode()
        self.send_response(answer[0])
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def far_end(settings: Settings) -> Iterator[FarEnd]:
    with FarEnd() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        settings.GATEWAY_SIMULATOR_URL, settings.SITE_URL = "", SITE
        settings.GATEWAYS = {"world": f"twilio://AC1:s3cret%2Ftoken@h?base=http://127.0.0.1:{server.server_port}"}
        yield server
        server.shutdown()


def sent(account: Account, queue: Queue, now: datetime, *digits: str) -> list[Message]:
    messages = queue(account, [f"+39347123{each}" for each in digits])
    handover.submit_batch(account_id=account.pk, now=now)
    for message in messages:
        message.refresh_from_db()
    return messages


def post(path: str, fields: dict[str, str] | list[tuple[str, str]], *, token: str = TOKEN, url: str = "") -> int:
    """Knock as Twilio does, signed by Twilio's own package."""
    signature = RequestValidator(token).compute_signature(url or SITE + path, dict(fields))
    body, form = urlencode(fields), "application/x-www-form-urlencoded"
    client = Client(enforce_csrf_checks=True)
    return client.post(path, body, content_type=form, headers={"X-Twilio-Signature": signature}).status_code


def status(message: Message, sid: str, state: str, **more: str) -> int:
    fields = {"MessageSid": sid, "MessageStatus": state, "To": message.recipient, "AccountSid": "AC1", **more}
    code = post(f"/gateways/world/messages/{message.public_id}/receipts/", fields)
    message.refresh_from_db()
    return code


def test_a_message_is_handed_over_with_our_key_in_the_address_for_its_receipts(
    acme: Account, queue: Queue, far_end: FarEnd, now: datetime
) -> None:
    (message,) = sent(acme, queue, now, "0101")
    assert (message.state, message.gateway) == (State.ACCEPTED, "world")
    assert message.gateway_message_id == f"SM{1:032x}"
    back = f"{SITE}/gateways/world/messages/{message.public_id}/receipts/"
    assert far_end.book == [{"To": "+393471230101", "From": "Acme", "Body": "Ciao", "StatusCallback": back}]


def test_each_answer_is_one_of_four_outcomes(acme: Account, queue: Queue, far_end: FarEnd, now: datetime) -> None:
    far_end.answers = {
        "0001": (400, {"code": 21211, "message": "Invalid 'To' Phone Number"}),
        "0002": (400, {"code": 99999, "message": "never heard of"}),
        "0003": (429, {"code": 20429}),
        "0004": (401, {"code": 20003}),
        "0005": (500, {}),
        "0006": (0, {}),
        "0007": (400, {}),
    }
    messages = sent(acme, queue, now, *(f"{each:04}" for each in range(8)))
    assert [(each.state, each.error_code) for each in messages] == [
        (State.ACCEPTED, ""),
        (State.REFUSED, "invalid_number"),
        (State.REFUSED, "other"),
        (State.WAITING, ""),
        (State.WAITING, ""),
        (State.UNKNOWN, ""),
        (State.UNKNOWN, ""),
        (State.UNKNOWN, ""),
    ]
    assert health.standings(now)["world"] == Standing.RESTING


def test_what_was_not_heard_is_neither_sent_again_nor_lost(
    acme: Account, queue: Queue, far_end: FarEnd, now: datetime
) -> None:
    far_end.answers = {"0001": (0, {})}
    (message,) = sent(acme, queue, now, "0001")
    assert message.state == State.UNKNOWN
    for hours in (1, 24, 71):
        resolution.resolve(now=now + timedelta(hours=hours))
        handover.submit_batch(account_id=acme.pk, now=now + timedelta(hours=hours))
    assert len(far_end.book) == 1
    assert status(message, "SMlate", "delivered") == 204
    assert (message.state, message.gateway_message_id) == (State.DELIVERED, "SMlate")


def test_a_far_end_that_is_not_there_leaves_messages_waiting(
    acme: Account, queue: Queue, settings: Settings, now: datetime
) -> None:
    settings.GATEWAY_SIMULATOR_URL = ""
    settings.GATEWAYS = {"world": "twilio://AC1:x@h?base=http://127.0.0.1:9"}
    (message,) = sent(acme, queue, now, "0101")
    assert message.state == State.WAITING
    assert "refused" in GatewayState.objects.get().last_error


def test_receipts_move_a_message_once_and_in_any_order(
    acme: Account, queue: Queue, far_end: FarEnd, now: datetime
) -> None:
    (message,) = sent(acme, queue, now, "0101")
    sid = message.gateway_message_id
    for state, expected in [
        ("sent", State.ACCEPTED),
        ("something new", State.ACCEPTED),
        ("delivered", State.DELIVERED),
        ("delivered", State.DELIVERED),
        ("undelivered", State.DELIVERED),
        ("sent", State.DELIVERED),
    ]:
        assert status(message, sid, state, ErrorCode="30003") == 204
        assert message.state == expected
    assert DeliveryReceipt.objects.count() == 3


@pytest.mark.parametrize(
    ("code", "reason"),
    [("30005", "unknown_number"), ("30006", "landline"), ("30007", "blocked_text"), ("1", "other"), ("", "other")],
)
def test_error_codes_become_our_reasons(
    acme: Account, queue: Queue, far_end: FarEnd, now: datetime, code: str, reason: str
) -> None:
    (message,) = sent(acme, queue, now, "0101")
    status(message, message.gateway_message_id, "undelivered", ErrorCode=code)
    assert (message.state, message.error_code) == (State.UNDELIVERED, reason)


def test_every_code_leads_to_a_reason_in_words() -> None:
    assert set(twilio.REASONS.values()) <= set(REASONS)


def test_a_webhook_is_believed_only_for_its_own_address_fields_and_secret(
    acme: Account, queue: Queue, far_end: FarEnd, now: datetime
) -> None:
    one, other = sent(acme, queue, now, "0101", "0102")
    fields = {"MessageSid": one.gateway_message_id, "MessageStatus": "delivered"}
    path = f"/gateways/world/messages/{one.public_id}/receipts/"
    assert post(path, fields, token="another") == 403
    assert post(path, fields, url=f"{SITE}/gateways/world/messages/{other.public_id}/receipts/") == 403
    assert post(path, fields, url=f"http://saldo.example{path}") == 403
    form = "application/x-www-form-urlencoded"
    signature = RequestValidator(TOKEN).compute_signature(SITE + path, fields)
    changed = urlencode({**fields, "MessageStatus": "undelivered"})
    for body, given in ((changed, signature), (urlencode(fields), ""), (urlencode(fields), "é")):
        headers = {"X-Twilio-Signature": given}
        assert Client().post(path, body, content_type=form, headers=headers).status_code == 403
    assert DeliveryReceipt.objects.count() == 0
    assert post(path, fields) == 204


def test_a_signed_body_that_is_no_form_or_names_no_message_is_refused(far_end: FarEnd, db: None) -> None:
    path = f"/gateways/world/messages/{uuid.uuid4()}/receipts/"
    assert post(path, {"MessageStatus": "delivered"}) == 400
    assert post(path, {"MessageSid": "x" * 65}) == 400
    assert post(path, {"MessageSid": "a\x00b"}) == 400
    for body in (b"\xff\xfe", b"a;b", b"[]"):
        client = Client(headers={"X-Twilio-Signature": "x"})
        assert client.post(path, body, content_type="text/plain").status_code in {400, 403}


def test_a_receipt_for_a_message_of_nobody_is_kept(far_end: FarEnd, db: None) -> None:
    path = f"/gateways/world/messages/{uuid.uuid4()}/receipts/"
    assert post(path, {"MessageSid": "SMx", "MessageStatus": "delivered"}) == 204
    assert DeliveryReceipt.objects.get().message is None


def test_a_reply_is_kept_once_however_often_it_is_brought(far_end: FarEnd, db: None) -> None:
    fields = {"MessageSid": "SMr", "From": "+393471230101", "To": "+447700900100", "Body": "Sì, grazie 😀\nCiao"}
    for _ in range(3):
        assert post(REPLIES, fields) == 204
    reply = Reply.objects.get()
    assert (reply.source, reply.destination, reply.text) == ("+393471230101", "+447700900100", fields["Body"])
    assert post(REPLIES, {**fields, "MessageSid": "SMs", "From": ""}) == 400
    assert post(REPLIES, fields, token="another") == 403
    assert Reply.objects.count() == 1


def test_nobody_else_has_a_door(far_end: FarEnd, db: None, client: Client) -> None:
    assert post("/gateways/elsewhere/replies/", {"MessageSid": "SMr", "From": "+393471230101"}) == 404
    assert client.get(REPLIES).status_code == 405


def test_the_official_package_and_ours_sign_alike() -> None:
    for fields in ({}, {"b": "2", "a": "1"}, {"Body": "più € 😀", "a": "", "A": "x=y&z"}):
        url = f"{SITE}{REPLIES}?x=1&y=%C3%A9"
        assert twilio.sign(url, list(fields.items()), TOKEN) == RequestValidator(TOKEN).compute_signature(url, fields)
