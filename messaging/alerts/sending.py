"""How a notice leaves, and what follows from what became of it.

An SMS is put in the queue of messages in one transaction with its mark: exactly once. An e-mail is claimed with a lease,
sent outside of any transaction, and marked (`portal.attempts`).
"""

import logging
import uuid
import zoneinfo
from datetime import datetime
from typing import Final

from django.urls import reverse
from django.utils import timezone, translation

from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from billing.pricing import selectors as pricing_selectors
from billing.pricing.codes import Service
from billing.pricing.quote import NoRate
from messaging.alerts import wording, wording_ahead
from messaging.alerts.codes import Channel, Fault, NoticeState
from messaging.alerts.models import LOST, Notice
from messaging.delivery import selectors as delivery_selectors
from messaging.delivery import services as delivery
from messaging.delivery.codes import Purpose
from messaging.encoding import segments
from portal import attempts, mail
from portal.accounts import selectors as accounts_selectors
from portal.accounts.models import Account
from portal.transactions import unit_of_work

logger = logging.getLogger(__name__)

SENDER: Final = "Saldo"
ATTEMPTS: Final = {Channel.EMAIL: attempts.MOST, Channel.SMS: 3}

FAILURES: Final = {Channel.EMAIL: Fault.UNREACHABLE, Channel.SMS: Fault.UNDELIVERED}


def deliver(*, notice_id: int, now: datetime) -> Fault | None:
    """Send one notice if it is due and nobody else is at it; return what went wrong, None when nothing did."""
    notice = attempts.claim(Notice.objects.in_turn().select_related("alert__account").filter(pk=notice_id), now)
    if notice is None:
        return None
    channel = Channel(notice.channel)
    if notice.attempt_count > ATTEMPTS[channel]:  # whoever tried the last time never came back to say how it went
        return _postpone(notice, FAILURES[channel], now)
    return _queue(notice, now) if channel == Channel.SMS else _mail(notice, now)


@unit_of_work
def follow_up(*, notice_id: int, now: datetime) -> None:
    """Act on what became of a notice's text message.

    Once the network has it, its price is booked on the operator's own account (product 5.1). What the network did not
    deliver is tried again, with a message of its own, until the attempts are used up.
    """
    notice = Notice.objects.unresolved().select_for_update(of=("self",)).filter(pk=notice_id).first()
    if notice is None or notice.message is None:
        return
    message = notice.message
    if message.is_charged and notice.booked_at is None:
        cause = credits.Cause(TransferCode.ALERT, f"message:{message.public_id}", f"notice:{notice.public_id}")
        wallet = credits.open_wallet(account=accounts_selectors.operator_account())
        credits.spend(wallet=wallet, amount=message.price_units, cause=cause, now=now)
        notice.booked_at = now
    if message.is_final:
        notice.settled_at = now
    notice.save(update_fields=["booked_at", "settled_at"])
    if message.state in LOST and notice.state == NoticeState.SENT:
        _postpone(notice, Fault.UNDELIVERED, now)


@unit_of_work
def _queue(notice: Notice, now: datetime) -> Fault | None:
    try:
        draft = _draft(notice, now)
    except NoRate:
        attempts.end(notice, state=NoticeState.FAILED, fault=Fault.NO_RATE)
        return Fault.NO_RATE
    if not _sent(notice, now):
        return None
    operator = accounts_selectors.operator_account()
    delivery.enqueue(account=operator, campaign=None, purpose=Purpose.ALERT, sender=SENDER, drafts=[draft], now=now)
    message = delivery_selectors.messages(operator).get(public_id=draft.public_id)
    Notice.objects.filter(pk=notice.pk).update(message=message, booked_at=None, settled_at=None)
    return None


def _draft(notice: Notice, now: datetime) -> delivery.Draft:
    rate = pricing_selectors.rates(Service.SMS_SEGMENT, now).find(notice.address)
    account = notice.alert.account
    with timezone.override(zoneinfo.ZoneInfo(account.time_zone)), translation.override(account.language):
        counted = segments.count(wording.sms(notice))
    return delivery.Draft(
        recipient=notice.address,
        prefix=rate.prefix,
        text=counted.text,
        encoding=counted.encoding,
        segment_count=counted.segment_count,
        price_units=rate.units * counted.segment_count,
        public_id=uuid.uuid4(),
    )


def _mail(notice: Notice, now: datetime) -> Fault | None:
    account = notice.alert.account
    name = "runway" if notice.looks_ahead else f"alert_{notice.kind}"
    try:
        with timezone.override(zoneinfo.ZoneInfo(account.time_zone)), translation.override(account.language):
            mail.send(name=name, to=notice.address, language=account.language, context=_context(notice))
    except OSError as error:
        logger.warning("A notice was not sent: %s", error, extra={"notice": str(notice.public_id)})
        return _postpone(notice, Fault.REFUSED if isinstance(error, attempts.REFUSALS) else Fault.UNREACHABLE, now)
    _sent(notice, now)
    return None


def _sent(notice: Notice, now: datetime) -> int:
    return attempts.end(notice, state=NoticeState.SENT, sent_at=now, fault="")


def _postpone(notice: Notice, fault: Fault, now: datetime) -> Fault:
    """Try again later; not what is out of date: of an alert that was deleted, or an alarm whose all-clear has left."""
    is_over = notice.alert.removed_at or notice.followers().filter(state=NoticeState.SENT).exists()
    most = 0 if is_over else ATTEMPTS[Channel(notice.channel)]
    attempts.postpone(notice, most, now, fault=fault)
    return fault


def _context(notice: Notice) -> dict[str, object]:
    account: Account = notice.alert.account
    return {
        "notice": notice,
        "words": wording_ahead.mail(notice) if notice.looks_ahead else None,
        "account": account,
        "alerts_path": reverse("alerts", args=[account.public_id]),
        "recharge_path": reverse("recharge_new", args=[account.public_id]),
    }
