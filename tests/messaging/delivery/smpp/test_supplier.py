"""What an address of an SMPP gateway may say, and what its answers and receipts mean."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from messaging.delivery.codes import State
from messaging.delivery.gateways import smpp
from messaging.delivery.gateways.base import Accepted, NotSent, Refused, Submission, Unheard
from messaging.delivery.reasons import REASONS
from messaging.delivery.smpp.codec import Address, Credentials, Deliver
from messaging.delivery.smpp.receipt import receipt
from messaging.delivery.smpp.window import Answer, Fate, Outcome
from messaging.delivery.smpp.words import Tag

PLAIN = smpp.options("smpps://saldo:s%3Acret@smsc.example:3551?window=20")
KEY = uuid.uuid4()
SUBMISSION = Submission(KEY, "Saldo", "+393471000100", "Ciao", "gsm7")
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TEXT = "id:{id} sub:001 dlvrd:001 submit date:2611200958 done date:2611200959 stat:{state} err:{error} Text:id:9 stat:X"


def delivered(text: str = "", *, esm_class: int = 4, tags: dict[int, bytes] | None = None) -> Deliver:
    return Deliver(1, "393471000100", "Saldo", esm_class, 0, text.encode(), tags or {})


def test_an_address_says_where_who_and_how() -> None:
    (peer,) = PLAIN.peers
    assert (peer.host, peer.port, peer.tls, peer.habits.window) == ("smsc.example", 3551, True, 20)
    assert peer.credentials == Credentials("transceiver", "saldo", "s:cret")
    first, second = smpp.options("smpp://saldo:x@smsc.example?mode=separate&ids=hex-decimal").peers
    assert (first.credentials.kind, second.credentials.kind, first.port) == ("transmitter", "receiver", 2775)


@pytest.mark.parametrize(
    "address",
    [
        "smpp://smsc.example",
        "smpp://a:b@",
        "smpp://a:b@h?window=0",
        "smpp://a:b@h?window=many",
        "smpp://a:b@h?mode=both",
        "smpp://a:b@h?windw=5",
        "smpp://a:b@h:99999",
        "http://a:b@h",
    ],
)
def test_an_address_that_is_none_is_refused_without_its_secret(address: str) -> None:
    with pytest.raises(smpp.BadAddress) as refusal:
        smpp.options(address)
    assert "a:b" not in str(refusal.value)


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ("+447700900100", Address(1, 1, "447700900100")),
        ("Saldo", Address(5, 0, "Saldo")),
        ("48111", Address(3, 0, "48111")),
    ],
)
def test_a_sender_is_a_number_a_short_one_or_a_name(shown: str, written: Address) -> None:
    assert smpp.address(shown) == written


OK, LOST, NOT_SENT = Answer(0, "1f"), Fate.LOST, Fate.NOT_SENT


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        ([OK], Accepted(KEY, "1f")),
        ([OK, Answer(0, "20"), Answer(0, "21")], Accepted(KEY, "1f", ("20", "21"))),
        ([Answer(0, "")], Accepted(KEY, str(KEY))),
        ([NOT_SENT], NotSent(KEY)),
        ([NOT_SENT, NOT_SENT], NotSent(KEY)),
        ([Answer(4, "")], NotSent(KEY)),
        ([Answer(4, ""), NOT_SENT], NotSent(KEY)),
        ([OK, Answer(4, "")], Refused(KEY, "other")),
        ([LOST, Answer(4, "")], Refused(KEY, "other")),
        ([LOST], Unheard(KEY)),
        ([OK, LOST], Unheard(KEY)),
        ([OK, NOT_SENT], Unheard(KEY)),
        ([Answer(0x0B, "")], Refused(KEY, "invalid_number")),
        ([Answer(0x0A, "")], Refused(KEY, "blocked_sender")),
        ([Answer(0x1234, "")], Refused(KEY, "other")),
        ([OK, Answer(0x45, "")], Refused(KEY, "gateway_fault")),
    ],
)
def test_the_outcomes_of_its_parts_are_the_outcome_of_a_message(parts: list[Outcome], outcome: object) -> None:
    assert smpp.outcome(SUBMISSION, parts, PLAIN) == outcome


@pytest.mark.parametrize(
    ("word", "error", "state", "reason"),
    [
        ("DELIVRD", "000", State.DELIVERED, ""),
        ("UNDELIV", "001", State.UNDELIVERED, "unknown_number"),
        ("UNDELIV", "ffff", State.UNDELIVERED, "other"),
        ("EXPIRED", "027", State.EXPIRED, "absent"),
        ("REJECTD", "013", State.UNDELIVERED, "barred"),
        ("ACCEPTD", "000", State.ACCEPTED, ""),
        ("ENROUTE", "000", State.ACCEPTED, ""),
        ("UNKNOWN", "000", State.ACCEPTED, ""),
        ("Whatever", "5", State.ACCEPTED, ""),
    ],
)
def test_a_receipt_is_read_from_its_text(word: str, error: str, state: State, reason: str) -> None:
    deliver = delivered(TEXT.format(id="0042", state=word, error=error))
    found = receipt(deliver)
    assert found is not None
    report = smpp.report(deliver, found, PLAIN, NOW)
    assert (report.message_id, report.state, report.reason) == ("0042", state, reason)
    assert (report.reported_at, report.recipient) == (NOW - timedelta(minutes=1), "+393471000100")


def test_parameters_go_before_the_text() -> None:
    tags = {Tag.RECEIPTED_MESSAGE_ID: b"abc\0", Tag.MESSAGE_STATE: b"\x05", Tag.NETWORK_ERROR_CODE: b"\x03\0\x01"}
    found = receipt(delivered("something else", esm_class=0, tags={int(tag): value for tag, value in tags.items()}))
    assert found is not None
    assert (found.message_id, found.state, found.error) == ("abc", "UNDELIV", "1")


@pytest.mark.parametrize(
    "written",
    [
        "ID: 7 STAT: delivrd",
        "id:7 stat:DELIVRD",
        "id:7 sub:001 dlvrd:000 stat:DELIVRD err:abc",
        "foo id:7 stat:DELIVRD",
    ],
)
def test_the_text_of_a_receipt_is_read_leniently(written: str) -> None:
    found = receipt(delivered(written))
    assert found is not None
    assert (found.message_id, found.state) == ("7", "DELIVRD")


def test_what_a_person_writes_is_no_receipt() -> None:
    assert receipt(delivered("Hello", esm_class=0)) is None
    assert receipt(delivered("my id: 7", esm_class=0)) is None
    assert receipt(delivered("id:7 stat:DELIVRD", esm_class=0)) is not None


def test_ids_are_one_whether_written_in_hex_or_decimal() -> None:
    options = smpp.options("smpp://a:b@h?ids=hex-decimal")
    accepted = smpp.outcome(SUBMISSION, [Answer(0, "0000002A")], options)
    assert accepted == Accepted(KEY, "42")
    deliver = delivered(TEXT.format(id="0000000042", state="DELIVRD", error="000"))
    found = receipt(deliver)
    assert found is not None
    assert smpp.report(deliver, found, options, NOW).message_id == "42"
    tagged = delivered("x", tags={Tag.RECEIPTED_MESSAGE_ID: b"2A\0"})
    found = receipt(tagged)
    assert found is not None
    assert smpp.report(tagged, found, options, NOW).message_id == "42"
    assert smpp.message_id("not-a-number", 16) == "not-a-number"


def test_every_code_leads_to_a_reason_there_is() -> None:
    assert {*smpp.REFUSALS.values(), *smpp.ERRORS.values()} <= set(REASONS)
