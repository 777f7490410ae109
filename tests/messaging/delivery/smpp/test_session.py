"""The session against an SMSC of our own on loopback."""

import asyncio
import time
from contextlib import suppress

import pytest

from messaging.delivery.smpp.session import Habits
from messaging.delivery.smpp.window import Answer, Fate
from tests.faults.smsc import Manners, Smsc
from tests.messaging.delivery.smpp.bound import Bound, outcomes, run, to, until


def test_messages_go_through_a_window_and_every_answer_comes_home() -> None:
    async def story() -> None:
        async with Smsc() as smsc, Bound(smsc) as bound:
            session = await bound.up()
            found = await outcomes(session.submit(to(393470000000 + each) for each in range(500)))
            assert [each.destination for each in smsc.taken] == [str(393470000000 + each) for each in range(500)]
            assert found == [[Answer(0, taken.id)] for taken in smsc.taken]
            assert smsc.binds == [(9, "saldo", "secret")]

    run(story())


def test_no_more_than_the_window_is_under_way() -> None:
    async def story() -> None:
        async with Smsc(manners=Manners(silent=True)) as smsc, Bound(smsc) as bound:
            session = await bound.up()
            session.submit(to() for _ in range(25))
            await until(lambda: smsc.count == 10)
            assert (session.in_flight, session.queued) == (10, 15)
            await asyncio.sleep(0.3)
            assert smsc.count == 10

    run(story())


def test_the_window_is_refilled_with_every_response() -> None:
    """A window of ten that is refilled lazily gave 228 a second."""

    async def story() -> None:
        async with Smsc() as smsc, Bound(smsc) as bound:
            session = await bound.up()
            begun = time.monotonic()
            await outcomes(session.submit(to() for _ in range(2000)))
            assert time.monotonic() - begun < 2

    run(story())


def test_a_busy_smsc_is_given_time_and_nothing_is_lost_or_sent_twice() -> None:
    async def story() -> None:
        async with Smsc(manners=Manners(most_per_second=40)) as smsc, Bound(smsc) as bound:
            session = await bound.up()
            found = await outcomes(session.submit(to(393470000000 + each) for each in range(100)))
            assert all(isinstance(each, Answer) and each.status == 0 for (each,) in found)
            assert sorted(each.destination for each in smsc.taken) == [str(393470000000 + each) for each in range(100)]

    run(story())


def test_what_a_busy_smsc_never_takes_comes_back_as_not_sent() -> None:
    async def story() -> None:
        habits = Habits(window=10, queue_patience=0.5)
        async with Smsc(manners=Manners(most_per_second=0)) as smsc, Bound(smsc, habits) as bound:
            session = await bound.up()
            found = await outcomes(session.submit(to() for _ in range(30)))
            assert found == [[Fate.NOT_SENT]] * 30
            assert smsc.taken == []

    run(story())


def test_a_refusal_is_an_answer() -> None:
    async def story() -> None:
        async with Smsc(manners=Manners(refuse={"393470000001": 0x0B})) as smsc, Bound(smsc) as bound:
            session = await bound.up()
            found = await outcomes(session.submit([to(393470000001), to(393470000002)]))
            assert found == [[Answer(0x0B, "")], [Answer(0, smsc.taken[0].id)]]

    run(story())


def test_what_was_under_way_when_the_smsc_died_is_lost_and_what_waited_was_not_sent() -> None:
    async def story() -> None:
        async with Smsc(manners=Manners(silent=True)) as smsc, Bound(smsc) as bound:
            session = await bound.up()
            futures = session.submit(to() for _ in range(25))
            await until(lambda: smsc.count == 10)
            smsc.hang_up()
            assert await outcomes(futures) == [[Fate.LOST]] * 10 + [[Fate.NOT_SENT]] * 15
            smsc.manners.silent = False
            await until(lambda: bound.link.session not in {None, session})
            assert await outcomes(session.submit([to()])) == [[Fate.NOT_SENT]]
            assert len((await outcomes(bound.session.submit([to()])))[0]) == 1
            assert [up for up, _ in bound.changes] == [True, False, True]

    run(story())


def test_all_parts_of_a_message_end_together() -> None:
    async def story() -> None:
        async with Smsc() as smsc, Bound(smsc) as bound:
            session = await bound.up()
            (found,) = await outcomes(session.submit([(*to(octets=b"1"), *to(octets=b"2"), *to(octets=b"3"))]))
            assert found == [Answer(0, taken.id) for taken in smsc.taken]

    run(story())


