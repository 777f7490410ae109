"""Questions about automatic recharges; the account comes first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from billing.auto_recharge import decide
from billing.auto_recharge.decide import Answer, Facts, Refusal
from billing.auto_recharge.models import AutoRecharge, Evaluation, Policy, Question
from billing.credits import selectors as credits_selectors
from billing.credits.models import Wallet
from billing.invoices.selectors import BillingDetailsMissing
from billing.ledger import entries
from billing.ledger.entries import Period
from billing.payments import selectors as payments_selectors
from billing.payments.models import PaymentMethod, Reversal
from billing.pricing import selectors as pricing_selectors
from billing.pricing.models import CreditPack
from billing.recharge import selectors as recharges_selectors
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.accounts.models import Account
from portal.periods import valid_at

USUAL_DAYS: Final = 28
"""How many days before the last one say what is used on a day as a rule."""

Kind = PaymentMethod.Kind


@dataclass(frozen=True, slots=True)
class Offer:
    """What was looked at: the facts, and the pack that would be bought (None where it is not for sale)."""

    facts: Facts
    pack: CreditPack | None


def policy(at: datetime) -> Policy:
    """The policy that holds at this moment; where none was set, one with the defaults."""
    return Policy.objects.filter(valid_at(at)).first() or Policy(valid_from=at)


def of(account: Account) -> AutoRecharge | None:
    """What the account set up, on or off; None when it never did."""
    return AutoRecharge.objects.filter(account=account).select_related("method", "account").first()


def due(wallet_id: int | None = None) -> list[int]:
    """The primary keys of the automatic recharges to look at: of one wallet, or of all."""
    found = AutoRecharge.objects.due()
    if wallet_id is not None:
        found = found.filter(account__wallet=wallet_id)
    return list(found.order_by("pk").values_list("pk", flat=True))


def evaluations(account: Account) -> QuerySet[Evaluation]:
    """Every answer the account's automatic recharge came to, newest first."""
    found = Evaluation.objects.filter(auto_recharge__account=account)
    return found.select_related("recharge__payment__method").order_by("-pk")


def questions(account: Account) -> QuerySet[Question]:
    """What the account's owner was asked, newest first."""
    return Question.objects.filter(auto_recharge__account=account).order_by("-pk")


def waiting_questions() -> QuerySet[Question]:
    """All questions that nobody has answered, the oldest first: the operator's list."""
    waiting = Question.objects.filter(state=Question.State.WAITING)
    return waiting.select_related("auto_recharge__account__parent").order_by("pk")


def allowed_kinds(rules: Policy) -> list[str]:
    """The kinds of methods that may be charged without anybody before the screen."""
    return [Kind.SEPA, Kind.CARD] if rules.allows_cards else [Kind.SEPA]


def chargeable(account: Account, rules: Policy, at: datetime) -> list[PaymentMethod]:
    """The account's methods that may be charged now: usable, and of a kind that the policy allows; in their order."""
    kinds = allowed_kinds(rules)
    return [method for method in payments_selectors.usable_methods(account, at.date()) if method.kind in kinds]


def can_be_invoiced(account: Account) -> bool:
    """Whether the account's billing details are complete enough for an invoice."""
    return recharges_selectors.vat_assessment(account) is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands with automatic recharge: the policy, what it set up, the methods that may be charged, the
    day from which on it is old enough, and each condition for switching on with whether it is met (product 4.2)."""

    rules: Policy
    auto: AutoRecharge | None
    methods: list[PaymentMethod]
    old_enough_on: date
    conditions: dict[Answer, bool]

    @property
    def missing(self) -> Answer | None:
        """The first condition that is not met, or None."""
        return next((answer for answer, is_met in self.conditions.items() if not is_met), None)


def standing(account: Account, at: datetime) -> Standing:
    """What has to be so before automatic recharge is switched on, and whether it is: an account in use that spends its
    own credits, old enough, with a validated mandate or a card that the policy allows, and billing details."""
    rules, zone = policy(at), ZoneInfo(account.time_zone)
    old = decide.old_enough_on(account.created_at, rules.months_old, zone)
    methods = chargeable(account, rules, at)
    conditions = {
        Answer.CLOSED: account.deactivated_at is None,
        Answer.DRAWS_ON_ANOTHER: credits_selectors.draws_on(account) is None,
        Answer.TOO_YOUNG: at.astimezone(zone).date() >= old,
        Answer.NO_METHOD: bool(methods),
        Answer.NO_DETAILS: can_be_invoiced(account),
    }
    return Standing(rules, of(account), methods, old, conditions)


def prices(account: Account, quantities: Iterable[int], at: datetime) -> dict[int, CreditPack]:
    """What each of these numbers of units would cost the account, without VAT."""
    packs = pricing_selectors.packs(account, at)
    return {units: pack for units in quantities if (pack := pricing_selectors.price_in(packs, units))}


def offer(auto: AutoRecharge, at: datetime) -> Offer:
    """Everything that decides whether `auto` buys at this moment. Under the account's lock it stays true."""
    account, rules = auto.account, policy(at)
    balance = credits_selectors.balance(account).available
    coming = recharges_selectors.on_their_way(account)
    pack = _pack(auto, balance, coming, at)
    zone = ZoneInfo(account.time_zone)
    day, month = _spent(account, at, zone)
    last_day, usually = _pace(account, at)
    asked = _asked(auto)
    facts = Facts(
        now=at,
        is_on=auto.is_on,
        is_closed=account.deactivated_at is not None,
        draws_on_another=credits_selectors.draws_on(account) is not None,
        available=balance,
        on_their_way=coming,
        has_open=Recharge.objects.waiting().filter(account=account).exists(),
        threshold=auto.threshold_units,
        quantity=auto.quantity_units,
        today=at.astimezone(zone).date(),
        old_enough_on=decide.old_enough_on(account.created_at, rules.months_old, zone),
        methods=_in_turn(auto, chargeable(account, rules, at)),
        was_returned=_was_returned(auto),
        has_details=can_be_invoiced(account),
        gross_cents=_cost(account, pack),
        spent_today=day,
        spent_this_month=month,
        day_cap=min(auto.day_cap_cents or rules.day_cap_cents, rules.day_cap_cents),
        month_cap=min(auto.month_cap_cents or rules.month_cap_cents, rules.month_cap_cents),
        refusals=_refusals(auto),
        last_bought_at=_last_bought_at(account),
        apart=timedelta(hours=rules.hours_apart),
        used_last_day=last_day,
        used_usually=usually,
        pace_factor=rules.pace_factor,
        is_asked=Question.State.WAITING in asked,
        is_approved=Question.State.APPROVED in asked,
    )
    return Offer(facts, pack)


