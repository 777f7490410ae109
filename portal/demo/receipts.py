"""The delivery receipts of the past: tens of thousands, so they are brought in together when the story has been told."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import F

from messaging.delivery import receipts
from messaging.delivery.codes import State
from messaging.delivery.models import Message
from portal.demo.past import Past

_COPY: Final = """
    COPY delivery_deliveryreceipt (gateway, gateway_message_id, recipient, state, error_code, reported_at, received_at)
    FROM STDIN
"""
_ON_THE_WAY: Final = timedelta(seconds=1)


def bring(past: Past, *, first: datetime) -> None:
    """Keep every receipt that has come since `first`, match them with their messages, and give up what is overdue."""
    now = past.timeline.end
    with connection.cursor() as cursor:
        with cursor.copy(_COPY) as copy:
            for report in past.network.reports(now - _ON_THE_WAY):
                what = (past.network.name, report.message_id, "", report.state.value, report.reason)
                copy.write_row((*what, report.reported_at, report.reported_at + _ON_THE_WAY))
        # Nobody else sees these rows before the commit, so PostgreSQL must be told to look at them.
        cursor.execute("ANALYZE delivery_message, delivery_deliveryreceipt")
    # Seen from the first day no receipt is too old to find its message.
    receipts.match_receipts(message_ids=None, now=first)
    # The rest was waited for until it was due, and no longer.
    silent = Message.objects.due(State.ACCEPTED, now)
    silent.update(state=State.UNCONFIRMED, final_at=F("due_at"), due_at=None)
