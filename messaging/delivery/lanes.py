"""Where messages wait: a lane for each account, campaign and country prefix, so that none stands behind another's."""

import random
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from django.db import connection
from django.db.models.functions import Coalesce

from messaging.delivery.models import Message, MessageQuerySet


@dataclass(frozen=True, slots=True)
class Lane:
    """Messages of an account's campaign (0: of none) to one country prefix; the oldest has been due since `since`."""

    account_id: int
    campaign_id: int
    prefix: str
    since: datetime


# From lane to lane by the index, so that a queue of a million costs no more than one of a few, and the million of a
# campaign that is paused nothing at all.
_LANES = """
    WITH RECURSIVE lane AS (
        (SELECT account_id, COALESCE(campaign_id, 0) AS campaign_id, country_prefix, due_at FROM delivery_message
          WHERE state = 'waiting' AND account_id >= %(first)s
          ORDER BY account_id, COALESCE(campaign_id, 0), country_prefix, due_at LIMIT 1)
        UNION ALL
        SELECT beyond.*
          FROM lane CROSS JOIN LATERAL (
               SELECT account_id, COALESCE(campaign_id, 0), country_prefix, due_at FROM delivery_message
                WHERE state = 'waiting'
                  AND (account_id, COALESCE(campaign_id, 0), country_prefix)
                    > (lane.account_id, lane.campaign_id, lane.country_prefix)
                ORDER BY account_id, COALESCE(campaign_id, 0), country_prefix, due_at LIMIT 1) beyond
         WHERE lane.account_id <= %(last)s
    )
    SELECT lane.account_id, lane.campaign_id, lane.country_prefix, lane.due_at
      FROM lane
      JOIN accounts_account account ON account.id = lane.account_id
      LEFT JOIN accounts_account parent ON parent.id = account.parent_id
      LEFT JOIN campaigns_campaign campaign ON campaign.id = lane.campaign_id
     WHERE lane.due_at <= %(now)s AND lane.account_id <= %(last)s AND campaign.is_open IS NOT FALSE
       AND account.deactivated_at IS NULL AND parent.deactivated_at IS NULL
     ORDER BY lane.due_at, lane.account_id, lane.campaign_id, lane.country_prefix
"""
_LAST_ID = 2**63 - 1


def lanes(now: datetime, *, account_id: int | None = None) -> list[Lane]:
    """The lanes with something to hand over, of every account in use or of one, the longest waiting first."""
    bounds = (0, _LAST_ID) if account_id is None else (account_id, account_id)
    with connection.cursor() as cursor:
        cursor.execute(_LANES, {"now": now, "first": bounds[0], "last": bounds[1]})
        return [Lane(*row) for row in cursor.fetchall()]


def messages_in(lane: Lane, now: datetime) -> MessageQuerySet:
    """What of a lane may be handed over, oldest first."""
    mine = Message.objects.alias(lane_campaign_id=Coalesce("campaign_id", 0))
    mine = mine.filter(account_id=lane.account_id, lane_campaign_id=lane.campaign_id, country_prefix=lane.prefix)
    return mine.claimable(now)


def in_turn(found: list[Lane], most: int) -> list[Lane]:
    """At most so many of the lanes, so that every account comes once before any comes again.

    Where there are more, chance decides which, so that none waits for ever behind others.
    """
    queues: dict[int, list[Lane]] = {}
    for lane in found:
        queues.setdefault(lane.account_id, []).append(lane)
    waiting = list(queues.values())
    if len(found) > most:
        random.shuffle(waiting)
        for queue in waiting:
            random.shuffle(queue)
    return [lane for turn in zip_longest(*waiting) for lane in turn if lane][:most]


def accounts_waiting(now: datetime) -> list[int]:
    """The primary keys of the accounts in use with something to hand over, the longest waiting first."""
    return list(dict.fromkeys(lane.account_id for lane in lanes(now)))
