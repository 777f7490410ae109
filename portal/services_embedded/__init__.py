"""PostgreSQL and Redis for a machine that has none: started with Saldo, stopped with it, gone with it.

Needs nothing but the standard library and the programs two wheels carry, and works before Django is configured.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from portal.services_embedded.errors import FolderInUse, ServiceUnavailable
from portal.services_embedded.postgres import EmbeddedPostgres
from portal.services_embedded.processes import Child
from portal.services_embedded.redis import EmbeddedRedis

__all__ = [
    "EmbeddedPostgres",
    "EmbeddedRedis",
    "FolderInUse",
    "ServiceUnavailable",
    "Services",
    "running_services",
    "services_for_tests",
]

_LOCK = "services.lock"
_ADDRESSES = "services.json"


class Services:
    """Both services under one folder, less those the environment already names.

    `DATABASE_URL` or `REDIS_URL` in `environ` means: use that one and start nothing for it. A lock on the folder is
    held from start to stop, and by the kernel's hand no longer than this process lives.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        disposable: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        given = os.environ if environ is None else environ
        self.folder = folder.absolute()
        self._disposable = disposable
        self._given = {name: given[name] for name in ("DATABASE_URL", "REDIS_URL") if given.get(name)}
        logs = self.folder / "log"
        self.postgres = EmbeddedPostgres(self.folder / "postgres", durable=durable, log=logs / "postgres.log")
        self.redis = EmbeddedRedis(self.folder / "redis", durable=durable, log=logs / "redis.log")
        self._lock: IO[str] | None = None

    @property
    def database_url(self) -> str:
        return self._given.get("DATABASE_URL") or self.postgres.url

    @property
    def redis_url(self) -> str:
        return self._given.get("REDIS_URL") or self.redis.url

    def environment(self) -> dict[str, str]:
        """What the settings of a process that uses these services read."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def children(self) -> list[Child]:
        """The servers that were started here, for whoever watches over them."""
        servers = ((self.redis, "REDIS_URL"), (self.postgres, "DATABASE_URL"))
        return [server.child for server, name in servers if name not in self._given]

    def start(self) -> Self:
        """Start what the environment does not name. Raises FolderInUse or ServiceUnavailable with a sentence."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self.folder)
        try:
            if "REDIS_URL" not in self._given:
                self.redis.start()
            if "DATABASE_URL" not in self._given:
                self.postgres.start()
            self._write_addresses()
        except (ServiceUnavailable, OSError):
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop what was started, PostgreSQL last, and remove the folder if it is disposable."""
        if self._lock is None:
            return
        (self.folder / _ADDRESSES).unlink(missing_ok=True)
        self.redis.stop()
        self.postgres.stop()
        if self._disposable:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()
        self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def _write_addresses(self) -> None:
        path = self.folder / _ADDRESSES
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(json.dumps(self.environment()))


def running_services(folder: Path) -> dict[str, str]:
    """The environment of the services that another process runs from `folder`; empty when none does.

    Lets a command in a second terminal use the services of the first.
    """
    try:
        with (folder / _LOCK).open("r") as lock:
            if _take(lock):
                return {}
        found: dict[str, str] = json.loads((folder / _ADDRESSES).read_text())
    except (FileNotFoundError, PermissionError, ValueError):
        return {}
    return found


def services_for_tests(folder: Path) -> Services:
    """Start quick services that one test process and its workers share, and nobody else.

    Each call makes its own folder under `folder` and `stop()` removes it; folders of processes that were killed are
    swept first. Call it once, in the process that starts the workers, before Django reads its settings, and put
    `environment()` into `os.environ`. DATABASE_URL and REDIS_URL are respected here too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("run-*"):
        _sweep(left)
    own = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
    return Services(own, durable=False, disposable=True).start()


def _sweep(left: Path) -> None:
    try:
        lock = (left / _LOCK).open("r+")
    except FileNotFoundError:
        # Either just being made or half removed: only its age tells which, so leave it to a later sweep.
        return
    with lock:
        if _take(lock):
            EmbeddedPostgres(left / "postgres").stop()
            shutil.rmtree(left, ignore_errors=True)


def _locked(folder: Path) -> IO[str]:
    lock = (folder / _LOCK).open("a+")
    if _take(lock):
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return lock
    lock.seek(0)
    owner = lock.read().strip()
    lock.close()
    raise FolderInUse(f"Saldo already runs from {folder} (process {owner}). Stop that one first.")


def _take(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
