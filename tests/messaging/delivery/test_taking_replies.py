"""Replies as gateways bring them: kept once, and as they came."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from messaging.delivery import replies
from messaging.delivery.models import Reply

pytestmark = pytest.mark.django_db


def taken(now: datetime, **fields: str) -> Reply:
    given = {
        "gateway": "simulator",
        "key": "r1",
        "source": "+393471234567",
        "destination": "+393399955555",
        "text": "Grazie",
        **fields,
    }
    return replies.take(received_at=now, **given)


def test_a_reply_is_kept_once_however_often_it_comes(now: datetime) -> None:
    first = taken(now)
    assert taken(now, text="something else") == first
    assert taken(now, gateway="other") != first
    assert Reply.objects.count() == 2
    assert Reply.objects.get(pk=first.pk).text == "Grazie"


def test_the_table_keeps_a_reply_once_and_never_from_nowhere(now: datetime) -> None:
    known = taken(now)
    same = {"gateway": known.gateway, "destination": "x", "received_at": now}
    with pytest.raises(IntegrityError, match="a_reply_is_taken_once"), transaction.atomic():
        Reply.objects.create(key=known.key, source="x", **same)
    with pytest.raises(IntegrityError, match="a_reply_comes_from_somewhere"), transaction.atomic():
        Reply.objects.create(key="r2", source="", **same)
    with pytest.raises(ValueError, match="somewhere"):
        taken(now, key="r3", source=" ")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+39 347 1234567", "+393471234567"),
        ("0039 347 1234567", "+393471234567"),
        ("393471234567", "+393471234567"),
        ("48838", "48838"),
        ("TIM", "TIM"),
        ("+39\x00347", "+39347"),
        ("9" * 50, "+" + "9" * 23),
    ],
)
def test_a_number_is_kept_as_the_world_writes_it(written: str, kept: str) -> None:
    assert replies.number(written) == kept


def test_a_text_that_no_table_holds_is_still_kept(now: datetime) -> None:
    assert taken(now, text="a\x00b").text == "ab"
    assert len(taken(now, key="r2", text="x" * 1_000_000).text) == replies.MAX_CHARACTERS
