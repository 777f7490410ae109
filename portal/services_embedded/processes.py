"""Child processes that never outlive the process that started them.

Two safety nets, because each has a hole. On Linux the kernel signals a child when its parent dies, but not the
children of that child. The warden, a tiny process at the other end of a pipe, notices the end of the parent on every
system and signals whole process groups, then kills what is left.
"""

import atexit
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_PRCTL = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
_WARDEN_SOURCE = Path(__file__).with_name("warden.py")


@dataclass(frozen=True)
class Person:
    """The user and group a process runs as."""

    uid: int
    gid: int


@dataclass
class Child:
    """A running process, leader of a process group of its own, known to the warden until it is seen to have ended."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals
    _reported: bool = field(default=False, init=False)

    @property
    def pid(self) -> int:
        return self.process.pid

    def exit_code(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it runs."""
        code = self.process.poll()
        if code is not None and not self._reported:
            self._reported = True
            # A master killed outright leaves its own children behind.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            _warden.forget(self.pid)
        return code

    def ask_to_stop(self) -> None:
        """Send the stop signal and come back at once; a process that has ended is left alone."""
        if self.exit_code() is None:
            self.process.send_signal(self.stop_signal)

    def wait(self, *, patience: float) -> None:
        """Wait `patience` seconds for the end, then kill the whole group."""
        try:
            self.process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self.kill()
        self.exit_code()

    def stop(self, *, patience: float = 10.0) -> None:
        """Ask, wait, and kill what does not listen."""
        self.ask_to_stop()
        self.wait(patience=patience)

    def kill(self) -> None:
        """End the process and its group at once, as a power cut would."""
        if self.exit_code() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()
            self.exit_code()


class _Warden:
    """Our end of the pipe to the warden process, which is started with the first child."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, pid: int, stop_signal: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(  # noqa: S603 - our own file
                [sys.executable, "-I", "-S", str(_WARDEN_SOURCE)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
            atexit.register(self.dismiss)
        self._tell(f"watch {pid} {int(stop_signal)}\n")

    def forget(self, pid: int) -> None:
        self._tell(f"forget {pid} 0\n")

    def dismiss(self) -> None:
        """Close the pipe: the warden ends whatever is still running, then itself."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()

    def _tell(self, line: str) -> None:
        if self._process is None or self._process.stdin is None:
            return
        # Should somebody have killed the warden, the kernel's own signal still guards each child.
        with contextlib.suppress(BrokenPipeError):
            # One short write is atomic on a pipe.
            os.write(self._process.stdin.fileno(), line.encode("ascii"))


_warden = _Warden()


def spawn(
    name: str,
    argv: Sequence[str | Path],
    *,
    stop_signal: signal.Signals = signal.SIGTERM,
    output: IO[bytes] | int = subprocess.DEVNULL,
    given: bytes | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    person: Person | None = None,
    keep_open: Sequence[int] = (),
) -> Child:
    """Start a process that dies with this one; `given` is what it reads on its standard input.

    Call it from the main thread only: the kernel takes the end of the *thread* that started a child for the end of
    its parent. Raises RuntimeError elsewhere and OSError when the program cannot be started.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("A child process must be started from the main thread.")
    process = subprocess.Popen(  # noqa: S603 - callers name programs of ours
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=None if env is None else dict(env),
        start_new_session=True,
        pass_fds=tuple(keep_open),
        preexec_fn=_dies_with(os.getpid(), stop_signal),  # noqa: PLW1509 - two system calls, no lock taken
        user=None if person is None else person.uid,
        group=None if person is None else person.gid,
        extra_groups=None if person is None else (),
    )
    child = Child(name=name, process=process, stop_signal=stop_signal)
    _warden.watch(child.pid, stop_signal)
    if given is not None and process.stdin is not None:
        process.stdin.write(given)
        process.stdin.close()
    return child


def end_with_parent(stop_signal: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send *this* process the signal when its parent ends (Linux; nothing happens elsewhere)."""
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)


def run(
    argv: Sequence[str | Path],
    *,
    given: str = "",
    env: Mapping[str, str] | None = None,
    person: Person | None = None,
    keep_open: Sequence[int] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a short program to its end and return its output; the caller looks at the exit code."""
    return subprocess.run(  # noqa: S603 - callers name programs of ours
        [str(word) for word in argv],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
        env=None if env is None else dict(env),
        pass_fds=tuple(keep_open),
        user=None if person is None else person.uid,
        group=None if person is None else person.gid,
        extra_groups=None if person is None else (),
    )


def _dies_with(parent: int, stop_signal: signal.Signals) -> Callable[[], None]:
    def in_the_child() -> None:
        # Runs after the change of user, which would clear the request.
        if _PRCTL is not None:
            _PRCTL(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        # The parent may have died before the request was made: then nobody would ever send the signal.
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return in_the_child
