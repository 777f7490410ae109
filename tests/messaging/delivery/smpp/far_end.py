"""The foreign SMSC: npm `smpp` in a process of its own, installed from a lock that names no address."""

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

HERE = Path(__file__).resolve().parent / "foreign"
INSTALLED = Path(__file__).resolve().parents[4] / "var" / "foreign-smsc"
LOCK = HERE / "package-lock.json"


def installed() -> Path:
    """Install it where it is not, and say where. `make test` sees to it that there is a Node.js."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        why = "There is no Node.js here, so no foreign SMSC: apt-get install nodejs npm"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    INSTALLED.mkdir(parents=True, exist_ok=True)
    wanted, stamp = hashlib.sha256(LOCK.read_bytes()).hexdigest(), INSTALLED / "stamp"
    with (INSTALLED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            for file in ("package.json", LOCK.name):
                shutil.copy(HERE / file, INSTALLED)
            words = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
            subprocess.run([npm, *words], cwd=INSTALLED, check=True, capture_output=True, timeout=300)
            stamp.write_text(wanted)
    return INSTALLED


class ForeignSmsc:
    """`async with ForeignSmsc() as smsc`: its `port`, and what it `said` about what it read."""

    port: int

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        words = ("node", str(HERE / "server.js"), str(installed()))
        self._process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, limit=1 << 20)
        self._listening = asyncio.create_task(self._listen())
        (first,) = await self.heard(lambda each: "port" in each, 1)
        self.port = first["port"]
        return self

    async def __aexit__(self, *failure: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._listening

    async def heard(self, like: Callable[[dict[str, Any]], bool], count: int) -> list[dict[str, Any]]:
        """Wait until it has said `count` things like this, and return them."""
        async with asyncio.timeout(30):
            while len(found := [each for each in self.said if like(each)]) < count:
                self._changed.clear()
                await self._changed.wait()
        return found

    async def submitted(self, count: int) -> list[dict[str, Any]]:
        """What it read of the first `count` submit_sm."""
        return await self.heard(lambda each: "id" in each, count)

    def deliver(self, **fields: Any) -> None:
        """Have it send a deliver_sm of these fields, in its own codec."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(fields).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.said.append(json.loads(line))
            self._changed.set()
