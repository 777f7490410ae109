"""Keeps the parts running: files their lines, shows what matters, brings back what falls, ends all in order."""

import contextlib
import http.client
import os
import selectors
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from portal.launcher.errors import LaunchFailed
from portal.launcher.parts import Part
from portal.launcher.terminal import say, worth_showing
from portal.services_embedded.processes import Child

_LOOK_EVERY_SECONDS = 0.1
_FALLS_ALLOWED = 5
_WITHIN_SECONDS = 60.0
_PAUSE_SECONDS = 1.0
_FIRST_ANSWER_SECONDS = 90.0
_SAME_LINE_AGAIN_SECONDS = 30.0
_LOG_BYTES = 5_000_000
_LAST_LINES = 12


@dataclass
class _Post:
    """A part, its present process, and what it said last."""

    part: Part
    log: IO[str]
    child: Child | None = None
    unfinished: bytes = b""
    due: float = 0.0
    falls: deque[float] = field(default_factory=lambda: deque(maxlen=_FALLS_ALLOWED))
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))


class Supervisor:
    """Runs the parts from the main thread; every end is by an exception (KeyboardInterrupt or LaunchFailed)."""

    def __init__(self, parts: Sequence[Part], log_folder: Path) -> None:
        self._log_folder = log_folder
        self._posts = [_Post(part, _open_log(log_folder, part.name), child=part.already) for part in parts]
        self._selector = selectors.DefaultSelector()
        self._shown: dict[str, float] = {}
        self._stopping = False

    def start(self) -> None:
        """Start every part that does not run yet."""
        for post in self._posts:
            if post.child is None:
                self._start(post)

    def run_until_answered(self, port: int, path: str) -> None:
        """Serve the parts until the web answers 200 on `path`. Raises LaunchFailed when one ends before that."""
        deadline = time.monotonic() + _FIRST_ANSWER_SECONDS
        while time.monotonic() < deadline:
            self._listen()
            for post in self._posts:
                if post.child is not None and post.child.exit_code() is not None:
                    self._read_rest(post)
                    raise LaunchFailed(f"{self._end_of(post)}\n" + "\n".join(post.last_lines))
            if _answers(port, path):
                return
        raise LaunchFailed(f"Saldo did not answer within {_FIRST_ANSWER_SECONDS:.0f} seconds. See {self._log_folder}.")

    def run(self) -> None:
        """Serve the parts for ever. Raises LaunchFailed when one keeps falling."""
        while True:
            self._listen()
            now = time.monotonic()
            for post in self._posts:
                if post.child is None:
                    if now >= post.due:
                        self._start(post)
                elif post.child.exit_code() is not None:
                    self._note_fall(post, now)

    def stop(self) -> None:
        """End the parts stage by stage, the door first; kill those that do not listen. Services stop elsewhere."""
        self._stopping = True
        for stage in sorted({post.part.stage for post in self._posts if post.part.already is None}):
            posts = [post for post in self._posts if post.part.stage == stage and post.child is not None]
            for post in posts:
                if post.child is not None:
                    post.child.ask_to_stop()
            self._wait_for(posts)
        for post in self._posts:
            post.log.close()
        self._selector.close()

    def _wait_for(self, posts: Sequence[_Post]) -> None:
        deadline = time.monotonic() + max((post.part.patience for post in posts), default=0.0)
        # Their lines are read on: a part that cannot write cannot end.
        while time.monotonic() < deadline and any(post.child and post.child.exit_code() is None for post in posts):
            self._listen()
        for post in posts:
            if post.child is not None:
                post.child.kill()
                self._read_rest(post)

    def _start(self, post: _Post) -> None:
        post.child = post.part.start()
        if (stream := post.child.process.stdout) is not None:
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, post)

    def _note_fall(self, post: _Post, now: float) -> None:
        self._read_rest(post)
        sentence = self._end_of(post)
        post.child = None
        if len(post.falls) == _FALLS_ALLOWED and now - post.falls[0] < _WITHIN_SECONDS:
            raise LaunchFailed(f"{sentence} It keeps falling, so Saldo stops.\n" + "\n".join(post.last_lines))
        post.falls.append(now)
        post.due = now + _PAUSE_SECONDS
        say(f"{sentence} Starting it again.", error=True)

    def _end_of(self, post: _Post) -> str:
        code = post.child.exit_code() if post.child is not None else None
        how = f"was ended by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"
        return f"{post.part.name} {how}; its log is {self._log_folder / post.part.name}.log."

    def _listen(self) -> None:
        if not self._selector.get_map():
            time.sleep(_LOOK_EVERY_SECONDS)
        for key, _ in self._selector.select(_LOOK_EVERY_SECONDS):
            self._read(key.data)

    def _read(self, post: _Post) -> bool:
        """Read what is there; False when there is nothing or the part has closed its end."""
        stream = post.child.process.stdout if post.child is not None else None
        if stream is None or stream.closed:
            return False
        try:
            chunk = os.read(stream.fileno(), 65536)
        except BlockingIOError:
            return False
        *lines, post.unfinished = (post.unfinished + chunk).split(b"\n")
        for line in lines:
            self._file(post, line.decode(errors="replace").rstrip())
        if not chunk:
            self._selector.unregister(stream)
            stream.close()
        return bool(chunk)

    def _read_rest(self, post: _Post) -> None:
        while self._read(post):
            pass
        stream = post.child.process.stdout if post.child is not None else None
        if stream is not None and not stream.closed:
            self._selector.unregister(stream)
            stream.close()

    def _file(self, post: _Post, line: str) -> None:
        post.log.write(f"{datetime.now(tz=UTC).astimezone():%Y-%m-%d %H:%M:%S} {line}\n")
        post.last_lines.append(line)
        text = worth_showing(line)
        if text is None or self._stopping:
            return
        now = time.monotonic()
        said = f"{post.part.name}: {text}"
        if now - self._shown.get(said, float("-inf")) > _SAME_LINE_AGAIN_SECONDS:
            self._shown[said] = now
            say(said, error=True)


def _open_log(folder: Path, name: str) -> IO[str]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.log"
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("a", buffering=1, encoding="utf-8")


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
