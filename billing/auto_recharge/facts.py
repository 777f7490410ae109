"""Everything that decides whether credits are bought now, read at one moment; under the account's lock it stays true."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Case, Max, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from billing.auto_recharge import decide, selectors
from billing.auto_recharge.decide import Facts, Refusal
from billing.auto_recharge.models import AutoRecharge, Policy, Question
from billing.credits import selectors as credits_selectors
from billing.invoices import vat
from billing.ledger.entries import Period
from billing.payments.models import Attempt, PaymentMethod, Reversal
from billing.payments.reasons import Reason
from billing.pricing import selectors as pricing_selectors
from billing.pricing.models import CreditPack
from billing.recharge import provisional
from billing.recharge import selectors as recharges_selectors
from billing.recharge.models import Recharge
from portal.accounts import selectors as accounts_selectors
from portal.accounts.models import Account

USUAL_DAYS: Final = 28
"""How many days before the last one say what is used on a day as a rule."""

Kind, State = PaymentMethod.Kind, Recharge.State


@dataclass(frozen=True, slots=True)
class Offer:
    """What was looked at: the facts, and the pack that would be bought (None where it is not for sale)."""

    facts: Facts
    pack: CreditPack | None


def offer(auto: AutoRecharge, at: datetime) -> Offer:
    """Read the facts about `auto` at this moment."""
    account, rules = auto.account, selectors.policy(at)
    balance, coming = credits_selectors.balance(account).available, recharges_selectors.on_their_way(account)
    pack = _pack(auto, balance, coming, at)
    methods = selectors.chargeable(account, rules, at)
    zone = ZoneInfo(account.time_zone)
    last_day, usually = _pace(account, at)
    question, assessment = _open_question(auto), recharges_selectors.vat_assessment(account)
    facts = Facts(
        now=at,
        is_on=auto.is_on,
        is_closed=accounts_selectors.is_closed(account),
        draws_on_another=credits_selectors.draws_on(account) is not None,
        available=balance,
        on_their_way=coming,
        has_open=Recharge.objects.waiting().filter(account=account).exists(),
        threshold=auto.threshold_units,
        quantity=auto.quantity_units,
        today=at.astimezone(zone).date(),
        day_ends_at=decide.day_around(at, zone)[1],
        old_enough_on=decide.old_enough_on(account.created_at, rules.months_old, zone),
        methods=_in_turn(auto, methods),
        debits=frozenset(method.pk for method in methods if method.kind == Kind.SEPA),
        provisional_left=provisional.limit_cents(at) - provisional.open_cents(account, at),
        was_returned=_returned(auto).exists(),
        has_details=assessment is not None,
        gross_cents=cost_cents(pack, assessment),
        **_money(auto, rules, at, zone),
        refusals=_refusals(auto),
        last_bought_at=_last_bought_at(account),
        apart=timedelta(hours=rules.hours_apart),
        used_last_day=last_day,
        used_usually=usually,
        pace_factor=rules.pace_factor,
        is_asked=question is not None and question.state == Question.State.WAITING,
        approved_cents=question.gross_cents if question and question.state == Question.State.APPROVED else None,
    )
    return Offer(facts, pack)


def cost_cents(pack: CreditPack | None, assessment: vat.Assessment | None) -> int | None:
    """What the pack costs with this VAT; None where there is none.

    Nothing is bought while billing details are missing: then it is what it would cost before VAT is known.
    """
    if pack is None:
        return None
    return pack.price_cents + (vat.vat_cents(pack.price_cents, assessment.rate) if assessment else 0)


def answered(auto: AutoRecharge) -> tuple[int | None, list[int]]:
    """What an answer of today answers for: the last declined recharge, and all money that was taken back."""
    failed = _automatic(auto.account).filter(state=State.FAILED).aggregate(last=Max("pk"))["last"]
    return failed, sorted({*auto.settled_reversals, *_returned(auto).values_list("pk", flat=True)})


def caps(auto: AutoRecharge, rules: Policy) -> tuple[int, int]:
    """The limits of a day and of a month: the account's own where it has any, and never more than the policy's."""
    day, month = rules.day_cap_cents, rules.month_cap_cents
    return min(auto.day_cap_cents or day, day), min(auto.month_cap_cents or month, month)


def _money(auto: AutoRecharge, rules: Policy, at: datetime, zone: ZoneInfo) -> dict[str, int]:
    """What was spent, and the limits."""
    (day, month), (day_cap, month_cap) = _spent(auto.account, at, zone), caps(auto, rules)
    return {"spent_today": day, "spent_this_month": month, "day_cap": day_cap, "month_cap": month_cap}


def _automatic(account: Account) -> QuerySet[Recharge]:
    return Recharge.objects.filter(account=account, origin=Recharge.Origin.AUTOMATIC)


def _possible(account: Account) -> QuerySet[Recharge]:
    """The automatic recharges that were charged or may still turn out charged: one that was given up may."""
    lost = Attempt.objects.filter(payment__account=account, reason=Reason.UNRESOLVED).values("payment")
    return _automatic(account).filter(~Q(state=State.FAILED) | Q(payment__in=lost))


def _returned(auto: AutoRecharge) -> QuerySet[Reversal]:
    """What the bank took back of the account's money, or the payer claimed back, and nobody has answered for."""
    kinds, gone = [Reversal.Kind.RETURN, Reversal.Kind.DISPUTE], [Reversal.State.CONTESTED, Reversal.State.DONE]
    taken_back = Reversal.objects.filter(payment__account=auto.account_id, kind__in=kinds, state__in=gone)
    return taken_back.exclude(pk__in=auto.settled_reversals)


