"""The simulated network: the same fate for the same message, a memory that survives, and a door with a lock."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from messaging.delivery import handover, tasks
from messaging.delivery.codes import State
from messaging.delivery.gateways import simulator as supplier
from messaging.delivery.gateways.base import Accepted, Submission
from messaging.delivery.models import Message, Reply, Route
from messaging.delivery.reasons import REASONS, reason
from messaging.delivery.simulator import network as fates
from messaging.delivery.simulator.memory import Memory, Taken
from portal.accounts.models import Account

Queue = Callable[..., list[Message]]
Network = Any
KEY = "5b0e6c1e-3c5f-4c5e-9a51-0c8e5d3c2f11"


def test_a_message_has_the_same_fate_each_time() -> None:
    assert fates.fate(KEY, "+393471000101", 1) == fates.fate(KEY, "+393471000101", 1)
    assert fates.message_id(KEY, 1) == fates.message_id(KEY, 1) != fates.message_id(KEY, 2)


def test_most_messages_are_delivered_and_every_other_fate_happens() -> None:
    drawn = [fates.fate(str(each), "+393471000101", 1) for each in range(5000)]
    delivered = sum(any(each.state == fates.DELIVERED for each in fate.receipts) for fate in drawn)
    assert 0.92 < delivered / 5000 < 0.97
    assert any(fate.refusal for fate in drawn)
    assert any(not fate.refusal and not fate.receipts for fate in drawn)
    assert any([each.state for each in fate.receipts] == [fates.DELIVERED] * 2 for fate in drawn)
    assert any([each.state for each in fate.receipts] == [fates.DELIVERED, fates.BUFFERED] for fate in drawn)
    assert any(each.state == fates.EXPIRED for fate in drawn for each in fate.receipts)
    assert {each.code for fate in drawn for each in fate.receipts if each.state == fates.UNDELIVERED} == set(
        fates.FAILURES
    )


@pytest.mark.parametrize(
    ("weather", "happened"),
    [
        ({"refused": 1.0, "refusal_code": "066"}, lambda fate: fate.refusal == "066"),
        ({"failed": 1.0}, lambda fate: [each.state for each in fate.receipts] == [fates.UNDELIVERED]),
        ({"silent": 1.0}, lambda fate: fate.receipts == ()),
        ({"late": 1.0, "late_seconds": 500.0}, lambda fate: fate.receipts[0].after > 500),
        ({"doubled": 1.0}, lambda fate: [each.state for each in fate.receipts] == [fates.DELIVERED] * 2),
        ({"shuffled": 1.0}, lambda fate: [e.state for e in fate.receipts] == [fates.DELIVERED, fates.BUFFERED]),
    ],
)
def test_the_weather_strikes_what_the_number_does_not_choose(
    weather: dict[str, Any], happened: Callable[[fates.Fate], bool]
) -> None:
    struck = fates.fate(KEY, "+393471000101", 1, calm=True, weather=fates.Weather(**weather))
    assert happened(struck)
    chosen = fates.fate(KEY, "+393471230007", 1, calm=True, weather=fates.Weather(**weather))
    assert chosen == fates.fate(KEY, "+393471230007", 1)


def test_the_weather_strikes_as_often_as_it_is_told_to() -> None:
    weather = fates.Weather(refused=0.3)
    drawn = [fates.fate(str(each), "+393471000101", 1, calm=True, weather=weather) for each in range(2000)]
    assert 0.26 < sum(bool(fate.refusal) for fate in drawn) / 2000 < 0.34


@pytest.mark.django_db(transaction=True)
def test_telephones_answer_and_write_to_the_door_for_replies(
    acme: Account, network: Network, queue: Queue, live_server: Any, settings: Settings, now: datetime
) -> None:
    root = f"{live_server.url}/gateways/simulator"
    network.report_to(f"{root}/receipts/", f"{root}/replies/")
    queue(acme, ["+393471230009"])
    handover.submit_batch(account_id=acme.pk, now=now)
    with httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {settings.GATEWAY_TOKEN}"}) as client:
        said = {"from": "+393471000101", "to": "+447700900100", "text": "Ciao 😀"}
        assert client.post(f"{settings.GATEWAY_SIMULATOR_URL}/replies", json=said).json()["id"]
    end = time.monotonic() + 20
    while Reply.objects.count() < 2:
        assert time.monotonic() < end, "the replies did not come"
        threading.Event().wait(0.02)
    found = set(Reply.objects.values_list("source", "destination", "text"))
    assert found == {("+393471230009", "Acme", "STOP"), ("+393471000101", "+447700900100", "Ciao 😀")}


def test_manners_change_while_it_runs(network: Network, settings: Settings) -> None:
    with httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {settings.GATEWAY_TOKEN}"}) as client:
        door = f"{settings.GATEWAY_SIMULATOR_URL}/manners"
        said = client.post(door, json={"latency": 0.25, "weather": {"late": 0.5}}).json()
        assert (said["latency"], said["weather"]["late"]) == (0.25, 0.5)
        assert "token" not in said
        assert client.post(door, json={"weather": {"silent": 1.0}}).json()["weather"]["late"] == 0.5


def test_what_is_no_number_is_refused() -> None:
    assert fates.fate(KEY, "Acme", 1).refusal == fates.INVALID_NUMBER


def test_every_code_of_the_supplier_leads_to_a_reason_in_words() -> None:
    assert set(supplier.REASONS.values()) - {""} <= set(REASONS)
    assert reason("") is None
    assert reason("never heard of") is REASONS["other"]


def test_the_memory_survives_a_restart_and_a_line_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "memory.jsonl"
    memory = Memory(path)
    memory.take([Taken("a", "1", "+391", "", 1.0), Taken("b", "", "+392", "001", 2.0)])
    memory.reported([("1", 0)])
    memory.close()
    with path.open("a") as file:
        file.write('{"taken": "c", "i')
    again = Memory(path)
    assert again.take([Taken("a", "9", "+391", "", 3.0), Taken("d", "4", "+394", "", 4.0)])[0].key == "d"
    again.close()
    third = Memory(path)
    assert [each.key for each in third] == ["a", "b", "d"]
    first, refused = third.find("a"), third.find("b")
    assert first
    assert refused
    assert (first.message_id, first.reported, refused.refusal) == ("1", {0}, "001")
    third.close()


@pytest.mark.parametrize(
    ("path", "content", "headers", "status"),
    [
        ("/messages", b'{"messages": []}', {}, 200),
        ("/lookup", b'{"keys": ["unknown"]}', {}, 200),
        ("/messages", b'{"messages": []}', {"Authorization": "Bearer wrong"}, 401),
        ("/messages", b"nonsense", {}, 400),
        ("/messages", b"[]", {}, 400),
        ("/messages", b'{"messages": [1]}', {}, 400),
        ("/messages", b'{"messages": [{"key": "a", "to": 7}]}', {}, 400),
        ("/lookup", b"{}", {}, 400),
        ("/elsewhere", b"{}", {}, 404),
        ("/manners", b'{"latency": 0.5, "weather": {"late": 1}}', {}, 200),
        ("/manners", b'{"token": "mine"}', {}, 400),
        ("/manners", b'{"rate": "fast"}', {}, 400),
        ("/manners", b'{"kindness": 1}', {}, 400),
        ("/manners", b'{"weather": {"rain": 1}}', {}, 400),
        ("/manners", b'{"weather": 1}', {}, 400),
        ("/replies", b'{"from": "+393471000101", "to": "+447700900100", "text": "STOP"}', {}, 200),
        ("/replies", b'{"from": "+393471000101"}', {}, 400),
        ("/messages", b'{"messages": [' + b"1," * 1000 + b"1]}", {}, 413),
    ],
)
def test_the_door_wants_the_token_and_the_protocol(
    network: Network, settings: Settings, path: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    given = {"Authorization": f"Bearer {settings.GATEWAY_TOKEN}", **headers}
    with httpx.Client(trust_env=False) as client:
        response = client.post(settings.GATEWAY_SIMULATOR_URL + path, content=content, headers=given)
    assert response.status_code == status


def test_a_key_that_is_offered_again_is_answered_as_the_first_time(
    acme: Account, network: Network, queue: Queue, now: datetime
) -> None:
    (message,) = queue(acme, ["+393471230007"])
    handover.submit_batch(account_id=acme.pk, now=now)
    submission = Submission(message.public_id, "Acme", message.recipient, "Ciao", "gsm7")
    (result,) = supplier.client().submit([submission])
    message.refresh_from_db()
    assert result == Accepted(message.public_id, message.gateway_message_id)
    assert network.log.count('"again"') == 1


def test_the_simulator_refuses_to_run_in_production(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="messages are real"):
        call_command("gateway_simulator")


def test_the_tasks_hand_over_what_waits_of_one_account_and_of_all(
    acme: Account, globex: Account, network: Network, queue: Queue, now: datetime
) -> None:
    def accepted(account: Account) -> int:
        return Message.objects.filter(account=account, state=State.ACCEPTED).count()

    long_ago = now.replace(year=2025)
    queue(acme, ["+393471230007"], now=long_ago)
    queue(globex, ["+393471230007"] * 3, now=long_ago)
    tasks.submit(acme.pk)
    assert (accepted(acme), accepted(globex)) == (1, 0)
    tasks.submit_waiting()
    assert (accepted(acme), accepted(globex)) == (1, 3)
    tasks.resolve_unknown()
    tasks.forget_minutes()
    assert (accepted(acme), accepted(globex)) == (1, 3)


def test_a_sweep_keeps_to_the_bound_of_a_route_and_goes_on_while_it_lets_more_through(
    acme: Account, network: Network, queue: Queue, now: datetime
) -> None:
    long_ago = now.replace(year=2025)
    Route.objects.create(gateway="simulator", per_second=50, valid_from=long_ago)
    queue(acme, [f"+39{3_471_000_100 + each}" for each in range(80)], now=long_ago)
    assert handover.is_held_back(now=now)
    begun = time.monotonic()
    tasks.submit_waiting()
    assert time.monotonic() - begun > 0.4
    assert Message.objects.filter(state=State.ACCEPTED).count() == 80
    assert not handover.is_held_back(now=now)
