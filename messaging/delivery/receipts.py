"""What gateways report later: kept once, matched to its message, and never taken back."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection

from messaging.delivery.gateways.base import Report
from messaging.delivery.models import DeliveryReceipt
from portal.transactions import unit_of_work

# A receipt for which no message turns up in this time belongs to somebody else.
KEPT_FOR_MATCHING = timedelta(hours=96)

# The ids are named twice, so that messages are found by index even while the statistics of the table are old.
# A receipt finds its message by the gateway's id, and moves it if it tells an end and the message has none yet. Rows
# are locked in the order of their keys, so that two webhooks with the same messages do not wait for each other.
_MATCH = """
    WITH found AS (
        SELECT receipt.id AS receipt_id, message.id AS message_id
          FROM delivery_deliveryreceipt receipt
          JOIN delivery_message message
            ON message.gateway_message_id = receipt.gateway_message_id AND message.gateway_message_id <> ''
           AND message.gateway = receipt.gateway AND message.gateway_message_id = ANY(%(ids)s)
         WHERE receipt.message_id IS NULL AND receipt.id = ANY(%(receipts)s)
         ORDER BY message.id, receipt.id
           FOR NO KEY UPDATE OF message, receipt
    ), matched AS (
        UPDATE delivery_deliveryreceipt receipt SET message_id = found.message_id
          FROM found WHERE receipt.id = found.receipt_id
    ), ends AS (
        SELECT DISTINCT ON (found.message_id) found.message_id, receipt.state, receipt.error_code, receipt.reported_at
          FROM found JOIN delivery_deliveryreceipt receipt ON receipt.id = found.receipt_id
         WHERE receipt.state IN ('delivered', 'undelivered', 'expired')
         ORDER BY found.message_id, receipt.id
    )
    UPDATE delivery_message message
       SET state = ends.state, error_code = ends.error_code, final_at = ends.reported_at, due_at = NULL
      FROM ends
     WHERE message.id = ends.message_id AND message.state = 'accepted'
"""


@unit_of_work
def receive(*, gateway: str, reports: Sequence[Report], now: datetime) -> None:
    """Keep the reports and apply them. Repeated they have no effect; one that comes too early waits for its message."""
    DeliveryReceipt.objects.bulk_create(
        [
            DeliveryReceipt(
                gateway=gateway,
                gateway_message_id=report.message_id,
                state=report.state,
                error_code=report.reason,
                reported_at=report.reported_at,
                received_at=now,
            )
            for report in sorted(reports, key=lambda report: (report.message_id, report.state))
        ],
        ignore_conflicts=True,
    )
    match_receipts(message_ids=[report.message_id for report in reports], now=now)


@unit_of_work
def match_receipts(*, message_ids: Collection[str] | None, now: datetime) -> int:
    """Join kept receipts with the messages of these ids (None: any), and return how many messages became final.

    Called after a receipt is kept, after an id becomes known, and by the sweep: a receipt and its message may each be
    written while the other is not yet committed.
    """
    unmatched = DeliveryReceipt.objects.filter(message=None, received_at__gt=now - KEPT_FOR_MATCHING)
    if message_ids is not None:
        unmatched = unmatched.filter(gateway_message_id__in=message_ids)
    # Almost always there is none, and the hand-over of every batch asks: this question is the cheap one.
    waiting = dict(unmatched.values_list("pk", "gateway_message_id"))
    if not waiting:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_MATCH, {"receipts": list(waiting), "ids": list(set(waiting.values()))})
        return int(cursor.rowcount)
