"""Our codec says and reads what smpplib's, which is another's, says and reads."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib.smpp import make_pdu, parse_pdu

from messaging.delivery.smpp import codec, words
from messaging.delivery.smpp.codec import Address, Credentials, Malformed, Submit
from messaging.delivery.smpp.words import Tag

ascii_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
numbers = st.from_regex(r"\A[1-9][0-9]{4,14}\Z")
octets = st.binary(max_size=254)
sequences = st.integers(1, words.LAST_SEQUENCE)
small = st.integers(0, 255)


class _Counting:
    """What smpplib asks for the number of a PDU."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence

    def next_sequence(self) -> int:
        return self.sequence


def written_by_smpplib(command: str, sequence: int, **fields: Any) -> bytes:
    written: bytes = make_pdu(command, client=_Counting(sequence), **fields).generate()
    return written


@given(
    submit=st.builds(
        Submit,
        source=st.builds(Address, small, small, ascii_text),
        destination=st.builds(Address, small, small, numbers),
        octets=octets,
        data_coding=small,
        esm_class=small,
        registered_delivery=small,
        service_type=ascii_text.map(lambda text: text[:5]),
    ),
    sequence=sequences,
)
def test_a_submit_sm_is_octet_for_octet_that_of_smpplib(submit: Submit, sequence: int) -> None:
    theirs = written_by_smpplib(
        "submit_sm",
        sequence,
        service_type=submit.service_type,
        source_addr_ton=submit.source.ton,
        source_addr_npi=submit.source.npi,
        source_addr=submit.source.digits,
        dest_addr_ton=submit.destination.ton,
        dest_addr_npi=submit.destination.npi,
        destination_addr=submit.destination.digits,
        esm_class=submit.esm_class,
        registered_delivery=submit.registered_delivery,
        data_coding=submit.data_coding,
        short_message=submit.octets,
    )
    ours = codec.pdu(words.SUBMIT_SM, sequence, body=codec.submit_sm(submit))
    assert ours == theirs


@given(
    kind=st.sampled_from(["transceiver", "transmitter", "receiver"]),
    system_id=ascii_text,
    password=ascii_text,
    system_type=ascii_text,
    sequence=sequences,
)
def test_a_bind_is_octet_for_octet_that_of_smpplib(
    kind: str, system_id: str, password: str, system_type: str, sequence: int
) -> None:
    theirs = written_by_smpplib(
        f"bind_{kind}", sequence, system_id=system_id, password=password, system_type=system_type
    )
    assert codec.bind(Credentials(kind, system_id, password, system_type), sequence) == theirs


@given(id=ascii_text, sequence=sequences)
def test_the_id_of_a_response_is_the_one_smpplib_writes(id: str, sequence: int) -> None:
    pdu = written_by_smpplib("submit_sm_resp", sequence, message_id=id)
    assert codec.message_id(pdu, words.HEADER_OCTETS, len(pdu)) == id


@given(
    source=numbers,
    destination=ascii_text,
    esm_class=small,
    data_coding=small,
    octets=octets,
    receipted=ascii_text.filter(bool),
    state=st.integers(1, 8),
    sequence=sequences,
)
def test_a_deliver_sm_is_read_as_smpplib_wrote_it_and_reads_it(
    source: str,
    destination: str,
    esm_class: int,
    data_coding: int,
    octets: bytes,
    receipted: str,
    state: int,
    sequence: int,
) -> None:
    written = written_by_smpplib(
        "deliver_sm",
        sequence,
        source_addr_ton=1,
        source_addr=source,
        destination_addr=destination,
        esm_class=esm_class,
        data_coding=data_coding,
        short_message=octets,
        receipted_message_id=receipted,
        message_state=state,
    )
    ours, theirs = codec.deliver_sm(written), parse_pdu(written, client=_Counting(0), allow_unknown_opt_params=True)
    assert ours.sequence == theirs.sequence == sequence
    assert ours.source == f"+{theirs.source_addr.decode()}" == f"+{source}"
    assert ours.destination == theirs.destination_addr.decode() == destination
    assert (ours.esm_class, ours.data_coding) == (theirs.esm_class, theirs.data_coding) == (esm_class, data_coding)
    assert ours.octets == (theirs.short_message or b"") == octets
    assert ours.tags[Tag.RECEIPTED_MESSAGE_ID] == theirs.receipted_message_id + b"\0"
    assert ours.tags[Tag.MESSAGE_STATE] == bytes([theirs.message_state]) == bytes([state])


@given(st.binary(max_size=80))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    try:
        codec.deliver_sm(codec.pdu(words.DELIVER_SM, 1, body=body))
    except Malformed:
        return


def test_parameters_nobody_knows_and_a_payload_are_read() -> None:
    body = b"\0\1\1393471000100\0\0\0123\0" + bytes((0, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0, 0))
    body += b"\x14\x03\0\x02hi" + b"\x04\x24\0\x05hello"
    deliver = codec.deliver_sm(codec.pdu(words.DELIVER_SM, 9, body=body))
    assert deliver.octets == b"hello"
    assert deliver.tags[0x1403] == b"hi"


@pytest.mark.parametrize("length", [0, 15, words.MOST_OCTETS + 1, 0xFFFFFFFF])
def test_a_pdu_that_cannot_be_so_long_is_none(length: int) -> None:
    with pytest.raises(Malformed):
        codec.length_of(length.to_bytes(4, "big"), 0)


@pytest.mark.parametrize(
    "submit",
    [
        Submit(Address(5, 0, "Saldo"), Address(1, 1, "39"), b"x" * 256, 0),
        Submit(Address(5, 0, "Èlite"), Address(1, 1, "39"), b"x", 0),
    ],
)
def test_what_fits_no_submit_sm_is_refused_before_it_is_sent(submit: Submit) -> None:
    with pytest.raises((ValueError, OverflowError)):
        codec.submit_sm(submit)
