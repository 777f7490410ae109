"""How a bell is rung: after the commit, with an id, and never at the price of the work that rang it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction
from django.dispatch import Signal

_silent: ContextVar[bool] = ContextVar("bells_are_silent", default=False)


def ring(bell: Signal, id: int) -> None:
    """Send `bell` with `id` once the current transaction has committed; a failing listener never undoes the work."""
    if not _silent.get():
        transaction.on_commit(lambda: bell.send_robust(sender=None, id=id), robust=True)


@contextmanager
def silence() -> Iterator[None]:
    """Ring no bell inside: for loading much that has already happened. What is left to do the sweeps find."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)
