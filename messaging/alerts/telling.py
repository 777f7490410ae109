"""How alerts are claimed and their notices written: one statement for all of them, however many a sweep has found."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from messaging.alerts.codes import Fault, Kind, NoticeState
from messaging.alerts.models import BalanceAlert
from messaging.alerts.selectors import Crossing
from messaging.alerts.signals import notices_waiting
from portal.bells import ring

MAX_NOTICES_A_DAY: Final = 50
"""The notices an account may cause in 24 hours by each channel: the operator pays for them."""

# Locked in one order by everybody, so that two sweeps wait for each other instead of deadlocking. After waiting, the
# conditions on the alert's own row are looked at again.
CLAIMED: Final = """
    WITH seen AS (
        SELECT * FROM unnest(%(alerts)s::bigint[], %(balances)s::bigint[], %(days)s::int[], %(short)s::boolean[],
                             %(ends)s::timestamptz[])
               AS seen (alert_id, balance_units, days, is_short, ends_at)
    ), mine AS (
        SELECT alert.id, alert.armed, seen.balance_units, seen.ends_at
          FROM alerts_balancealert alert JOIN seen ON seen.alert_id = alert.id
         WHERE alert.removed_at IS NULL AND (alert.email_on OR alert.sms_on)
           AND alert.threshold_days IS NOT DISTINCT FROM seen.days
           AND alert.armed = coalesce(seen.is_short, alert.threshold_units >= seen.balance_units)
         ORDER BY alert.id FOR NO KEY UPDATE OF alert
    ), news AS (
        UPDATE alerts_balancealert alert
           SET armed = NOT mine.armed,
               fired_at = CASE WHEN mine.armed THEN %(now)s ELSE alert.fired_at END,
               cleared_at = CASE WHEN mine.armed THEN alert.cleared_at ELSE %(now)s END
          FROM mine
         WHERE alert.id = mine.id AND alert.armed = mine.armed
     RETURNING alert.id, alert.account_id, alert.threshold_units, alert.threshold_days, mine.balance_units, mine.ends_at,
               CASE WHEN mine.armed THEN %(fired)s ELSE %(cleared)s END AS kind,
               alert.email_on, alert.email, alert.sms_on, alert.number
    )
"""

ASKED: Final = """
    WITH news AS (
        SELECT id, account_id, threshold_units, threshold_days, %(balance)s::bigint AS balance_units,
               %(end)s::timestamptz AS ends_at, %(test)s AS kind, email_on, email, sms_on, number
          FROM alerts_balancealert WHERE id = %(alert)s
    )
"""

TELL: Final = """
    , today AS (
        SELECT alert.account_id, notice.channel, count(*) AS told
          FROM alerts_balancealert alert
          JOIN alerts_notice notice ON notice.alert_id = alert.id
         WHERE alert.account_id IN (SELECT account_id FROM news)
           AND notice.created_at > %(day_ago)s AND notice.fault <> %(too_many)s
         GROUP BY alert.account_id, notice.channel
    ), ways AS (
        SELECT news.*, way.channel, way.address,
               coalesce(today.told, 0) + row_number() OVER (PARTITION BY news.account_id, way.channel ORDER BY news.id)
                   > %(most)s AS is_too_many
          FROM news
         CROSS JOIN LATERAL (VALUES ('email', news.email, news.email_on), ('sms', news.number, news.sms_on))
               AS way (channel, address, is_on)
          LEFT JOIN today ON today.account_id = news.account_id AND today.channel = way.channel
         WHERE way.is_on
    )
    INSERT INTO alerts_notice (public_id, alert_id, kind, channel, address, threshold_units, threshold_days,
                               balance_units, ends_at, state, fault, attempt_count, next_attempt_at, created_at)
    SELECT gen_random_uuid(), id, kind, channel, address, threshold_units, threshold_days, balance_units, ends_at,
           CASE WHEN is_too_many THEN %(failed)s ELSE %(waiting)s END, CASE WHEN is_too_many THEN %(too_many)s ELSE '' END,
           0, %(now)s, %(now)s
      FROM ways ORDER BY id, channel
 RETURNING id, state
"""


def claim(crossings: Sequence[Crossing], now: datetime) -> list[int]:
    """Fire or clear each of the alerts that is still as it was found; return the primary keys of the notices written."""
    found: dict[str, Any] = {
        "alerts": [crossing.alert_id for crossing in crossings],
        "balances": [crossing.available_units for crossing in crossings],
        "days": _column(crossing.days for crossing in crossings),
        "short": _column(crossing.fires if crossing.days else None for crossing in crossings),
        "ends": _column(crossing.ends_at for crossing in crossings),
        "fired": Kind.FIRED.value,
        "cleared": Kind.CLEARED.value,
    }
    return _tell(CLAIMED, found, now)


def test(alert: BalanceAlert, balance_units: int, ends_at: datetime | None, now: datetime) -> list[int]:
    """Write the notices of a test; return their primary keys."""
    asked = {"alert": alert.pk, "balance": balance_units, "end": ends_at, "test": Kind.TEST.value}
    return _tell(ASKED, asked, now)


def _column(values: Iterable[object]) -> list[object] | None:
    """An array for `unnest`, which makes up for one that is missing: where nothing is known none is sent."""
    column = list(values)
    return None if column.count(None) == len(column) else column


def _tell(news: str, parameters: dict[str, Any], now: datetime) -> list[int]:
    common: dict[str, Any] = {
        "now": now,
        "day_ago": now - timedelta(days=1),
        "most": MAX_NOTICES_A_DAY,
        "too_many": Fault.TOO_MANY.value,
        "failed": NoticeState.FAILED.value,
        "waiting": NoticeState.WAITING.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(news + TELL, {**parameters, **common})
        written: list[tuple[int, str]] = cursor.fetchall()
    for notice_id, state in written:
        if state == NoticeState.WAITING:
            ring(notices_waiting, notice_id)
    return [notice_id for notice_id, _ in written]
