"""The verbs of alerts: set one up, change, delete, test it; and fire or clear it when its wallet says so.

An alert is level-triggered: what counts is where the balance stands, not what moved. Whoever evaluates, however often,
an alert fires once until it has been cleared.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from messaging.alerts.codes import Channel, Fault, Kind, NoticeState
from messaging.alerts.models import BalanceAlert, BalanceAlertQuerySet, Notice
from messaging.alerts.signals import notices_waiting
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.bells import ring
from portal.transactions import unit_of_work

MAX_ALERTS: Final = 20
"""The alerts an account may have at the same time."""

MAX_NOTICES_A_DAY: Final = 50
"""The notices an account may cause in 24 hours by each channel: the operator pays for them."""

TEST_PAUSE: Final = timedelta(minutes=1)


class TooManyAlerts(Exception):
    """The account has as many alerts as it may have."""


class AlertExists(Exception):
    """The account has an alert with this threshold to these addresses."""


class AlertOff(Exception):
    """Neither channel is on, so nobody can be told."""


class JustTested(Exception):
    """The alert was tested within the last minute."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an alert is about: the threshold in units, and each channel with its switch."""

    threshold_units: int
    email_on: bool
    email: str
    sms_on: bool
    number: str


@unit_of_work
def create(*, account: Account, terms: Terms, actor_id: int | None, now: datetime) -> BalanceAlert:
    """Set up an alert; it fires at once where the balance is already at or below the threshold.

    Raises `TooManyAlerts`, `AlertExists`.
    """
    _lock(account)
    kept = BalanceAlert.objects.kept().filter(account=account)
    if kept.count() >= MAX_ALERTS:
        raise TooManyAlerts
    _refuse_twin(kept, terms)
    credits.open_wallet(account=account)
    alert = BalanceAlert.objects.create(account=account, created_by_id=actor_id, created_at=now, **asdict(terms))
    _record("alert.created", alert, {}, asdict(terms), actor_id, now)
    evaluate(alert_id=alert.pk, now=now)
    return alert


@unit_of_work
def change(*, alert: BalanceAlert, terms: Terms, actor_id: int | None, now: datetime) -> BalanceAlert:
    """Change an alert and arm it anew: it fires at once where the balance is at or below the new threshold.

    Without a difference nothing happens. Raises `AlertExists`.
    """
    _lock(alert.account)
    alert.refresh_from_db()
    before = asdict(_terms(alert))
    after = asdict(terms)
    if before == after:
        return alert
    _refuse_twin(BalanceAlert.objects.kept().filter(account=alert.account_id).exclude(pk=alert.pk), terms)
    BalanceAlert.objects.filter(pk=alert.pk).update(armed=True, **after)
    _record("alert.changed", alert, before, after, actor_id, now)
    evaluate(alert_id=alert.pk, now=now)
    alert.refresh_from_db()
    return alert


@unit_of_work
def remove(*, alert: BalanceAlert, actor_id: int | None, now: datetime) -> None:
    """Delete an alert; what still waits to be sent stays. Its notices remain to be read. Twice is as once."""
    if not BalanceAlert.objects.kept().filter(pk=alert.pk).update(removed_at=now):
        return
    Notice.objects.filter(alert=alert, state=NoticeState.WAITING).update(
        state=NoticeState.FAILED, fault=Fault.REMOVED, settled_at=now
    )
    _record("alert.removed", alert, asdict(_terms(alert)), {}, actor_id, now)


@unit_of_work
def test(*, alert: BalanceAlert, actor_id: int | None, now: datetime) -> list[Notice]:
    """Send a notice that says it is a test, by each channel that is on. Raises `AlertOff`, `JustTested`."""
    alert = BalanceAlert.objects.kept().select_for_update(of=("self",), no_key=True).get(pk=alert.pk)
    if not alert.is_on:
        raise AlertOff
    if Notice.objects.filter(alert=alert, kind=Kind.TEST, created_at__gt=now - TEST_PAUSE).exists():
        raise JustTested
    _record("alert.tested", alert, {}, {}, actor_id, now)
    return _notify(alert, Kind.TEST, credits_selectors.balance(alert.account).available, now)


@unit_of_work
def evaluate(*, alert_id: int, now: datetime) -> list[Notice]:
    """Fire or clear the alert if its wallet says so, and return the notices that makes: none when nothing is due.

    The claim is an UPDATE that finds the alert as it was, so of any number of workers exactly one makes notices. Its
    condition compares the balance just read with the alert's own row alone: a condition on other tables would not be
    looked at again after waiting for another worker's claim.
    """
    alert = BalanceAlert.objects.live().select_related("account").filter(pk=alert_id).first()
    if alert is None:
        return []
    available_units = credits_selectors.balance(alert.account).available
    itself = BalanceAlert.objects.on().filter(pk=alert_id)
    if itself.filter(armed=True, threshold_units__gte=available_units).update(armed=False, fired_at=now):
        kind = Kind.FIRED
    elif itself.filter(armed=False, threshold_units__lt=available_units).update(armed=True, cleared_at=now):
        kind = Kind.CLEARED
    else:
        return []
    alert.refresh_from_db()  # the claim has locked the row: these are the addresses of now
    return _notify(alert, kind, available_units, now)


def _notify(alert: BalanceAlert, kind: Kind, balance_units: int, now: datetime) -> list[Notice]:
    notices = []
    for channel, address in alert.targets():
        notice = Notice(
            alert=alert,
            kind=kind,
            channel=channel,
            address=address,
            threshold_units=alert.threshold_units,
            balance_units=balance_units,
            next_attempt_at=now,
            created_at=now,
        )
        if _too_many(alert.account_id, channel, now):
            notice.state, notice.fault = NoticeState.FAILED, Fault.TOO_MANY
        notice.save()
        if notice.state == NoticeState.WAITING:
            ring(notices_waiting, notice.pk)
        notices.append(notice)
    return notices


def _too_many(account_id: int, channel: Channel, now: datetime) -> bool:
    of_a_day = Notice.objects.filter(
        alert__account_id=account_id, channel=channel, created_at__gt=now - timedelta(days=1)
    )
    return of_a_day.exclude(fault=Fault.TOO_MANY).count() >= MAX_NOTICES_A_DAY


def _lock(account: Account) -> None:
    """Let one person at a time change the account's alerts, so that counts and comparisons hold."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)


def _refuse_twin(others: BalanceAlertQuerySet, terms: Terms) -> None:
    if others.filter(threshold_units=terms.threshold_units, email=terms.email, number=terms.number).exists():
        raise AlertExists


def _terms(alert: BalanceAlert) -> Terms:
    return Terms(alert.threshold_units, alert.email_on, alert.email, alert.sms_on, alert.number)


def _record(
    action: str,
    alert: BalanceAlert,
    before: dict[str, Any],
    after: dict[str, Any],
    actor_id: int | None,
    now: datetime,
) -> None:
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=alert.account_id,
        subject=f"alert:{alert.public_id}",
        before=before,
        after=after,
        now=now,
    )
