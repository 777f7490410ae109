"""How a bell is rung: after the commit, with an id, and never at the price of the work that rang it."""

from django.db import transaction
from django.dispatch import Signal


def ring(bell: Signal, id: int) -> None:
    """Send `bell` with `id` once the current transaction has committed; a failing listener never undoes the work."""
    transaction.on_commit(lambda: bell.send_robust(sender=None, id=id), robust=True)
