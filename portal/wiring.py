"""One table from bells to tasks.

A bell is rung after the commit and carries an id. It only makes prompt what a sweep on the beat timetable would find
anyway, so a bell that cannot be delivered (Redis gone) is logged and forgotten. A task that is queued for an id and has
not begun is not queued once more: it will see everything that has been committed by then.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from celery import Task
from celery.signals import task_prerun
from django.core.cache import cache
from django.dispatch import Signal
from kombu.exceptions import OperationalError

from billing.auto_recharge import tasks as auto_recharge_tasks
from billing.credits import signals as credits_signals
from billing.invoices import signals as invoices_signals
from billing.invoices import tasks as invoices_tasks
from messaging.alerts import signals as alerts_signals
from messaging.alerts import tasks as alerts_tasks
from messaging.campaigns import signals as campaigns_signals
from messaging.campaigns import tasks as campaigns_tasks
from messaging.delivery import signals as delivery_signals
from messaging.delivery import tasks as delivery_tasks
from messaging.replies import tasks as replies_tasks
from portal.accounts import signals as accounts_signals
from portal.reports import signals as reports_signals
from portal.reports import tasks as reports_tasks

logger = logging.getLogger(__name__)

WAITS_AT_MOST: Final = 20
"""Seconds after which a queued task counts as lost (its worker was killed): then a sweep has come, or does."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A bell, and the task that it wakes with the id it carries."""

    bell: Signal
    task: Task[Any, Any]


WIRES: tuple[Wire, ...] = (
    Wire(credits_signals.wallet_changed, alerts_tasks.evaluate_wallet),
    Wire(credits_signals.wallet_changed, auto_recharge_tasks.evaluate_wallet),
    Wire(accounts_signals.account_changed, auto_recharge_tasks.evaluate_account),
    Wire(alerts_signals.notices_waiting, alerts_tasks.deliver),
    Wire(reports_signals.report_requested, reports_tasks.build),
    Wire(invoices_signals.invoice_issued, invoices_tasks.render),
    Wire(delivery_signals.messages_waiting, delivery_tasks.submit),
    Wire(campaigns_signals.draft_waiting, campaigns_tasks.work_on_draft),
    Wire(delivery_signals.messages_handed_over, campaigns_tasks.settle),
    Wire(delivery_signals.reply_arrived, replies_tasks.handle),
)


def ringer(task: Task[Any, Any]) -> Callable[..., None]:
    """Return a receiver that queues `task` with the bell's `id`, unless it waits already, and never fails its caller."""

    def ring(sender: object, *, id: int, **_: object) -> None:
        if not cache.add(_waiting(task, id), True, WAITS_AT_MOST):
            return
        try:
            task.delay(id)
        except OperationalError:
            cache.delete(_waiting(task, id))
            logger.warning("A bell was lost; the sweep will find the work.", extra={"task": task.name, "subject": id})

    return ring


def begin(task: Task[Any, Any], args: Sequence[Any], **_: object) -> None:
    """From now on `task` no longer waits: it is about to look, and what comes later it may not see."""
    if args and any(wire.task.name == task.name for wire in WIRES):
        cache.delete(_waiting(task, args[0]))


def connect() -> None:
    """Connect every wire; called once when the portal is ready."""
    task_prerun.connect(begin, weak=False, dispatch_uid="portal.wiring.begin")
    for wire in WIRES:
        wire.bell.connect(ringer(wire.task), weak=False, dispatch_uid=f"{id(wire.bell)}:{wire.task.name}")


def _waiting(task: Task[Any, Any], id: int) -> str:
    return f"waiting:{task.name}:{id}"