def _open_question(auto: AutoRecharge) -> Question | None:
    """The question that waits for its answer, or the approval that waits for its purchase."""
    states = [Question.State.WAITING, Question.State.APPROVED]
    return Question.objects.filter(auto_recharge=auto, state__in=states).first()


def _pack(auto: AutoRecharge, balance: int, coming: int, at: datetime) -> CreditPack | None:
    """What would be bought with so much available and so much on its way; None where nothing is for sale."""
    units = decide.size(
        available=balance, on_their_way=coming, threshold=auto.threshold_units, quantity=auto.quantity_units
    )
    return pricing_selectors.priced(auto.account, units, at)


def _last_bought_at(account: Account) -> datetime | None:
    return _possible(account).order_by("-pk").values_list("created_at", flat=True).first()


def _in_turn(auto: AutoRecharge, methods: list[PaymentMethod]) -> list[int]:
    """The method that was chosen first, the others behind it as backups in their order."""
    return sorted((method.pk for method in methods), key=lambda key: key != auto.method_id)


def _spent(account: Account, at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The cents of automatic recharges of this day and of this month in the account's zone.

    One counts on the day on which it was asked for, on the day on which it was paid, on all days on which it is open,
    because its money may come at any moment, and on the day on which it was given up. So neither what is asked for on
    a day nor what is paid passes a cap. Money that turns up after that counts on the day of its charge, not on the one
    on which it is heard of.
    """

    def since(moment: datetime) -> Q:
        is_open, is_new = Q(state=State.WAITING), Q(created_at__gte=moment)
        return is_open | is_new | Q(given_up_at__gte=moment) | Q(paid_at__gte=moment)

    (day, _), (month, _) = decide.day_around(at, zone), decide.month_around(at, zone)
    sums = _with_day_of_payment(_possible(account)).filter(since(month))
    found = sums.aggregate(day=Sum("gross_cents", filter=since(day)), month=Sum("gross_cents"))
    return found["day"] or 0, found["month"] or 0


def charged_between(account: Account, begin: datetime, end: datetime) -> int:
    """The cents that automatic recharges took in a period: what was paid, and no more what might have been."""
    paid = _with_day_of_payment(_automatic(account).filter(state=State.PAID))
    sums = paid.filter(paid_at__gte=begin, paid_at__lt=end).aggregate(sum=Sum("gross_cents"))
    return int(sums["sum"] or 0)


def paid_at(recharge: Recharge) -> datetime | None:
    """When its money moved, as far as anybody says so; None while it has not."""
    found = _with_day_of_payment(Recharge.objects.filter(pk=recharge.pk, state=State.PAID))
    at: datetime | None = found.values_list("paid_at", flat=True).first()
    return at


def _with_day_of_payment(recharges: QuerySet[Recharge]) -> QuerySet[Any]:
    """With `paid_at`: when it was closed; where it was given up before, when the provider says that it was charged."""
    charged = Attempt.objects.filter(payment=OuterRef("payment"), state=Attempt.State.SUCCEEDED).values("charged_at")
    late = When(given_up_at__isnull=False, state=State.PAID, then=Coalesce(Subquery(charged[:1]), "closed_at"))
    return recharges.annotate(paid_at=Case(late, default="closed_at"))


def _refusals(auto: AutoRecharge) -> list[Refusal]:
    """The charges that were declined since one of a card or a debit succeeded, or since somebody said to try again.

    Purchases wait for each other at the account's row, so their keys are in the order in which they were made,
    whatever the clock said.
    """
    paid = Recharge.objects.filter(
        account=auto.account, state=State.PAID, payment__method__kind__in=[Kind.CARD, Kind.SEPA]
    )
    ended = max(paid.aggregate(last=Max("pk"))["last"] or 0, auto.answered_recharge_id or 0)
    failed = _automatic(auto.account).filter(state=State.FAILED, pk__gt=ended)
    declined = failed.values_list("payment__method_id", "closed_at")
    return [Refusal(method, closed_at) for method, closed_at in declined if closed_at is not None]


def _pace(account: Account, at: datetime) -> tuple[int, int]:
    """The units of the wallet that were used in the last 24 hours, and on a day of the four weeks before as a rule.

    What was moved to another wallet, lent, expired or taken back was not used.
    """
    pot = credits_selectors.pot(account)
    if pot is None:
        return 0, 0
    yesterday = at - timedelta(days=1)
    begun = max(yesterday - timedelta(days=USUAL_DAYS), min(account.created_at, yesterday))
    last = credits_selectors.used_in(pot, Period(yesterday, None))
    before = credits_selectors.used_in(pot, Period(begun, yesterday))
    return last, decide.usual_a_day(before, (yesterday - begun).days)
