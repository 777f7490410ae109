"""What an SMSC that others wrote reads is what was typed, and what it writes is what we read."""

from itertools import count

import pytest

from messaging.delivery.smpp import text
from messaging.delivery.smpp.codec import Address, Submit
from messaging.delivery.smpp.session import Habits
from messaging.delivery.smpp.text import Place
from messaging.delivery.smpp.window import Answer
from messaging.encoding import alphabet
from messaging.encoding.segments import normalise
from tests.messaging.delivery.smpp.bound import Bound, outcomes, run, until
from tests.messaging.delivery.smpp.far_end import ForeignSmsc

ALPHABET = "".join(char for char in alphabet.BASIC_TABLE if char in alphabet.BASIC and char != "\r")
EXTENSION = "".join(alphabet.EXTENSION_TABLE)


def around(char: str, ends: range, filler: str) -> list[str]:
    """Texts in which the character stands at each place around the end of a part."""
    return [filler * before + char + filler * 20 for before in ends]


TEXTS = [
    *ALPHABET,
    ALPHABET,
    *EXTENSION,
    EXTENSION,
    EXTENSION * 20,
    *(each for char in EXTENSION for each in around(char, range(148, 162), "a")),
    *(each for char in "€]" for each in around(char, range(300, 312), "a")),
    *around("😀", range(64, 72), "è"),
    *around("😀", range(62, 72), "漢"),
    *around("😀", range(128, 140), "漢"),
    *around("👩‍👩‍👧‍👦", range(50, 72), "漢"),
    "😀" * 67,
    "😀" * 70,
    "Però `così` “è” – già… 漢字 😀",
    "ÀÈÌÒÙ",
    "a" * 160,
    "a" * 161,
    "]" * 153,
    "x\r\ny",
    "e\u0300",
    "\f" * 80,
]


def submits(typed: str, reference: int, number: int) -> list[Submit]:
    destination = Address(1, 1, str(393_470_000_000 + number))
    return [
        Submit(Address(5, 0, "Saldo"), destination, part.octets, part.data_coding, part.esm_class)
        for part in text.parts(typed, reference)
    ]


def test_every_character_and_every_split_is_read_back_as_it_was_typed() -> None:
    async def story() -> None:
        async with ForeignSmsc() as smsc, Bound(smsc, Habits(window=50)) as bound:
            session = await bound.up()
            references = count()
            messages = [submits(typed, next(references), number) for number, typed in enumerate(TEXTS)]
            answers = await outcomes(session.submit(messages))
            assert all(isinstance(answer, Answer) and answer.status == 0 for each in answers for answer in each)
            read: dict[str, list[tuple[int, int, str]]] = {}
            for pdu in await smsc.submitted(sum(map(len, messages))):
                place = bytes.fromhex(pdu["header"][0])[-2:] if pdu["header"] else b"\x01\x01"
                read.setdefault(pdu["destination"], []).append((place[1], place[0], pdu["text"] or ""))
            for number, typed in enumerate(TEXTS):
                parts = sorted(read[str(393_470_000_000 + number)])
                assert [each[0] for each in parts] == list(range(1, parts[0][1] + 1))
                assert "".join(each[2] for each in parts) == normalise(typed)

    run(story())


def test_who_sends_and_who_is_asked_to_report_are_read() -> None:
    async def story() -> None:
        async with ForeignSmsc() as smsc, Bound(smsc) as bound:
            session = await bound.up()
            ((answer,),) = await outcomes(session.submit([submits("Ciao", 1, 7)]))
            (pdu,) = await smsc.submitted(1)
            assert answer == Answer(0, pdu["id"])
            assert (pdu["source"], pdu["source_ton"], pdu["destination_ton"]) == ("Saldo", 5, 1)
            assert (pdu["destination"], pdu["registered_delivery"]) == ("393470000007", 1)

    run(story())


def test_a_wrong_password_is_refused_and_a_goodbye_is_heard() -> None:
    async def story() -> None:
        async with ForeignSmsc() as smsc:
            async with Bound(smsc, password="wrong") as bound:
                await until(lambda: bool(bound.changes))
                assert bound.changes[0] == (False, "the bind was refused with status 0x0000000E")
            async with Bound(smsc) as bound:
                await bound.up()
            await smsc.heard(lambda each: "unbound" in each, 1)

    run(story())


@pytest.mark.parametrize("typed", [ALPHABET, EXTENSION, "漢字 😀"])
def test_a_reply_it_writes_is_read(typed: str) -> None:
    async def story() -> None:
        async with ForeignSmsc() as smsc, Bound(smsc) as bound:
            await bound.up()
            coding = 0 if alphabet.is_gsm(typed) else 8
            smsc.deliver(
                source_addr_ton=1,
                source_addr="393471000100",
                destination_addr="4321",
                data_coding=coding,
                short_message={"message": typed},
            )
            await smsc.heard(lambda each: "answered" in each, 1)
            (deliver,) = bound.delivered
            assert (deliver.source, deliver.destination) == ("+393471000100", "4321")
            place, octets = text.place(deliver)
            assert place is None
            assert text.read(octets, deliver.data_coding) == typed

    run(story())


def test_a_part_of_a_reply_it_writes_knows_its_place() -> None:
    async def story() -> None:
        async with ForeignSmsc() as smsc, Bound(smsc) as bound:
            await bound.up()
            smsc.deliver(esm_class=0x40, short_message={"udh": "050003070201", "message": "one{"}, source_addr="39347")
            await smsc.heard(lambda each: "answered" in each, 1)
            place, octets = text.place(bound.delivered[0])
            assert (place, text.read(octets, 0)) == (Place(7, 2, 1), "one{")

    run(story())
