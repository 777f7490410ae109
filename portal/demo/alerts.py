"""What the balance alerts of the demo did: fired and cleared when balances did, and their notices left at once."""

from datetime import datetime, timedelta

from messaging.alerts import selectors, sending
from messaging.alerts import services as alerts
from messaging.alerts.codes import Channel, Fault, NoticeState
from messaging.alerts.models import Notice
from messaging.delivery import handover, receipts
from portal.demo.cast import units
from portal.demo.opening import Branch
from portal.demo.past import Past

_SECONDS_TO_FIRE = timedelta(seconds=3)
_SECONDS_TO_REPORT = timedelta(seconds=15)


def set_up(branch: Branch, now: datetime) -> None:
    """Set up the account's alerts."""
    for alarm in branch.firm.alarms:
        terms = alerts.Terms(
            threshold_units=units(alarm.threshold),
            email_on=True,
            email=alarm.email,
            sms_on=bool(alarm.number),
            number=alarm.number,
        )
        alerts.create(account=branch.account, terms=terms, actor_id=branch.buyer.pk, now=now)


def watch(past: Past, branch: Branch, now: datetime) -> None:
    """Look at the account's alerts seconds after its balance has changed."""
    past.timeline.at(now + _SECONDS_TO_FIRE, lambda then: _evaluate(past, branch, then))


def _evaluate(past: Past, branch: Branch, now: datetime) -> None:
    told = alerts.claim(crossings=selectors.crossings(wallet_id=branch.account.wallet.pk), now=now)
    for notice in Notice.objects.filter(pk__in=told).order_by("pk"):
        if notice.channel == Channel.SMS:
            _send_sms(past, notice, now)
        else:
            _send_mail(branch, notice, now)


def _send_mail(branch: Branch, notice: Notice, now: datetime) -> None:
    """Note what became of a mail of long ago; it does not leave today."""
    sent = {"state": NoticeState.SENT, "sent_at": now, "attempt_count": 1}
    refused = {"state": NoticeState.FAILED, "fault": Fault.REFUSED, "attempt_count": 1}
    gone = {alarm.email for alarm in branch.firm.alarms if alarm.mailbox_is_gone}
    Notice.objects.filter(pk=notice.pk).update(**(refused if notice.address in gone else sent))


def _send_sms(past: Past, notice: Notice, now: datetime) -> None:
    sending.deliver(notice_id=notice.pk, now=now)
    network, later = past.kind_network, now + _SECONDS_TO_REPORT
    network.now = now
    handover.submit_batch(account_id=past.operator.account.pk, now=now, gateway=network)
    receipts.receive(gateway=network.name, reports=network.reports(later), now=later)
    sending.follow_up(notice_id=notice.pk, now=later)
