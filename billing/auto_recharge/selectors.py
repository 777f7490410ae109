"""Questions about automatic recharges; the account comes first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billing.auto_recharge import decide
from billing.auto_recharge.decide import Answer
from billing.auto_recharge.models import AutoRecharge, Evaluation, Policy, Question
from billing.credits import selectors as credits_selectors
from billing.credits.models import Watch
from billing.payments import selectors as payments_selectors
from billing.payments.models import PaymentMethod
from billing.pricing import selectors as pricing_selectors
from billing.pricing.models import CreditPack
from billing.recharge import selectors as recharges_selectors
from portal.accounts import selectors as accounts_selectors
from portal.accounts.models import Account
from portal.periods import valid_at

WATCHER: Final = "auto_recharge"
"""Under which name the wallets' levels are kept."""

Kind = PaymentMethod.Kind


def policy(at: datetime) -> Policy:
    """The policy that holds at this moment; where none was set, one with the defaults."""
    return Policy.objects.filter(valid_at(at)).first() or Policy(valid_from=at)


def of(account: Account) -> AutoRecharge | None:
    """What the account set up, on or off; None when it never did."""
    return AutoRecharge.objects.filter(account=account).select_related("method", "account").first()


def due(now: datetime) -> list[int]:
    """The primary keys of the automatic recharges whose turn it is, in two looks at partial indexes.

    Whatever is to be bought is found among the wallets that are low. The others have nothing to buy, but are not known
    to have enough again: a question lapses, and the page says so.
    """
    found: set[int] = set()
    for those in (AutoRecharge.objects.low(), AutoRecharge.objects.unsettled()):
        found.update(those.on_turn(now).values_list("pk", flat=True))
    return sorted(found)


def of_wallet(wallet_id: int) -> int | None:
    """The primary key of the automatic recharge of a wallet, if there is something to find out about it."""
    of_it = Q(account__wallet=wallet_id)
    for those in (AutoRecharge.objects.low(), AutoRecharge.objects.unsettled()):
        if pk := those.filter(of_it).values_list("pk", flat=True).first():
            return pk
    return None


def of_account(account_id: int) -> list[int]:
    """The primary keys of the automatic recharges of an account and of its sub-accounts, which may be invoiced to it,
    if there is something to find out about them."""
    of_them = Q(account=account_id) | Q(account__parent=account_id)
    found: set[int] = set()
    for those in (AutoRecharge.objects.low(), AutoRecharge.objects.unsettled()):
        found.update(those.filter(of_them).values_list("pk", flat=True))
    return sorted(found)


def unmarked() -> list[int]:
    """The primary keys of those that are on and whose wallet would not be found when it is low: of all, so it is slow."""
    pot = "account__wallet__ledger_account__"
    is_watched = Watch.objects.filter(
        wallet__account=OuterRef("account"), watcher=WATCHER, level_units=OuterRef("threshold_units")
    )
    is_marked = Q(account__wallet__draws_on__isnull=False) | Q(**{f"{pot}low_mark__gte": F("threshold_units")})
    on = AutoRecharge.objects.filter(is_on=True)
    return list(on.exclude(is_marked & Exists(is_watched)).order_by("pk").values_list("pk", flat=True))


def evaluations(account: Account) -> QuerySet[Evaluation]:
    """Every answer the account's automatic recharge came to, newest first."""
    found = Evaluation.objects.filter(auto_recharge__account=account)
    return found.select_related("recharge__payment__method").order_by("-pk")


def questions(account: Account) -> QuerySet[Question]:
    """What the account's owner was asked, newest first."""
    asked = Question.objects.filter(auto_recharge__account=account)
    return asked.select_related("auto_recharge__method", "answered_by").order_by("-pk")


def waiting_questions() -> QuerySet[Question]:
    """All questions that nobody has answered, the oldest first: the operator's list."""
    waiting = Question.objects.filter(state=Question.State.WAITING)
    return waiting.select_related("auto_recharge__account__parent").order_by("pk")


def last_answers(auto_ids: Iterable[int]) -> dict[int, Evaluation]:
    """The last answer that each of these automatic recharges came to, by its primary key."""
    found = Evaluation.objects.filter(auto_recharge__in=list(auto_ids)).order_by("auto_recharge", "-pk")
    return {row.auto_recharge_id: row for row in found.distinct("auto_recharge")}


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
        Answer.CLOSED: not accounts_selectors.is_closed(account),
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
