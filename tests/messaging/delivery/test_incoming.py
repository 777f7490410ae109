"""Long texts from telephones are joined, and what comes again is taken once."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError

from messaging.delivery import incoming
from messaging.delivery.models import Reply, ReplyPart
from messaging.delivery.smpp.text import Place

pytestmark = pytest.mark.django_db


def take(octets: bytes, now: datetime, place: Place | None = None, **given: object) -> None:
    fields = {"gateway": "italia", "source": "393471000100", "destination": "48111", "data_coding": 0, **given}
    incoming.take(octets=octets, place=place, now=now, **fields)  # type: ignore[arg-type]


def texts() -> list[str]:
    return list(Reply.objects.order_by("pk").values_list("text", flat=True))


def test_a_text_of_one_part_is_a_reply(now: datetime) -> None:
    take(b"Hi \x04", now)
    reply = Reply.objects.get()
    assert (reply.source, reply.destination, reply.text) == ("+393471000100", "48111", "Hi è")


def test_a_text_that_comes_again_is_taken_once(now: datetime) -> None:
    take(b"STOP", now)
    take(b"STOP", now + timedelta(minutes=4))
    assert texts() == ["STOP"]
    take(b"STOP", now + timedelta(minutes=20))
    assert texts() == ["STOP", "STOP"]


def test_parts_are_joined_in_their_order_whatever_order_they_come_in(now: datetime) -> None:
    for number, octets in ((3, b"c"), (1, b"a"), (3, b"c"), (2, b"b")):
        take(octets, now, Place(7, 3, number))
    take(b"b", now, Place(7, 3, 2))
    assert texts() == ["abc"]
    assert set(ReplyPart.objects.values_list("reply", flat=True)) == {Reply.objects.get().pk}


def test_a_character_that_was_cut_in_two_is_whole_again(now: datetime) -> None:
    octets = "😀".encode("utf-16-be")
    take(octets[:2], now, Place(1, 2, 1), data_coding=8)
    take(octets[2:], now, Place(1, 2, 2), data_coding=8)
    assert texts() == ["😀"]


@pytest.mark.parametrize("other", [{"source": "393471000101"}, {"destination": "48112"}, {"gateway": "world"}])
def test_parts_of_others_are_not_joined(now: datetime, other: dict[str, str]) -> None:
    take(b"a", now, Place(1, 2, 1))
    take(b"b", now, Place(1, 2, 2), **other)
    take(b"c", now, Place(2, 2, 2))
    take(b"d", now, Place(1, 3, 2))
    assert texts() == []


def test_what_does_not_come_is_not_waited_for(now: datetime) -> None:
    take(b"a", now, Place(1, 4, 1))
    take(b"c", now, Place(1, 4, 3))
    assert incoming.give_up_waiting(now=now + timedelta(minutes=29)) == 0
    assert incoming.give_up_waiting(now=now + timedelta(minutes=31)) == 1
    assert texts() == ["a[…]c[…]"]
    assert incoming.give_up_waiting(now=now + timedelta(minutes=31)) == 0
    incoming.give_up_waiting(now=now + timedelta(days=2))
    assert not ReplyPart.objects.exists()


def test_a_reference_that_comes_round_begins_another_text(now: datetime) -> None:
    take(b"a", now, Place(1, 2, 1))
    later = now + timedelta(hours=1)
    take(b"x", later, Place(1, 2, 1))
    take(b"y", later, Place(1, 2, 2))
    assert texts() == ["a[…]", "xy"]


def test_nobody_writes_nothing(now: datetime) -> None:
    with pytest.raises(ValueError, match="somewhere"):
        take(b"a", now, source="")


def part(now: datetime, **fields: object) -> ReplyPart:
    given = {
        "reference": 1,
        "part_count": 2,
        "number": 1,
        "data_coding": 0,
        "octets": b"",
        "received_at": now,
        **fields,
    }
    return ReplyPart.objects.create(gateway="italia", source="+39347", destination="1", **given)


def test_the_database_keeps_a_reply_part_once(now: datetime) -> None:
    part(now)
    with pytest.raises(IntegrityError, match="a_reply_part_is_kept_once"):
        part(now)


@pytest.mark.parametrize("fields", [{"number": 3}, {"number": 0}, {"part_count": 1}])
def test_the_database_keeps_a_reply_part_that_is_one_of_several(now: datetime, fields: dict[str, int]) -> None:
    with pytest.raises(IntegrityError, match="a_reply_part_is_one_of_several"):
        part(now, **fields)
