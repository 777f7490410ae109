"""A PostgreSQL of our own, from the binaries of a wheel: on a unix socket only, never as root, never orphaned."""

import hashlib
import os
import pwd
import shutil
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

from portal.services_embedded.binaries import binaries_for, server_environment
from portal.services_embedded.errors import ServiceUnavailable
from portal.services_embedded.processes import Child, Person, run, spawn

_NOBODY = Person(uid=65534, gid=65534)
_NAME = "saldo"
_PORT = 5432
_START_SECONDS = 60.0
_PREDECESSOR_SECONDS = 20.0
_LOOK_EVERY_SECONDS = 0.01
_QUICK_AND_FORGETFUL = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum_naptime=10s",
)
_ALWAYS = (
    "listen_addresses=",
    f"port={_PORT}",
    "unix_socket_permissions=0700",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_messages=warning",
    "jit=off",
)


class EmbeddedPostgres:
    """One PostgreSQL server on one data folder, made with its database on the first start.

    With `durable=False` it does not wait for the disk: quicker, and only for data nobody will miss.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, log: Path | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self.log = log or self.data_dir.with_suffix(".log")
        self._durable = durable
        self._socket_dir = _socket_dir(self.data_dir)
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The address in the form of DATABASE_URL, the folder of the socket percent-encoded as the host."""
        return f"postgresql://{_NAME}@{quote(str(self._socket_dir), safe='')}:{_PORT}/{_NAME}"

    @property
    def child(self) -> Child:
        """The running server; raises ServiceUnavailable when it was not started."""
        if self._child is None:
            raise ServiceUnavailable("PostgreSQL is not running.")
        return self._child

    def start(self) -> Self:
        """Start the server and wait until it takes connections.

        Raises ServiceUnavailable, with what to do, when binaries, folder or server refuse.
        """
        person = _person_for(self.data_dir)
        binaries = binaries_for(person)
        _own_folder(self.data_dir, person)
        _own_folder(self._socket_dir, person)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        _wait_for_predecessor(self.data_dir)
        with _named_for_server(self.data_dir, person) as (name, keep_open):
            if not (self.data_dir / "PG_VERSION").exists():
                self._make(binaries, person, name, keep_open)
            self._child = self._spawn(binaries, person, name, keep_open)
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Shut down in order (a checkpoint, no recovery next time) and remove the socket's folder."""
        if self._child is not None:
            self._child.stop(patience=20.0)
            self._child = None
        shutil.rmtree(self._socket_dir, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def _make(
        self,
        binaries: Path,
        person: Person | None,
        name: str,
        keep_open: tuple[int, ...],
    ) -> None:
        # Sorting and upper case follow Unicode on every system, whatever locales it has.
        words = f"-U {_NAME} --auth=trust --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
        sync = () if self._durable else ("--no-sync",)
        for argv, given in (
            (
                (
                    binaries / "initdb",
                    "-D",
                    name,
                    *words.split(),
                    "--no-instructions",
                    *sync,
                ),
                "",
            ),
            (
                (binaries / "postgres", "--single", "-D", name, "template1"),
                f"CREATE DATABASE {_NAME}\n",
            ),
        ):
            done = run(
                argv,
                given=given,
                env=server_environment(),
                person=person,
                keep_open=keep_open,
            )
            if done.returncode != 0 or "ERROR:" in done.stdout or "FATAL:" in done.stdout:
                _empty(self.data_dir)
                raise ServiceUnavailable(f"PostgreSQL could not make its data folder {self.data_dir}:\n{done.stdout}")

    def _spawn(
        self,
        binaries: Path,
        person: Person | None,
        name: str,
        keep_open: tuple[int, ...],
    ) -> Child:
        options = [*_ALWAYS, f"unix_socket_directories={self._socket_dir}"]
        if not self._durable:
            options.extend(_QUICK_AND_FORGETFUL)
        argv: list[str | Path] = [binaries / "postgres", "-D", name]
        for option in options:
            argv.extend(("-c", option))
        with self.log.open("ab") as output:
            return spawn(
                "postgres",
                argv,
                # Fast shutdown: sessions are cut off, what was committed stays.
                stop_signal=signal.SIGINT if self._durable else signal.SIGQUIT,
                output=output,
                cwd=Path("/"),
                env=server_environment(),
                person=person,
                keep_open=keep_open,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.child.exit_code() is not None:
                self.stop()
                raise ServiceUnavailable(f"PostgreSQL did not start. It says why in {self.log}.")
            if _is_ready(self.data_dir, self.child.pid):
                return
            time.sleep(_LOOK_EVERY_SECONDS)
        self.stop()
        raise ServiceUnavailable(f"PostgreSQL was not ready after {_START_SECONDS:.0f} seconds. See {self.log}.")


def _person_for(data_dir: Path) -> Person | None:
    """Who runs the server: ourselves (None) or, as root, the owner of the data, at first `nobody`."""
    if os.geteuid() != 0:
        return None
    if data_dir.exists() and (owner := data_dir.stat()).st_uid != 0:
        return Person(uid=owner.st_uid, gid=owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return _NOBODY
    return Person(uid=nobody.pw_uid, gid=nobody.pw_gid)


def _own_folder(folder: Path, person: Person | None) -> None:
    """Make a folder that only the server's user may enter; refuse one that somebody else has put there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    wanted = os.geteuid() if person is None else person.uid
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {wanted, os.geteuid()}:
        raise ServiceUnavailable(f"{folder} belongs to another user. Remove it, or run as the user who made it.")
    folder.chmod(0o700)
    if person is not None:
        os.chown(folder, person.uid, person.gid)


def _socket_dir(data_dir: Path) -> Path:
    """A short folder for the socket, always the same for one data folder: the kernel allows 107 characters."""
    key = hashlib.sha256(f"{os.geteuid()} {data_dir}".encode()).hexdigest()[:12]
    # _own_folder() refuses one that somebody else made there first.
    return Path("/tmp") / f"saldo-{key}"  # noqa: S108


@contextmanager
def _named_for_server(data_dir: Path, person: Person | None) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The name under which the server finds its data, and the open files that name needs.

    The user we drop to may not be allowed to pass the folders above (a clone under a private home). It may enter
    a folder it owns through an open descriptor, so nobody's modes have to be opened.
    """
    if person is None:
        yield str(data_dir), ()
        return
    descriptor = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)


def _wait_for_predecessor(data_dir: Path) -> None:
    """After a kill -9 the former server may still be shutting down, or its pid may by now be somebody else's."""
    pid_file = data_dir / "postmaster.pid"
    deadline = time.monotonic() + _PREDECESSOR_SECONDS
    while (pid := _pid_in(pid_file)) and Path(f"/proc/{pid}").exists():
        if not _works_in(pid, data_dir):
            # The machine or container was restarted and the number given anew; PostgreSQL would refuse to start.
            pid_file.unlink(missing_ok=True)
            return
        if time.monotonic() > deadline:
            raise ServiceUnavailable(f"Another PostgreSQL (process {pid}) still uses {data_dir}.")
        time.sleep(_LOOK_EVERY_SECONDS)


def _pid_in(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _works_in(pid: int, data_dir: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data_dir)
    except OSError:
        return False


def _is_ready(data_dir: Path, pid: int) -> bool:
    """PostgreSQL writes its state on the eighth line of its pid file, as pg_ctl reads it."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
