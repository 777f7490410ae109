"""The bell of the alerts room."""

from django.dispatch import Signal

# Rung when a notice waits to be sent; `id` is the notice's primary key.
notices_waiting = Signal()
