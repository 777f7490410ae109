"""What a campaign of 10,000 messages costs the books: hold, rows by COPY, settle; beside `bulk_create` of the rows.

And beside the least that its rows cost: COPY of a text that was written before, without hold or settlement.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from statistics import median
from time import perf_counter

import pytest
from django.db import connection, transaction

from billing.credits import services as credits
from billing.credits.services import Cause
from billing.ledger.codes import TransferCode
from messaging.delivery import services as delivery
from messaging.delivery.codes import Purpose, State
from messaging.delivery.models import Message
from messaging.delivery.services import Draft
from messaging.encoding.segments import Encoding
from portal.accounts.models import Account
from tests.bench.page import record
from tests.conftest import Grant

MESSAGES = 10_000
ROUNDS = 7
PRICE = 7_000
TEXT = "Gentile cliente, il suo ordine è pronto: può ritirarlo domani dalle 9 alle 18. Grazie, Acme Milano."
COPY = """
    COPY delivery_message (public_id, account_id, purpose, sender, recipient, country_prefix, text, encoding, segment_count,
                           price_units, state, attempt_count, due_at, gateway, gateway_message_id, error_code, created_at,
                           leaves_at) FROM STDIN
"""


@pytest.mark.django_db(transaction=True)
def test_a_campaign_beside_its_rows_alone(acme: Account, grant: Grant, now: datetime) -> None:
    grant(acme, str(10 * MESSAGES))
    wallet = credits.open_wallet(account=acme)
    numbers = [f"+3933{number:08}" for number in range(MESSAGES)]

    def by_saldo() -> None:
        run = uuid.uuid4().hex
        with transaction.atomic():
            hold = credits.reserve(
                wallet=wallet, amount=PRICE * MESSAGES, cause=Cause(TransferCode.CAMPAIGN, f"{run}:hold"), now=now
            )
            drafts = (Draft(number, "39", TEXT, Encoding.GSM7, 1, PRICE) for number in numbers)
            delivery.enqueue(
                account=acme, campaign=None, purpose=Purpose.CAMPAIGN, sender="Acme", drafts=drafts, now=now
            )
        credits.settle(hold=hold, used=PRICE * MESSAGES, cause=Cause(TransferCode.CAMPAIGN, f"{run}:settle"), now=now)

    def by_bulk_create() -> None:
        Message.objects.bulk_create(
            Message(
                account=acme,
                purpose=Purpose.CAMPAIGN,
                sender="Acme",
                recipient=number,
                country_prefix="39",
                text=TEXT,
                encoding=Encoding.GSM7.value,
                segment_count=1,
                price_units=PRICE,
                state=State.WAITING,
                due_at=now,
                leaves_at=now,
                created_at=now,
            )
            for number in numbers
        )

    def written() -> str:
        head = (acme.pk, Purpose.CAMPAIGN.value, "Acme")
        tail = ("39", TEXT, Encoding.GSM7.value, 1, PRICE, State.WAITING.value, 0, now, "", "", "", now, now)
        rows = ((uuid.uuid4(), *head, number, *tail) for number in numbers)
        return "".join("\t".join(map(str, row)) + "\n" for row in rows)

    texts = [written() for _ in range(ROUNDS)]

    def by_copy_alone() -> None:
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.write(texts.pop())

    works: dict[str, Callable[[], None]] = {
        "Saldo: hold, COPY, settle": by_saldo,
        "COPY of the rows alone, written out before": by_copy_alone,
        "`bulk_create` of the rows alone": by_bulk_create,
    }
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            started = perf_counter()
            work()
            seconds[name].append(perf_counter() - started)
    base = median(seconds["`bulk_create` of the rows alone"])
    record(
        "A campaign's hold, rows and settlement",
        f"{MESSAGES:,} messages with all indexes and constraints of the table; median of {ROUNDS} interleaved rounds.",
        ["way", "messages/s", "times `bulk_create`"],
        [[name, f"{MESSAGES / median(all):,.0f}", f"{base / median(all):.2f}"] for name, all in seconds.items()],
    )
