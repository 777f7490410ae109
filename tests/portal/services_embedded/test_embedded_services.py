"""PostgreSQL and Redis of our own: they answer, they keep, and they never outlive whoever started them."""

import json
import os
import select
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.services_embedded import (
    EmbeddedPostgres,
    EmbeddedRedis,
    FolderInUse,
    Services,
    ServiceUnavailable,
    binaries,
    running_services,
    services_for_tests,
)
from portal.services_embedded.processes import Person, run, spawn

ROOT = Path(__file__).resolve().parents[3]
NOBODY = Person(uid=65534, gid=65534)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

HOST = """
import json, os, pathlib, sys
from portal.services_embedded import Services
services = Services(pathlib.Path(sys.argv[1]), environ={}).start()
print(json.dumps({**services.environment(), "pids": [child.pid for child in services.children()]}), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with Services(tmp_path_factory.mktemp("shared") / "var", durable=False, environ={}) as running:
        yield running


def wait_for_end(pid: int) -> None:
    """Return when the process has ended, by the kernel's word; fail after ten seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([descriptor], [], [], 10)
    finally:
        os.close(descriptor)
    assert ended, f"process {pid} still runs"


def count_of(url: str, statement: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])


def test_both_services_answer_at_their_addresses(services: Services) -> None:
    assert count_of(services.database_url, "select 1") == 1
    assert redis.Redis.from_url(services.redis_url).ping()


def test_postgres_listens_on_a_socket_only_its_owner_may_reach(services: Services) -> None:
    with psycopg.connect(services.database_url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        folder = Path(connection.info.host)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_redis_refuses_whoever_does_not_know_the_password(services: Services) -> None:
    address = redis.Redis.from_url(services.redis_url).connection_pool.connection_kwargs
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(host="127.0.0.1", port=address["port"], retry=Retry(NoBackoff(), 0)).ping()
    command = Path(f"/proc/{services.redis.child.pid}/cmdline").read_bytes()
    assert address["password"].encode() not in command


def test_the_services_never_run_postgres_as_root(services: Services) -> None:
    assert Path(f"/proc/{services.postgres.child.pid}").stat().st_uid != 0


def test_data_survive_an_orderly_restart(tmp_path: Path) -> None:
    with Services(tmp_path / "var", environ={}) as first:
        with psycopg.connect(first.database_url) as connection:
            connection.execute("create table kept as select 42 as answer")
        redis.Redis.from_url(first.redis_url).set("kept", "42")
    with Services(tmp_path / "var", environ={}) as second:
        assert count_of(second.database_url, "select answer from kept") == 42
        assert redis.Redis.from_url(second.redis_url).get("kept") == b"42"


def test_data_survive_a_power_cut(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "postgres") as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("create table kept as select 42 as answer")
        server.child.kill()
        server.start()
        assert count_of(server.url, "select answer from kept") == 42


def test_redis_started_again_keeps_its_address(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis", durable=False) as server:
        address = server.url
        server.child.kill()
        server.start()
        assert server.url == address
        assert redis.Redis.from_url(address).ping()


def test_nothing_outlives_a_host_killed_outright(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path / "var")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as host:
        assert host.stdout is not None
        told = json.loads(host.stdout.readline())
        assert count_of(told["DATABASE_URL"], "select 1") == 1
        host.kill()
        for pid in told["pids"]:
            wait_for_end(pid)
    with Services(tmp_path / "var", environ={}) as again:
        assert count_of(again.database_url, "select 1") == 1


def test_the_children_of_a_child_end_too_when_the_host_is_killed() -> None:
    script = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True); input()"
    host = (
        "import sys; from portal.services_embedded.processes import spawn\n"
        f"spawn('parent', [sys.executable, '-c', {script!r}], output=1, given=None)\n"
        "sys.stdin.read()"
    )
    # The middle process reads the end of an empty input at once, so only the warden knows of its child.
    with subprocess.Popen(
        [sys.executable, "-c", host], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        grandchild = int(running.stdout.readline())
        running.kill()
        wait_for_end(grandchild)


def test_a_stale_pid_of_somebody_else_does_not_stop_the_start(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    with EmbeddedPostgres(data, durable=False):
        pass
    # What a power cut leaves; after a restart of the machine the number may be anybody's, here our own.
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n0\n5432\n\n\n\n")
    with EmbeddedPostgres(data, durable=False) as server:
        assert count_of(server.url, "select 1") == 1


def test_a_second_start_from_the_same_folder_is_refused_with_a_sentence(services: Services) -> None:
    with pytest.raises(FolderInUse, match=f"already runs from {services.folder} .process {os.getpid()}"):
        Services(services.folder, environ={}).start()
    assert count_of(services.database_url, "select 1") == 1


def test_services_named_by_the_environment_are_used_and_not_started(tmp_path: Path) -> None:
    named = {"DATABASE_URL": "postgresql://elsewhere/saldo", "REDIS_URL": "redis://elsewhere/0"}
    with Services(tmp_path / "var", environ=named) as services:
        assert services.environment() == named
        assert services.children() == []
    assert not (tmp_path / "var" / "postgres").exists()


def test_another_process_finds_the_services_of_a_folder_while_they_run(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    assert running_services(folder) == {}
    with Services(folder, durable=False, environ={}) as services:
        assert running_services(folder) == services.environment()
        assert stat.S_IMODE((folder / "services.json").stat().st_mode) == 0o600
    assert running_services(folder) == {}


def test_services_for_tests_sweep_what_a_killed_run_left_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    left = tmp_path / "run-killed"
    left.mkdir()
    (left / "services.lock").write_text("1\n")
    first, second = services_for_tests(tmp_path), services_for_tests(tmp_path)
    assert not left.exists()
    assert first.database_url != second.database_url
    assert count_of(first.database_url, "select 1") == count_of(second.database_url, "select 1")
    first.stop()
    second.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_refused_with_a_sentence(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("18\n")
    with pytest.raises(ServiceUnavailable, match="did not start"):
        EmbeddedPostgres(data, durable=False).start()


def test_a_child_is_never_started_from_another_thread() -> None:
    refused: list[BaseException] = []

    def start() -> None:
        try:
            spawn("sleeper", ["sleep", "60"])
        except RuntimeError as error:
            refused.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert str(refused[0]) == "A child process must be started from the main thread."


def test_a_child_that_does_not_listen_is_killed() -> None:
    child = spawn("deaf", ["sh", "-c", "trap '' TERM; while :; do sleep 60; done"])
    child.stop(patience=0.2)
    assert child.exit_code() in {-signal.SIGKILL, -signal.SIGTERM}


@as_root
def test_programs_under_a_private_home_are_copied_where_the_server_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    found = binaries.binaries_for(None).parent
    with tempfile.TemporaryDirectory(dir="/var/tmp") as cache:
        monkeypatch.setattr(binaries, "_CACHE", Path(cache))
        copied = binaries._copy_where_others_read(found.parent, found.name)
        assert run((copied / "bin" / "initdb", "--version"), person=NOBODY).returncode == 0
        assert binaries._copy_where_others_read(found.parent, found.name) == copied
