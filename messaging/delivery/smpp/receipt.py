"""What a deliver_sm reports of a message: read from its parameters where it has them, else from its text, leniently."""

import re
from typing import Final, NamedTuple

from messaging.delivery.smpp.codec import Deliver
from messaging.delivery.smpp.words import IS_NOTIFICATION, IS_RECEIPT, MESSAGE_TYPE, Tag

# Section 5.2.28, in the words that Appendix B has for the same states.
_STATES: Final = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_ID: Final = re.compile(r"\bid:\s*([^\s:]+)", re.IGNORECASE)
_STATE: Final = re.compile(r"\bstat:\s*([a-z]+)", re.IGNORECASE)
_ERROR: Final = re.compile(r"\berr:\s*([0-9a-z]+)", re.IGNORECASE)
_DONE: Final = re.compile(r"\bdone date:\s*(\d{10,14})", re.IGNORECASE)
_TEXT: Final = re.compile(r"\btext:", re.IGNORECASE)


class Receipt(NamedTuple):
    """A report in the SMSC's words. `state` is one of Appendix B, `error` its digits, `done` YYMMDDhhmm[ss]; or empty.

    `id_is_ours`: the id stands as it stood in the answer to submit_sm, and not in the writing of the texts.
    """

    message_id: str
    id_is_ours: bool
    state: str
    error: str
    done: str


def receipt(deliver: Deliver) -> Receipt | None:
    """The report this deliver_sm is, or None for one that a person wrote.

    Suppliers mark reports in esm_class, or give the parameter receipted_message_id, or do neither.
    """
    text = deliver.octets.decode("latin-1")
    tagged = _c_octets(deliver.tags.get(Tag.RECEIPTED_MESSAGE_ID, b""))
    kind = deliver.esm_class & MESSAGE_TYPE
    if not tagged and kind not in {IS_RECEIPT, IS_NOTIFICATION} and not (_ID.match(text) and _STATE.search(text)):
        return None
    # The words of the person may follow, and say anything.
    text = _TEXT.split(text, maxsplit=1)[0]
    state = deliver.tags.get(Tag.MESSAGE_STATE, b"")
    error = deliver.tags.get(Tag.NETWORK_ERROR_CODE, b"")
    return Receipt(
        message_id=tagged or _found(_ID, text),
        id_is_ours=bool(tagged),
        state=_STATES.get(state[0], "") if state else _found(_STATE, text).upper()[:7],
        error=_found(_ERROR, text) or (str(int.from_bytes(error[1:3], "big")) if len(error) == 3 else ""),
        done=_found(_DONE, text),
    )


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _c_octets(value: bytes) -> str:
    return value.split(b"\0", 1)[0].decode("latin-1").strip()
