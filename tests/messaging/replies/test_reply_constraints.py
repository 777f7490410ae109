"""What the tables of replies refuse."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from messaging.replies import services
from messaging.replies.models import InboxReply, ReplyNumber, ReplySettings
from portal.accounts.models import Account
from tests.messaging.replies.conftest import Answered, Sent

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)


def refused(sentence: str, write: object) -> None:
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        write()  # type: ignore[operator]


def test_a_number_belongs_to_one_account_at_a_time(acme: Account, globex: Account, now: datetime) -> None:
    given = {"number": "+393399900001", "valid_from": now}
    ReplyNumber.objects.create(account=acme, **given)
    refused("a_reply_number_belongs_to_one_account", lambda: ReplyNumber.objects.create(account=globex, **given))
    ReplyNumber.objects.create(account=globex, number="+393399900001", valid_from=BEFORE, valid_until=now)
    refused(
        "a_reply_number_ends_after_it_begins",
        lambda: ReplyNumber.objects.create(account=acme, valid_until=now, **given),
    )


def test_a_number_that_is_anothers_is_not_given_away(acme: Account, globex: Account, now: datetime) -> None:
    mine = services.assign_number(account=acme, number="+393399900001", actor_id=None, now=now)
    assert services.assign_number(account=acme, number="+393399900001", actor_id=None, now=now) == mine
    with pytest.raises(services.NumberTaken):
        services.assign_number(account=globex, number="+393399900001", actor_id=None, now=now)
    services.release_number(number=mine, actor_id=None, now=now + timedelta(hours=1))
    services.assign_number(account=globex, number="+393399900001", actor_id=None, now=now + timedelta(hours=1))


def test_what_is_on_needs_what_it_sends(acme: Account) -> None:
    refused("forwarding_needs_an_address", lambda: ReplySettings.objects.create(account=acme, forward_on=True))
    refused("an_answer_has_a_text", lambda: ReplySettings.objects.create(account=acme, answer_on=True))


def test_a_reply_in_an_inbox_is_what_it_can_be(acme: Account, sent: Sent, answered: Answered, now: datetime) -> None:
    sent(acme)
    received = answered("STOP")
    assert received is not None
    mine = InboxReply.objects.filter(pk=received.pk)
    refused("an_answer_has_a_known_state", lambda: mine.update(is_stop=False, auto_reply="lost"))
    refused("a_reply_is_found_in_a_known_way", lambda: mine.update(found_by="luck"))
    refused("a_reply_is_forwarded_to_somebody", lambda: mine.update(forward_due_at=now))
    refused("who_said_stop_gets_no_answer", lambda: mine.update(auto_reply="due"))


def test_staff_give_a_number_and_take_it_back_by_a_command(acme: Account, globex: Account) -> None:
    def run(*words: str) -> str:
        said = StringIO()
        call_command("reply_number", *words, stdout=said)
        return said.getvalue()

    assert "belongs to Acme" in run("0039 339 9900001", "--account", str(acme.public_id))
    assert ReplyNumber.objects.get().number == "+393399900001"
    for words, refusal in (
        (["+393399900001", "--account", str(globex.public_id)], "another account"),
        (["+393399900001", "--account", "nobody"], "no account"),
        (["48838", "--release"], "belongs to nobody"),
    ):
        with pytest.raises(CommandError, match=refusal):
            run(*words)
    assert "nobody" in run("+393399900001", "--release")
