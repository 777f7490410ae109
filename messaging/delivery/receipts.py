"""What gateways report later: kept once, matched to its message, and never taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from messaging.delivery import results
from messaging.delivery.gateways.base import Accepted, Report
from messaging.delivery.matching import match_receipts
from portal.transactions import unit_of_work

__all__ = ["match_receipts", "receive"]

_KEEP = """
    INSERT INTO delivery_deliveryreceipt
           (gateway, gateway_message_id, state, error_code, recipient, reported_at, received_at)
    SELECT %(gateway)s, report.*, %(now)s
      FROM unnest(%(ids)s::text[], %(states)s::text[], %(reasons)s::text[], %(recipients)s::text[],
                  %(reported)s::timestamptz[]) AS report
        ON CONFLICT (gateway, gateway_message_id, state) DO NOTHING
"""


def receive(*, gateway: str, reports: Sequence[Report], now: datetime) -> None:
    """Keep the reports and apply them. Repeated they have no effect; one that comes too early waits for its message.

    They are committed when this returns: then the gateway may be told so. A report that gives our own key back says
    that the message was taken, whether or not we heard that.
    """
    if not reports:
        return
    _keep(gateway=gateway, reports=reports, now=now)
    taken = {report.key: Accepted(report.key, report.message_id) for report in reports if report.key}
    results.record(gateway=gateway, results=list(taken.values()), now=now)
    match_receipts(message_ids=[report.message_id for report in reports], now=now)


@unit_of_work
def _keep(*, gateway: str, reports: Sequence[Report], now: datetime) -> None:
    # In the order of the key, so that two webhooks with the same receipts do not wait for each other.
    ordered = sorted(reports, key=lambda report: (report.message_id, report.state))
    columns: dict[str, list[Any]] = {
        "ids": [report.message_id for report in ordered],
        "states": [report.state.value for report in ordered],
        "reasons": [report.reason for report in ordered],
        "recipients": [report.recipient for report in ordered],
        "reported": [report.reported_at for report in ordered],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, {"gateway": gateway, "now": now, **columns})
