"""Bells, queues, sweeps, migrations and constraints: what hangs together hangs together."""

from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.dispatch import Signal
from django.utils.module_loading import import_string

from portal import wiring
from tests.house.test_tidy import OUR_LABELS, our_models

MOST_BELLS = 9
TESTS = Path(settings.BASE_DIR) / "tests"


def bell_names() -> dict[int, str]:
    """The bells by identity: what each room's `signals.py` hangs up."""
    names: dict[int, str] = {}
    for config in apps.get_app_configs():
        if config.label in OUR_LABELS and (Path(config.path) / "signals.py").exists():
            module = import_string(f"{config.name}.signals.__dict__")
            names |= {id(value): f"{config.name}.{key}" for key, value in module.items() if isinstance(value, Signal)}
    return names


def test_the_wiring_is_what_it_is_known_to_be() -> None:
    names = bell_names()
    assert {(names[id(wire.bell)], wire.task.name) for wire in wiring.WIRES} == {
        ("billing.credits.wallet_changed", "messaging.alerts.tasks.evaluate_wallet"),
        ("billing.credits.wallet_changed", "billing.auto_recharge.tasks.evaluate_wallet"),
        ("portal.accounts.account_changed", "billing.auto_recharge.tasks.evaluate_account"),
        ("billing.invoices.invoice_issued", "billing.invoices.tasks.render"),
        ("messaging.delivery.messages_waiting", "messaging.delivery.tasks.submit"),
        ("messaging.campaigns.draft_waiting", "messaging.campaigns.tasks.work_on_draft"),
        ("messaging.delivery.messages_handed_over", "messaging.campaigns.tasks.settle"),
        ("messaging.delivery.reply_arrived", "messaging.replies.tasks.handle"),
        ("messaging.alerts.notices_waiting", "messaging.alerts.tasks.deliver"),
        ("portal.reports.report_requested", "portal.reports.tasks.build"),
    }


def test_there_are_few_bells_and_each_is_wired() -> None:
    names = bell_names()
    assert set(names) == {id(wire.bell) for wire in wiring.WIRES}
    assert len(names) <= MOST_BELLS


def test_every_sweep_on_the_timetable_exists() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert all(callable(import_string(str(task))) for task in scheduled)
    assert scheduled <= set(current_app.tasks)


def test_every_task_goes_to_the_queue_that_is_consumed() -> None:
    ours = [task for name, task in current_app.tasks.items() if name.startswith(("portal.", "billing.", "messaging."))]
    assert ours
    queues = {current_app.amqp.router.route({}, task.name)["queue"].name for task in ours}
    assert queues == {queue.name for queue in settings.CELERY_TASK_QUEUES}


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def constraint_names() -> list[str]:
    """Those of the tables, which Django knows, and those of the domains, which only the database does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contypid <> 0 AND connamespace = 'public'::regnamespace"
        )
        of_domains = [name for (name,) in cursor.fetchall()]
    return sorted([*of_domains, *(constraint.name for model in our_models() for constraint in model._meta.constraints)])


@pytest.mark.django_db
def test_every_constraint_is_named_as_a_sentence_and_has_a_test_that_breaks_it() -> None:
    tests = "\n".join(
        file.read_text(encoding="utf-8") for file in TESTS.rglob("test_*.py") if file.name != "test_wiring.py"
    )
    assert [name for name in constraint_names() if name.count("_") < 2] == []
    assert [name for name in constraint_names() if name not in tests] == []
