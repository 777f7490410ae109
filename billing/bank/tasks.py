"""The sweep of the bank room."""

from celery import shared_task
from django.utils import timezone

from billing.bank import services, statements
from portal.sweeps import each


@shared_task
def book_new_lines() -> None:
    """Look at the lines that nobody looked at since they were imported."""
    each(statements.new_lines(), lambda line: services.book_new(line=line, now=timezone.now()))
