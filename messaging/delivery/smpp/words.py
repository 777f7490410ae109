"""The numbers of SMPP 3.4 that a client meets, under the names of the specification (sections 5.1.2 to 5.3)."""

from enum import IntEnum
from typing import Final

# Plain integers: they are compared for every PDU.
GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER: Final = 0x00000001
BIND_TRANSMITTER: Final = 0x00000002
SUBMIT_SM: Final = 0x00000004
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
BIND_TRANSCEIVER: Final = 0x00000009
ENQUIRE_LINK: Final = 0x00000015
ALERT_NOTIFICATION: Final = 0x00000102
RESPONSE: Final = 0x80000000
SUBMIT_SM_RESP: Final = SUBMIT_SM | RESPONSE

HEADER_OCTETS: Final = 16
MOST_OCTETS: Final = 0x20000
LAST_SEQUENCE: Final = 0x7FFFFFFF
VERSION: Final = 0x34


class Status(IntEnum):
    """What a command_status says; a supplier may send others."""

    OK = 0x00
    INVALID_COMMAND_LENGTH = 0x02
    INVALID_COMMAND = 0x03
    NOT_BOUND = 0x04
    ALREADY_BOUND = 0x05
    SYSTEM_ERROR = 0x08
    INVALID_SOURCE = 0x0A
    INVALID_DESTINATION = 0x0B
    BIND_FAILED = 0x0D
    INVALID_PASSWORD = 0x0E
    INVALID_SYSTEM_ID = 0x0F
    QUEUE_FULL = 0x14
    SUBMIT_FAILED = 0x45
    THROTTLED = 0x58
    TEMPORARY_APPLICATION_ERROR = 0x64
    PERMANENT_APPLICATION_ERROR = 0x65


# The SMSC has not taken the message and asks for patience: it is offered again.
BUSY: Final = frozenset({Status.THROTTLED.value, Status.QUEUE_FULL.value})


class DataCoding(IntEnum):
    """How the octets of a text are to be read."""

    GSM = 0x00
    ASCII = 0x01
    BINARY = 0x02
    LATIN_1 = 0x03
    BINARY_ALIAS = 0x04
    UCS2 = 0x08


class Tag(IntEnum):
    """Optional parameters a deliver_sm is read for."""

    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_REFERENCE = 0x020C
    SAR_TOTAL = 0x020E
    SAR_NUMBER = 0x020F
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


# esm_class: a header in front of the text, and the two kinds of report a deliver_sm may be.
HAS_USER_DATA_HEADER: Final = 0x40
MESSAGE_TYPE: Final = 0x3C
IS_RECEIPT: Final = 0x04
IS_NOTIFICATION: Final = 0x20
