"""The link by which a question is answered: signed, good for some days, and for one question.

It leads to a page and gives no right: who opens it has to be signed in and allowed to buy. Programs that follow links
in mails change nothing. It is used up by the answer, because a question is answered once.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.signing import BadSignature, Signer

LIFE: Final = timedelta(days=3)
_SIGNER: Final = Signer(salt="auto_recharge.question")


class LinkInvalid(Exception):
    """The key was not made by us, or not for this question."""


class LinkOld(Exception):
    """The key was good for some days, and they are over."""


def key(question: UUID, now: datetime) -> str:
    """A key for the question's link that is good for `LIFE` from now on."""
    return _SIGNER.sign_object({"question": str(question), "until": int((now + LIFE).timestamp())})


def check(signed: str, question: UUID, now: datetime) -> None:
    """Raise `LinkInvalid` or `LinkOld` unless `signed` is a key for this question that is still good."""
    try:
        said: dict[str, Any] = _SIGNER.unsign_object(signed)
    except BadSignature as fault:
        raise LinkInvalid from fault
    if said["question"] != str(question):
        raise LinkInvalid
    if now.timestamp() >= said["until"]:
        raise LinkOld