def test_closing_finishes_what_was_begun_and_takes_back_the_rest() -> None:
    async def story() -> None:
        async with Smsc(manners=Manners(latency=0.2)) as smsc, Bound(smsc) as bound:
            session = await bound.up()
            many = tuple(part for _ in range(15) for part in to())
            futures = session.submit([many, to(), to()])
            await until(lambda: smsc.count == 10)
            await bound.link.stop(drain=5)
            begun, *rest = await outcomes(futures)
            assert all(isinstance(each, Answer) for each in begun)
            assert rest == [[Fate.NOT_SENT]] * 2
            assert smsc.received_commands[-1] == 0x06
            assert len(smsc.taken) == 15

    run(story())


def test_a_silent_line_is_asked_and_a_dead_one_left() -> None:
    async def story() -> None:
        async with Smsc() as smsc, Bound(smsc) as bound:
            session = await bound.up()
            await until(lambda: 0x15 in smsc.received_commands)
            smsc.manners.deaf = True
            assert await asyncio.wait_for(asyncio.shield(session.ended), 5) == "the SMSC is silent"

    run(story())


def test_an_answer_that_is_overdue_leaves_its_place_and_still_counts_when_it_comes() -> None:
    async def story() -> None:
        habits = Habits(window=3, response_patience=0.3)
        async with Smsc() as smsc, Bound(smsc, habits) as bound:
            session, answers = await bound.up(), list[bytes]()
            smsc.connections[0]._write = answers.append  # type: ignore[assignment, method-assign]
            futures = session.submit([to(), to(), to(), to()])
            await until(lambda: smsc.count == 4)
            assert not any(future.done() for future in futures)
            smsc.connections[0].transport.write(b"".join(answers))
            assert await outcomes(futures) == [[Answer(0, taken.id)] for taken in smsc.taken]

    run(story())


def test_the_rate_is_kept_and_changed_at_once() -> None:
    async def story() -> None:
        async with Smsc() as smsc, Bound(smsc) as bound:
            session = await bound.up()
            session.pace.rate = 20
            begun = time.monotonic()
            futures = session.submit(to() for _ in range(200))
            await until(lambda: smsc.count >= 15)
            assert smsc.count <= 6 + 20 * (time.monotonic() - begun)
            session.pace.rate = None
            await outcomes(futures)

    run(story())


def test_a_refused_bind_is_tried_again_and_said() -> None:
    async def story() -> None:
        async with Smsc(manners=Manners(refuse_binds=0x0E)) as smsc, Bound(smsc) as bound:
            await until(lambda: len(smsc.binds) > 2)
            assert bound.changes[0] == (False, "the bind was refused with status 0x0000000E")
            smsc.manners.refuse_binds = 0
            await bound.up()

    run(story())


def test_a_stop_does_not_wait_for_an_smsc_that_does_not_answer_the_bind() -> None:
    async def story() -> None:
        async with Smsc(manners=Manners(deaf=True)) as smsc, Bound(smsc, Habits(bind_patience=30)) as bound:
            await until(lambda: bool(smsc.connections))
            begun = time.monotonic()
            await bound.link.stop(drain=10)
            await bound.ended()
            assert time.monotonic() - begun < 2

    run(story())


def test_what_is_delivered_is_handed_on_and_answered() -> None:
    async def story() -> None:
        async with Smsc() as smsc, Bound(smsc) as bound:
            await bound.up()
            smsc.deliver(b"hello")
            await until(lambda: bool(smsc.connections[0].responses))
            assert smsc.connections[0].responses == {1: 0}
            assert [each.octets for each in bound.delivered] == [b"hello"]

    run(story())


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x05" + b"\0" * 30, b""])
def test_a_far_end_that_speaks_something_else_is_left(answer: bytes) -> None:
    async def story() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                await reader.read(100)
                writer.write(answer)
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        smsc = Smsc(port=server.sockets[0].getsockname()[1])
        async with Bound(smsc) as bound:
            await until(lambda: len(bound.changes) > 1)
            assert not any(up for up, _ in bound.changes)
        server.close()

    run(story())


def test_pdus_cut_anywhere_are_put_together() -> None:
    async def story() -> None:
        async with Smsc() as smsc, Bound(smsc) as bound:
            await bound.up()
            connection = smsc.connections[0]
            write, cut = connection.transport.write, bytearray()
            connection.transport.write = cut.extend  # type: ignore[method-assign,assignment]
            for each in range(5):
                connection.deliver(b"x" * each)
            for octet in bytes(cut):
                write(bytes([octet]))
                await asyncio.sleep(0)
            await until(lambda: len(bound.delivered) == 5)
            assert [len(each.octets) for each in bound.delivered] == [0, 1, 2, 3, 4]

    run(story())
