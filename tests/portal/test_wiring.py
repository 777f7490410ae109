"""What happens between a bell and its task: with a real Redis, and without one."""

from collections.abc import Iterator

import pytest
from celery import Celery, current_app
from celery.signals import task_prerun
from django.conf import settings
from django.core.cache import cache
from kombu import Message
from kombu.transport.virtual import Channel

from billing.credits.signals import wallet_changed
from messaging.alerts import tasks as alerts_tasks
from portal import wiring

WALLET = 4_711

ring = wiring.ringer(alerts_tasks.evaluate_wallet)


@pytest.fixture(autouse=True)
def channel() -> Iterator[Channel]:
    """A channel to Redis; the queues are empty before and after."""
    with current_app.connection_for_write() as connection:
        channel = connection.default_channel
        assert isinstance(channel, Channel)
        empty(channel)
        yield channel
        empty(channel)


def empty(channel: Channel) -> None:
    cache.clear()
    for queue in settings.CELERY_TASK_QUEUES:
        channel.queue_purge(queue.name)


def waiting(channel: Channel, queue: str = "prompt") -> int:
    return int(channel.queue_declare(queue).message_count)


def begin() -> None:
    task_prerun.send(sender=None, task_id="1", task=alerts_tasks.evaluate_wallet, args=(WALLET,), kwargs={})


def test_a_task_that_waits_for_an_id_is_not_queued_again_until_it_begins(channel: Channel) -> None:
    for _ in range(3):
        ring(None, id=WALLET)
    ring(None, id=WALLET + 1)
    assert waiting(channel) == 2
    begin()
    ring(None, id=WALLET)
    ring(None, id=WALLET)
    assert waiting(channel) == 3


def test_each_task_of_a_bell_waits_for_itself(channel: Channel) -> None:
    wallet_changed.send(None, id=WALLET)
    assert waiting(channel) == 2
    begin()
    wallet_changed.send(None, id=WALLET)
    assert waiting(channel) == 3


def test_a_bell_that_cannot_be_delivered_is_lost_in_writing_and_the_next_one_is_not(
    channel: Channel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = Celery("nowhere", broker="redis://127.0.0.1:1/0", set_as_current=False)
    nowhere.conf.task_publish_retry = False

    @nowhere.task(name=alerts_tasks.evaluate_wallet.name)
    def lost(wallet_id: int) -> None: ...

    wiring.ringer(lost)(None, id=WALLET)
    assert "A bell was lost" in caplog.text
    ring(None, id=WALLET)
    assert waiting(channel) == 1


def test_alarms_pass_in_front_of_what_has_waited_longer(channel: Channel) -> None:
    for number in range(3):
        current_app.send_task("portal.reports.tasks.build", args=(number,))
    current_app.send_task(alerts_tasks.evaluate_wallet.name, args=(WALLET,))
    current_app.send_task("messaging.alerts.tasks.deliver_waiting")
    came: list[str] = []

    def take(message: Message) -> None:
        came.append(message.headers["task"])
        message.ack()

    consumer = current_app.amqp.TaskConsumer(channel, on_message=take)
    consumer.qos(prefetch_count=1)
    assert consumer.connection
    with consumer:
        while len(came) < 5:
            consumer.connection.drain_events(timeout=5)
    assert came[:2] == [alerts_tasks.evaluate_wallet.name, "messaging.alerts.tasks.deliver_waiting"]
    assert came[2:] == ["portal.reports.tasks.build"] * 3