def _automatic(account: Account) -> QuerySet[Recharge]:
    return Recharge.objects.filter(account=account, origin=Recharge.Origin.AUTOMATIC)


def _was_returned(auto: AutoRecharge) -> bool:
    """Whether the bank took money of the account back, or the payer claimed it back, since it was set up as it is."""
    kinds = [Reversal.Kind.RETURN, Reversal.Kind.DISPUTE]
    taken_back = Reversal.objects.filter(payment__account=auto.account_id, kind__in=kinds, state=Reversal.State.DONE)
    return taken_back.filter(created_at__gte=auto.changed_at).exists()


def _asked(auto: AutoRecharge) -> list[str]:
    """Whether a question waits for its answer, or an approval for its purchase."""
    states = [Question.State.WAITING, Question.State.APPROVED]
    return list(Question.objects.filter(auto_recharge=auto, state__in=states).values_list("state", flat=True))


def _pack(auto: AutoRecharge, balance: int, coming: int, at: datetime) -> CreditPack | None:
    """What would be bought with so much available and so much on its way; None where nothing is for sale."""
    units = decide.size(
        available=balance, on_their_way=coming, threshold=auto.threshold_units, quantity=auto.quantity_units
    )
    return pricing_selectors.priced(auto.account, units, at)


def _last_bought_at(account: Account) -> datetime | None:
    kept = _automatic(account).exclude(state=Recharge.State.FAILED)
    return kept.order_by("-pk").values_list("created_at", flat=True).first()


def _in_turn(auto: AutoRecharge, methods: list[PaymentMethod]) -> list[int]:
    """The method that was chosen first, the others behind it as backups in their order."""
    return sorted((method.pk for method in methods), key=lambda key: key != auto.method_id)


def _cost(account: Account, pack: CreditPack | None) -> int | None:
    """What the pack costs with VAT; None where there is none."""
    if pack is None:
        return None
    try:
        return recharges.cost(account=account, pack=pack).gross_cents
    except BillingDetailsMissing:
        return pack.price_cents  # nothing is bought without them: only what it would cost before VAT is known


def _spent(account: Account, at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The cents of automatic recharges that were not refused: of this day and of this month in the account's zone."""
    day = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    sums = _automatic(account).exclude(state=Recharge.State.FAILED).filter(created_at__gte=month)
    found = sums.aggregate(day=Sum("gross_cents", filter=Q(created_at__gte=day)), month=Sum("gross_cents"))
    return found["day"] or 0, found["month"] or 0


def _refusals(auto: AutoRecharge) -> list[Refusal]:
    """The charges that were declined since one succeeded, or since it was set up as it is."""
    tried = _automatic(auto.account).filter(created_at__gte=auto.changed_at)
    paid = tried.exclude(state=Recharge.State.FAILED).order_by("-pk").values_list("pk", flat=True).first() or 0
    failed = tried.filter(state=Recharge.State.FAILED, pk__gt=paid).values_list("payment__method_id", "closed_at")
    return [Refusal(method, closed_at) for method, closed_at in failed if closed_at is not None]


def _pace(account: Account, at: datetime) -> tuple[int, int]:
    """The units that left the wallet in the last 24 hours, and on a day of the four weeks before as a rule."""
    wallet = Wallet.objects.filter(account=account).select_related("ledger_account").first()
    if wallet is None:
        return 0, 0
    yesterday = at - timedelta(days=1)
    begun = max(yesterday - timedelta(days=USUAL_DAYS), min(account.created_at, yesterday))
    last = -entries.sums(wallet.ledger_account, Period(yesterday, None)).taken
    before = -entries.sums(wallet.ledger_account, Period(begun, yesterday)).taken
    return last, decide.usual_a_day(before, (yesterday - begun).days)
