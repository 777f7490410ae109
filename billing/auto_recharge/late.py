"""Money that was given up and turned up after all: nobody could keep it within the limits, so it is told."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.auto_recharge import decide, facts, selectors
from billing.auto_recharge.models import AutoRecharge, Evaluation
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.audit import services as audit
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work


def unseen() -> QuerySet[Evaluation]:
    """The purchases that were given up, turned out paid, and that nobody has held against the limits yet."""
    late = Evaluation.objects.filter(recharge__given_up_at__isnull=False, recharge__state=Recharge.State.PAID)
    return late.filter(over_day_cents=None).select_related("auto_recharge__account", "recharge").order_by("pk")


@unit_of_work
def see(*, evaluation: Evaluation, now: datetime) -> None:
    """Write down by how much the money of the day and of the month of the charge passed the limits; tell it, once.

    The account's limits are those of now, the policy's those of the charge.
    """
    recharge, auto = evaluation.recharge, evaluation.auto_recharge
    charged_at = facts.paid_at(recharge) if recharge else None
    if recharge is None or charged_at is None:
        return
    recharges.queue(auto.account)
    day, month, day_over, month_over = _passed(auto, charged_at)
    seen = Evaluation.objects.filter(pk=evaluation.pk, over_day_cents=None)
    if not seen.update(over_day_cents=day_over, over_month_cents=month_over) or not (day_over or month_over):
        return
    sums = {"day_cents": day, "day_over_cents": day_over, "month_cents": month, "month_over_cents": month_over}
    _tell(auto, recharge, {"charged_at": charged_at.isoformat(), **sums}, now)


def _tell(auto: AutoRecharge, recharge: Recharge, figures: dict[str, str | int], now: datetime) -> None:
    """Tell those who pay, and write it down for staff."""
    figures |= {"credits_units": recharge.credits_units, "gross_cents": recharge.gross_cents}
    figures |= {"currency": recharge.currency}
    subject = f"recharge:{recharge.public_id}"
    notices.announce(
        account=auto.account,
        kind=Kind.RECHARGE_OVER_LIMIT,
        subject=subject,
        context=figures,
        reference=subject,
        now=now,
    )
    audit.record(
        action="auto_recharge.passed_limit",
        actor_id=None,
        account_id=auto.account_id,
        subject=subject,
        after=figures,
        now=now,
    )


def _passed(auto: AutoRecharge, at: datetime) -> tuple[int, int, int, int]:
    """The cents that were charged on the day and in the month of a moment, and how many of each are above the limit."""
    zone = ZoneInfo(auto.account.time_zone)
    day_cap, month_cap = facts.caps(auto, selectors.policy(at))
    day = facts.charged_between(auto.account, *decide.day_around(at, zone))
    month = facts.charged_between(auto.account, *decide.month_around(at, zone))
    return day, month, max(day - day_cap, 0), max(month - month_cap, 0)
