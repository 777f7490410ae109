"""Whatever an SMSC sends, the session lives or ends; it never raises, and no message is left without an outcome."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from messaging.delivery.smpp import codec, words
from messaging.delivery.smpp.codec import Deliver
from messaging.delivery.smpp.receipt import receipt
from messaging.delivery.smpp.session import Habits, Session
from messaging.delivery.smpp.text import place, read
from tests.messaging.delivery.smpp.bound import to

COMMANDS = [
    words.SUBMIT_SM_RESP,
    words.DELIVER_SM,
    words.UNBIND,
    words.UNBIND | words.RESPONSE,
    words.ENQUIRE_LINK,
    words.ENQUIRE_LINK | words.RESPONSE,
    words.GENERIC_NACK,
    words.BIND_TRANSCEIVER | words.RESPONSE,
    words.ALERT_NOTIFICATION,
    0x77,
]
pdus = st.builds(
    lambda command, sequence, status, body: codec.pdu(command, sequence, status=status, body=body),
    st.sampled_from(COMMANDS),
    st.integers(0, 6),
    st.sampled_from([0, 0x58, 0x14, 0x0B, 0xFFFFFFFF]),
    st.binary(max_size=40),
)


@given(st.lists(st.one_of(pdus, st.binary(max_size=20)), max_size=12), st.integers(1, 30))
def test_anything_may_come(said: list[bytes], cut: int) -> None:
    async def story() -> None:
        def take(session: Session, deliver: Deliver) -> None:
            receipt(deliver)
            read(place(deliver)[1], deliver.data_coding)
            session.respond(deliver, 0)

        session = Session(Habits(window=3), take)
        session._bound = True
        futures = session.submit(to() for _ in range(6))
        octets = b"".join(said)
        for at in range(0, len(octets), cut):
            session.data_received(octets[at : at + cut])
        session.connection_lost(None)
        assert all(future.done() for future in futures)
        assert session.ended.done()
        assert (session.queued, session.in_flight) == (0, 0)

    asyncio.run(story())
