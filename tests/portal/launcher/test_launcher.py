"""The launcher: sentences instead of tracebacks, parts that are brought back, and an end in order."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.launcher import supervisor, system
from portal.launcher.errors import LaunchFailed
from portal.launcher.parts import Part
from portal.launcher.preparation import Place
from portal.launcher.supervisor import Supervisor
from portal.launcher.terminal import worth_showing
from portal.services_embedded.processes import Child, spawn

ROOT = Path(__file__).resolve().parents[3]
ANSWERS = """
import http.server
class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", {port}), Door).serve_forever()
"""


def shell(name: str, script: str) -> Callable[[], Child]:
    return lambda: spawn(name, ["sh", "-c", script], output=subprocess.PIPE)


def launch(module: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_port_in_use_is_a_clear_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = launch("portal.launcher", PORT=str(port), DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} is in use. Stop what listens there, or choose another: make run PORT=")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_none_is_a_clear_sentence() -> None:
    for written in ("http", "0", "65536", "-1", "8000.0"):
        with pytest.raises(LaunchFailed, match=f"PORT must be a number from 1 to 65535, not '{written}'"):
            Place.from_environment({"PORT": written})


def test_a_database_that_does_not_answer_is_a_clear_sentence(tmp_path: Path) -> None:
    done = launch(
        "portal.launcher",
        DATABASE_URL="postgresql://saldo@127.0.0.1:1/saldo",
        REDIS_URL="redis://127.0.0.1:1/0",
        DATA_DIR=str(tmp_path),
        PORT=str(Place.from_environment({}).gateway_port),
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The database does not answer or refuses: ")
    assert "Traceback" not in done.stderr


def test_a_management_command_says_when_no_saldo_runs(tmp_path: Path) -> None:
    done = launch("portal.launcher.manage", "check", DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "Saldo does not run here. Start it with `make run` in another terminal.\n"


def test_only_warnings_and_errors_reach_the_terminal() -> None:
    assert worth_showing("[2026-11-20 10:00:00 +0000] [7] [INFO] Booting worker") is None
    assert worth_showing("[2026-11-20 10:00:00 +0000] [7] [ERROR] Worker failed") is not None
    assert worth_showing(json.dumps({"level": "INFO", "message": "ERROR is only a word here"})) is None
    trace = "Traceback (most recent call last):\n  File\nValueError: no"
    record = {"level": "ERROR", "message": "It failed\nbadly", "exc_info": trace}
    assert worth_showing(json.dumps(record)) == "ERROR It failed (ValueError: no)"


def test_a_page_a_visitor_did_not_find_does_not_reach_the_terminal() -> None:
    record = {"level": "WARNING", "logger": "django.request", "message": "Not Found: /favicon.ico"}
    assert worth_showing(json.dumps(record)) is None
    assert worth_showing(json.dumps({**record, "level": "ERROR"})) is not None


def test_a_part_that_falls_is_started_again_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "_PAUSE_SECONDS", 0.0)
    starts: list[int] = []

    def start() -> Child:
        starts.append(1)
        if len(starts) == 2:
            raise KeyboardInterrupt
        return shell("web", "echo 'WARNING: I fall'; exit 3")()

    running = Supervisor([Part("web", start, stage=1, patience=1)], tmp_path)
    running.start()
    with pytest.raises(KeyboardInterrupt):
        running.run()
    running.stop()
    said = capsys.readouterr().err
    assert "web: WARNING: I fall\n" in said
    assert f"web ended with code 3; its log is {tmp_path}/web.log. Starting it again.\n" in said
    assert (tmp_path / "web.log").read_text().endswith(" WARNING: I fall\n")


def test_a_part_that_keeps_falling_stops_saldo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_PAUSE_SECONDS", 0.0)
    running = Supervisor([Part("beat", shell("beat", "echo because; exit 1"), stage=1, patience=1)], tmp_path)
    running.start()
    with pytest.raises(LaunchFailed, match=r"(?s)It keeps falling, so Saldo stops\..*because"):
        running.run()
    running.stop()


def test_a_part_that_ends_before_the_first_answer_stops_the_start(tmp_path: Path) -> None:
    running = Supervisor([Part("web", shell("web", "echo no such module; exit 1"), stage=1, patience=1)], tmp_path)
    running.start()
    with pytest.raises(LaunchFailed, match=r"(?s)web ended with code 1.*no such module"):
        running.run_until_answered(1, "/healthz")
    running.stop()


def test_the_start_waits_for_the_first_answer(tmp_path: Path) -> None:
    place = Place.from_environment({})
    script = ANSWERS.format(port=place.gateway_port)
    web = Part("web", lambda: spawn("web", [sys.executable, "-c", script]), stage=1, patience=1)
    running = Supervisor([web], tmp_path)
    running.start()
    running.run_until_answered(place.gateway_port, "/healthz")
    running.stop()


def test_parts_stop_stage_by_stage_and_the_deaf_are_killed(tmp_path: Path) -> None:
    order = tmp_path / "order"
    children: dict[str, Child] = {}

    def part(name: str, stage: int, answer: str) -> Part:
        def start() -> Child:
            children[name] = shell(name, f"trap '{answer}' TERM; echo ready; while :; do sleep 0.01; done")()
            return children[name]

        return Part(name, start, stage=stage, patience=0.5)

    parts = [
        part("late", 2, f"echo late >> {order}; exit 0"),
        part("deaf", 1, ""),
        part("early", 1, f"echo early >> {order}; exit 0"),
    ]
    running = Supervisor(parts, tmp_path)
    running.start()
    while not all("ready" in (tmp_path / f"{part.name}.log").read_text() for part in parts):
        running._listen()
    running.stop()
    assert order.read_text().split() == ["early", "late"]
    assert children["deaf"].exit_code() == -signal.SIGKILL
    assert all(child.exit_code() is not None for child in children.values())


def test_whoever_is_not_root_reads_exactly_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LaunchFailed, match=r"missing here: sudo apt-get install libpango-1\.0-0 fonts-liberation$"):
        system.install(["libpango-1.0-0", "fonts-liberation"])


def test_this_machine_lacks_nothing_for_pdfs() -> None:
    assert system.missing_packages(tests=False) == []
