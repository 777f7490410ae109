"""What gateways report later: kept once, matched to its message, and never taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from messaging.delivery import results
from messaging.delivery.codes import FINAL
from messaging.delivery.gateways.base import Accepted, Report
from messaging.delivery.matching import end, match_receipts
from portal.transactions import unit_of_work

__all__ = ["match_receipts", "receive"]

# Most receipts find their message at once. An id that a gateway has used twice means the newer message.
_KEEP = """
    WITH known AS (
        SELECT gateway_message_id, max(message_id) AS message_id
          FROM (SELECT gateway_message_id, id AS message_id FROM delivery_message
                 WHERE gateway_message_id = ANY(%(ids)s) AND gateway_message_id <> '' AND gateway = %(gateway)s
                 UNION ALL
                SELECT gateway_message_id, message_id FROM delivery_messagepart
                 WHERE gateway_message_id = ANY(%(ids)s) AND gateway = %(gateway)s) named
         GROUP BY gateway_message_id
    )
    INSERT INTO delivery_deliveryreceipt
           (message_id, gateway, gateway_message_id, state, error_code, recipient, reported_at, received_at)
    SELECT known.message_id, %(gateway)s, report.*, %(now)s
      FROM unnest(%(ids)s::text[], %(states)s::text[], %(reasons)s::text[], %(recipients)s::text[],
                  %(reported)s::timestamptz[]) AS report(id, state, reason, recipient, reported_at)
      LEFT JOIN known ON known.gateway_message_id = report.id
     ORDER BY report.id, report.state
        ON CONFLICT (gateway, gateway_message_id, state) DO NOTHING
    RETURNING message_id, state
"""


def receive(*, gateway: str, reports: Sequence[Report], now: datetime) -> None:
    """Keep the reports and apply them. Repeated they have no effect; one that comes too early waits for its message.

    They are committed when this returns: then the gateway may be told so. A report that gives our own key back says
    that the message was taken, whether or not we heard that.
    """
    if not reports:
        return
    _keep(gateway=gateway, reports=reports, now=now)
    # A message may have got its id while these were being written: each looks for the other after its own commit.
    taken = {report.key: Accepted(report.key, report.message_id) for report in reports if report.key}
    results.record(gateway=gateway, results=list(taken.values()), now=now)
    match_receipts(message_ids=[report.message_id for report in reports], now=now)


@unit_of_work
def _keep(*, gateway: str, reports: Sequence[Report], now: datetime) -> None:
    columns: dict[str, list[Any]] = {
        "ids": [report.message_id for report in reports],
        "states": [report.state.value for report in reports],
        "reasons": [report.reason for report in reports],
        "recipients": [report.recipient for report in reports],
        "reported": [report.reported_at for report in reports],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, {"gateway": gateway, "now": now, **columns})
        ended = {message_id for message_id, state in cursor.fetchall() if message_id and state in FINAL}
    end(messages=ended, now=now)
