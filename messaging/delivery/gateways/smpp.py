"""SMPP 3.4 as a supplier: what its address may say, its table of codes, and our words for what it answers.

    smpps://system_id:password@host:port?window=50&mode=separate&ids=hex-decimal&ca=/etc/…/authorities.pem

The process that speaks it is `manage.py smpp_gateway <name>`; `smpp` is without TLS, for a line that is private already.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from messaging.delivery.codes import State
from messaging.delivery.gateways.base import Accepted, NotSent, Outcome, Refused, Report, Submission, Unheard
from messaging.delivery.smpp import text
from messaging.delivery.smpp.codec import Address, Credentials, Deliver, Submit
from messaging.delivery.smpp.link import Peer
from messaging.delivery.smpp.receipt import Receipt
from messaging.delivery.smpp.session import Habits
from messaging.delivery.smpp.window import Answer, Fate, Outcomes
from messaging.delivery.smpp.words import Status

KINDS: Final = frozenset({"smpp", "smpps"})

_DEFAULT_PORTS: Final = {"smpp": 2775, "smpps": 3550}
_MODES: Final = {"transceiver": ("transceiver",), "separate": ("transmitter", "receiver")}
# How the id is written in the answer to submit_sm, and in the text of a receipt.
_BASES: Final = {"as-is": (None, None), "hex-decimal": (16, 10), "decimal-hex": (10, 16), "hex-hex": (16, 16)}
_LONGEST_ID: Final = 64

# Appendix B. Nothing leads from DELETED or REJECTD to a telephone; UNKNOWN tells nothing, so more may come.
STATES: Final = {
    "ENROUTE": State.ACCEPTED,
    "ACCEPTD": State.ACCEPTED,
    "UNKNOWN": State.ACCEPTED,
    "DELIVRD": State.DELIVERED,
    "EXPIRED": State.EXPIRED,
    "DELETED": State.UNDELIVERED,
    "UNDELIV": State.UNDELIVERED,
    "REJECTD": State.UNDELIVERED,
}
# The command_status of a refused submit_sm, section 5.1.3.
REFUSALS: Final = {
    0x0A: "blocked_sender",  # ESME_RINVSRCADR
    0x0B: "invalid_number",  # ESME_RINVDSTADR
    0x08: "gateway_fault",  # ESME_RSYSERR
    0x45: "gateway_fault",  # ESME_RSUBMITFAIL
    0x48: "blocked_sender",  # ESME_RINVSRCTON
    0x49: "blocked_sender",  # ESME_RINVSRCNPI
    0x50: "invalid_number",  # ESME_RINVDSTTON
    0x51: "invalid_number",  # ESME_RINVDSTNPI
    0x01: "gateway_fault",  # ESME_RINVMSGLEN
    0x02: "gateway_fault",  # ESME_RINVCMDLEN
    0x03: "gateway_fault",  # ESME_RINVCMDID
    0x43: "gateway_fault",  # ESME_RINVESMCLASS
}
# `err:` of a receipt: the causes of GSM MAP (3GPP TS 29.002, 17.6), which most suppliers hand on.
ERRORS: Final = {
    "1": "unknown_number",
    "5": "unknown_number",
    "6": "absent",
    "9": "barred",
    "11": "unsupported",
    "12": "barred",
    "13": "barred",
    "21": "unsupported",
    "27": "absent",
    "31": "absent",
    "32": "memory_full",
    "34": "network_fault",
}


class BadAddress(ValueError):
    """What the environment says of an SMPP gateway cannot be read; the sentence says why, and no secret."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the address of a gateway says. The first peer is the one that sends."""

    peers: tuple[Peer, ...]
    answer_base: int | None
    receipt_base: int | None


def options(url: str) -> Options:
    """Read the address of a gateway. Raises `BadAddress`."""
    try:
        parts = urlsplit(url)
        said = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
        window = int(said.pop("window", "50"))
        modes = _MODES[said.pop("mode", "transceiver")]
        answer_base, receipt_base = _BASES[said.pop("ids", "as-is")]
        ca, system_type = said.pop("ca", None), said.pop("system_type", "")
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise BadAddress(f"an SMPP gateway's address is not understood: {error}") from error
    if said or not parts.hostname or not parts.username or not 1 <= window <= 1000:
        raise BadAddress("an SMPP gateway's address needs a system_id, a host, a window of 1 to 1000, known options")
    system_id, password = unquote(parts.username), unquote(parts.password or "")
    peers = tuple(
        Peer(
            host=parts.hostname,
            port=port,
            credentials=Credentials(mode, system_id, password, system_type),
            tls=parts.scheme == "smpps",
            authorities=ca,
            habits=Habits(window=window),
        )
        for mode in modes
    )
    return Options(peers, answer_base, receipt_base)


def submits(submission: Submission, reference: int) -> list[Submit]:
    """The parts of a message. `reference` is another one for each message to the same telephone."""
    source, destination = address(submission.sender), address(submission.recipient)
    return [
        Submit(source, destination, part.octets, part.data_coding, part.esm_class)
        for part in text.parts(submission.text, reference)
    ]


def address(shown: str) -> Address:
    """An international number, a short one, or a name (section 5.2.5)."""
    if shown.startswith("+"):
        return Address(1, 1, shown[1:])
    return Address(3, 0, shown) if shown.isdigit() else Address(5, 0, shown)


def outcome(submission: Submission, parts: Outcomes, options: Options) -> Outcome:
    """What the outcomes of its parts make of a message. One that left in part only is not sent again."""
    key = submission.key
    answers = [part for part in parts if isinstance(part, Answer)]
    refused = [answer.status for answer in answers if answer.status != Status.OK]
    if all(part is Fate.NOT_SENT or (isinstance(part, Answer) and part.status == Status.NOT_BOUND) for part in parts):
        return NotSent(key)
    if refused:
        return Refused(key, REFUSALS.get(refused[0], "other"))
    if len(answers) < len(parts):
        return Unheard(key)
    # An SMSC that gives no id has taken the message all the same.
    first, *further = [message_id(each.message_id, options.answer_base) or f"{key}" for each in answers]
    return Accepted(key, first, tuple(further))


def message_id(written: str, base: int | None) -> str:
    """An id as we keep it: decimal where the supplier counts in `base`, else as it is written."""
    kept = "".join(char for char in written if char.isprintable())[:_LONGEST_ID].strip()
    if base is None:
        return kept
    try:
        return str(int(kept, base))
    except ValueError:
        return kept


def report(deliver: Deliver, found: Receipt, options: Options, now: datetime) -> Report:
    """The receipt that was found in this deliver_sm, in our words."""
    base = options.answer_base if found.id_is_ours else options.receipt_base
    state = STATES.get(found.state, State.ACCEPTED)
    failed = state in {State.UNDELIVERED, State.EXPIRED}
    reason = ERRORS.get(found.error.lstrip("0"), "other") if failed else ""
    recipient = deliver.source if deliver.source.startswith("+") else f"+{deliver.source}"
    return Report(message_id(found.message_id, base), state, reason, _done_at(found, now), recipient=recipient[:16])


def _done_at(found: Receipt, now: datetime) -> datetime:
    """When the SMSC says it happened; suppliers mean UTC, or nothing one could rely on: then it is now."""
    try:
        done_at = datetime.strptime(found.done[:10], "%y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return now
    return min(done_at, now) if abs((now - done_at).days) < 4 else now
