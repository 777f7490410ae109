"""Numbers without gaps while many issue at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction

from billing.invoices.models import Invoice, InvoiceSeries
from portal.accounts.models import Account
from tests.billing.invoices.conftest import Issue

WRITERS = 8
EACH = 12


class ChangedMind(Exception):
    """What comes after the invoice in its transaction fails."""


@pytest.mark.django_db(transaction=True)
def test_eight_writers_leave_no_gap_though_some_give_up(acme: Account, issue: Issue) -> None:
    def write(writer: int) -> None:
        for round_number in range(EACH):
            try:
                with transaction.atomic():
                    issue(acme, reference=f"{writer}:{round_number}")
                    if (writer + round_number) % 3 == 0:
                        raise ChangedMind
            except ChangedMind:
                continue
        connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    numbers = list(Invoice.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, WRITERS * EACH * 2 // 3 + 1))
    assert InvoiceSeries.objects.get().last_number == len(numbers)


@pytest.mark.django_db(transaction=True)
def test_the_same_reference_from_eight_writers_is_one_invoice(acme: Account, issue: Issue, now: datetime) -> None:
    def write(_: int) -> int:
        invoice = issue(acme, reference="the same")
        connection.close()
        return invoice.pk

    with ThreadPoolExecutor(WRITERS) as pool:
        found = set(pool.map(write, range(WRITERS)))
    assert len(found) == 1
    assert InvoiceSeries.objects.get().last_number == 1
