"""The verbs of alerts: set one up, change, delete, test it; and fire or clear it when its wallet says so.

An alert is level-triggered: what counts is where the balance stands, not what moved. Whoever evaluates, however often,
an alert fires once until it has been cleared.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from messaging.alerts import forecast, marking, selectors, telling
from messaging.alerts.codes import Fault, Kind, NoticeState
from messaging.alerts.models import BalanceAlert, BalanceAlertQuerySet, Notice, OwedMarks
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

MAX_ALERTS: Final = 20
"""The alerts an account may have at the same time."""

TEST_PAUSE: Final = timedelta(minutes=1)

LOOK_PAUSE: Final = timedelta(minutes=10)
"""How long after a look ahead the next one follows: a runway of days is not told by the minute."""


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
    """What an alert is about: the threshold in units or, for a runway alert, in days; and each channel with its switch."""

    threshold_units: int | None
    email_on: bool
    email: str
    sms_on: bool
    number: str
    threshold_days: int | None = None


@unit_of_work
def create(*, account: Account, terms: Terms, actor_id: int | None, now: datetime) -> BalanceAlert:
    """Set up an alert; it fires at once where the balance or the runway is already at or below the threshold.

    Raises `TooManyAlerts`, `AlertExists`.
    """
    _lock(account)
    kept = BalanceAlert.objects.kept().filter(account=account)
    if kept.count() >= MAX_ALERTS:
        raise TooManyAlerts
    _refuse_twin(kept, terms)
    alert = BalanceAlert.objects.create(
        account=account,
        created_by_id=actor_id,
        created_at=now,
        next_look_at=_first_look(terms, now),
        **asdict(terms),
    )
    _watch(account)
    _record("alert.created", alert, {}, asdict(terms), actor_id, now)
    evaluate(alert=alert, now=now)
    return alert


@unit_of_work
def change(*, alert: BalanceAlert, terms: Terms, actor_id: int | None, now: datetime) -> BalanceAlert:
    """Change an alert and arm it anew: it fires at once where the balance or runway is at or below the new threshold.

    Without a difference nothing happens. Raises `AlertExists`.
    """
    _lock(alert.account)
    alert.refresh_from_db()
    before = asdict(_terms(alert))
    after = asdict(terms)
    if before == after:
        return alert
    _refuse_twin(BalanceAlert.objects.kept().filter(account=alert.account_id).exclude(pk=alert.pk), terms)
    BalanceAlert.objects.filter(pk=alert.pk).update(armed=True, next_look_at=_first_look(terms, now), **after)
    _watch(alert.account)
    _record("alert.changed", alert, before, after, actor_id, now)
    evaluate(alert=alert, now=now)
    alert.refresh_from_db()
    return alert


@unit_of_work
def remove(*, alert: BalanceAlert, actor_id: int | None, now: datetime) -> None:
    """Delete an alert; what still waits to be sent stays. Its notices remain to be read. Twice is as once."""
    _lock(alert.account)
    if not BalanceAlert.objects.kept().filter(pk=alert.pk).update(removed_at=now):
        return
    _watch(alert.account)
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
    outlook = forecast.forecast(alert.account, now) if alert.looks_ahead else None
    ends_at = outlook.ends_at if outlook else None
    told = telling.test(alert, credits_selectors.balance(alert.account).available, ends_at, now)
    return list(Notice.objects.filter(pk__in=told).order_by("pk"))


def evaluate(*, alert: BalanceAlert, now: datetime) -> list[int]:
    """Fire or clear one alert if its wallet says so, and return its notices' primary keys: none when nothing is due."""
    if alert.looks_ahead:
        return look_ahead(account=alert.account, now=now)
    return claim(crossings=selectors.crossings(alert_id=alert.pk), now=now)


@unit_of_work
def look_ahead(*, account: Account, now: datetime) -> list[int]:
    """Fire or clear the account's runway alerts whose look is due; return their notices' primary keys.

    Whoever takes the looks puts off the next ones, so of several workers one reckons.
    """
    ahead = BalanceAlert.objects.live().ahead().filter(account=account, next_look_at__lte=now)
    if not ahead.update(next_look_at=now + LOOK_PAUSE):
        return []
    return claim(crossings=forecast.crossings(account, now), now=now)


def evaluate_wallet(*, wallet_id: int, now: datetime) -> list[int]:
    """Fire and clear the alerts of a wallet and of those that draw on it; return their notices' primary keys.

    What came between an alarm and its marks rang a bell that found no mark: so it is looked for once more after them.
    """
    crossings = selectors.crossings(wallet_id=wallet_id)
    told = claim(crossings=crossings, now=now)
    if any(crossing.fires for crossing in crossings):
        told += claim(crossings=selectors.recovered(wallet_id=wallet_id), now=now)
    return told


def claim(*, crossings: Sequence[selectors.Crossing], now: datetime) -> list[int]:
    """Fire and clear all these alerts; return the primary keys of their notices: none of an alert that somebody else had.

    The marks that find wallets follow the alerts. After alarms that is owed, not done at once, so that alarms do not
    wait; whoever dies in between leaves it to the next sweep. With an all-clear they move together: a mark too low would
    lose the next alarm.
    """
    firing = [crossing for crossing in crossings if crossing.fires]
    clearing = [crossing for crossing in crossings if not crossing.fires]
    told: list[int] = []
    if firing:
        told, owed = _fire(firing, now)
        marking.settle(owed)
    for start in range(0, len(clearing), marking.AT_ONCE):
        told += _clear(clearing[start : start + marking.AT_ONCE], now)
    return told


@unit_of_work
def _fire(crossings: Sequence[selectors.Crossing], now: datetime) -> tuple[list[int], OwedMarks]:
    """Claim by one statement: it finds each alert as it was, so of any number of workers exactly one makes notices.

    Its condition compares the balance that was read with the alert's own row alone: that is looked at again after
    waiting for another worker's claim, a condition on other tables would not be.
    """
    return telling.claim(crossings, now), marking.owe(_marked(crossings))


@unit_of_work
def _clear(crossings: Sequence[selectors.Crossing], now: datetime) -> list[int]:
    told = telling.claim(crossings, now)
    marking.mark(_marked(crossings))
    # An alarm that is held up goes first; its news is a reason not to let it wait out its pause.
    held_up = Notice.objects.filter(alert__in={crossing.alert_id for crossing in crossings}, state=NoticeState.WAITING)
    held_up.filter(next_attempt_at__gt=now).update(next_attempt_at=now)
    return told


def _marked(crossings: Sequence[selectors.Crossing]) -> set[int]:
    return {crossing.account_id for crossing in crossings if crossing.days is None}


def _watch(account: Account) -> None:
    """Let the wallet be looked at when it falls to the highest threshold that is armed."""
    credits.open_wallet(account=account)
    marking.mark([account.pk])


def _lock(account: Account) -> None:
    """Let one person at a time change the account's alerts, so that counts and comparisons hold."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)


def _first_look(terms: Terms, now: datetime) -> datetime | None:
    return None if terms.threshold_days is None else now


def _refuse_twin(others: BalanceAlertQuerySet, terms: Terms) -> None:
    same = {name: value for name, value in asdict(terms).items() if name not in {"email_on", "sms_on"}}
    if others.filter(**same).exists():
        raise AlertExists


def _terms(alert: BalanceAlert) -> Terms:
    return Terms(**{field.name: getattr(alert, field.name) for field in fields(Terms)})


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
