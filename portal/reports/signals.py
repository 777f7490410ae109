"""The bell of the reports room."""

from django.dispatch import Signal

# Rung when a report was asked for; `id` is the request's primary key.
report_requested = Signal()
